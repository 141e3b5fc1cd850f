// completion, man: what a shell and man(1) are given.
#include <cstdio>
#include <memory>

#include "client/cli/completion.h"
#include "client/cli/manual.h"
#include "client/cli/tools.h"

namespace recourse::cli {

void AddShellVerbs(CLI::App& app, const std::string& version, const AddVerb& add) {
  const auto name = std::make_shared<std::string>();
  add(app, "completion",
      "a script with which a shell completes this command; names come from the server",
      [name] {
        std::printf("%s", CompletionScript(*name).c_str());
        return int{kOk};
      })
      ->add_option("shell", *name, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  add(app, "man", "the manual, for man -l -; of one verb or of all", [name, &app, version] {
    auto page = ManualPage(app, *name, version);
    if (!page) return Tell(page.error(), kUsage);
    std::printf("%s", page->c_str());
    return int{kOk};
  })->add_option("verb", *name, "start, workflows, ...");
}

}  // namespace recourse::cli

#include "client/cli/complaint.h"

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "client/report/clean.h"
#include "engine/base/flag_meant.h"
#include "engine/base/text.h"

namespace recourse::cli {
namespace {

void AddFlags(const CLI::App& app, std::vector<std::string>& flags) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
}

}  // namespace

Result<void> CheckText(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    if (IsUtf8(argv[i])) continue;
    return InvalidArgument(
        "argument " + std::to_string(i) + ", \"" + Clean(argv[i]) +
        "\", is not UTF-8; nothing was done. Does the terminal send another encoding?");
  }
  return {};
}

std::string Complaint(const CLI::App* app, const CLI::Error& error) {
  std::string path = "recourse";
  std::vector<std::string> flags;
  AddFlags(*app, flags);
  while (!app->get_subcommands().empty()) {
    app = app->get_subcommands().front();
    path += " " + app->get_name();
    AddFlags(*app, flags);
  }
  std::string choices;
  for (const CLI::App* sub : app->get_subcommands([](const CLI::App*) { return true; })) {
    choices += (choices.empty() ? "" : ", ") + sub->get_name();
  }
  const std::string what = choices.empty() ? error.what() + FlagMeant(error.what(), flags)
                                           : "say what to do: " + choices;
  return "recourse: " + what + "; see: " + path + " --help\n";
}

}  // namespace recourse::cli

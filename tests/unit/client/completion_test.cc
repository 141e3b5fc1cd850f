#include "client/cli/completion.h"

#include <catch2/catch.hpp>

namespace recourse::cli {
namespace {

// A command line in small: one verb, one group, an option with choices.
class App {
 public:
  App() : app_("", "recourse") {
    app_.fallthrough();
    app_.add_option("--output", text_, "how")->check(CLI::IsMember({"table", "json"}));
    app_.add_option("--context", text_, "which");
    CLI::App* show = app_.add_subcommand("show", "a run");
    show->add_option("run", text_, "its id");
    show->add_flag("--wait", wait_, "follow it");
    CLI::App* group = app_.add_subcommand("workflows", "what can be run");
    group->add_subcommand("show", "one")->add_option("name", text_, "its name");
    group->add_subcommand("check", "files")->add_option("path", texts_, "files");
  }

  std::vector<std::string> operator()(const std::vector<std::string>& words) const {
    const Candidates found = Complete(app_, words, [](const std::string& kind) {
      if (kind == "context") return std::vector<Candidate>{{"prod", ""}};
      if (kind == "run")
        return std::vector<Candidate>{{"R-1", "a"}, {"R-12", ""}, {"$(reboot)", ""}};
      if (kind == "workflow") return std::vector<Candidate>{{"recovery", ""}};
      return std::vector<Candidate>();
    });
    std::vector<std::string> texts;
    for (const Candidate& candidate : found.all) texts.push_back(candidate.text);
    if (found.files) texts.push_back(":files");
    return texts;
  }

 private:
  CLI::App app_;
  std::string text_;
  std::vector<std::string> texts_;
  bool wait_ = false;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("verbs, options, choices and names are offered where they can stand", "[client]") {
  const App complete;
  CHECK(complete({""}) == Texts{"show", "workflows"});
  CHECK(complete({"sh"}) == Texts{"show"});
  CHECK(complete({"workflows", ""}) == Texts{"show", "check"});
  CHECK(complete({"show", "R-1"}) == Texts{"R-1", "R-12"});
  CHECK(complete({"workflows", "show", ""}) == Texts{"recovery"});
  CHECK(complete({"show", "--w"}) == Texts{"--wait"});
  CHECK(complete({"show", "--o"}) == Texts{"--output"});
  CHECK(complete({"show", "--output", ""}) == Texts{"table", "json"});
  CHECK(complete({"--context", "prod", "show", "--wait", "R-12"}) == Texts{"R-12"});
  CHECK(complete({"show", "--output=j"}) == Texts{"--output=json"});
  CHECK(complete({"workflows", "check", "a.yaml", ""}) == Texts{":files"});
}

TEST_CASE("bash splits at the equals sign", "[client]") {
  const App complete;
  CHECK(complete({"show", "--output", "=", "j"}) == Texts{"json"});
  CHECK(complete({"show", "--output", "="}) == Texts{"table", "json"});
  CHECK(complete({"--context", "=", "prod", "sho"}) == Texts{"show"});
}

TEST_CASE("what nothing is known of gets no candidates", "[client]") {
  const App complete;
  CHECK(complete({"nonsense", ""}) == Texts{"show", "workflows"});
  CHECK(complete({"show", "R-1", ""}).empty());
  CHECK(complete({"--nonsense", "x"}).empty());
  CHECK(complete({}) == Texts{"show", "workflows"});
}

}  // namespace recourse::cli

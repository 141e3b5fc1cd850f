// Completion in real shells, and the manual as man(1) reads it.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <regex>
#include <sstream>

#include "tests/integration/scene.h"
#include "tests/integration/terminal.h"

namespace recourse::integration {
namespace {

using Catch::Contains;
using Catch::Equals;

// What a script says with the command in the PATH and on the scene's server, or on none.
class Shell {
 public:
  explicit Shell(const Scene& scene) : scene_(scene) {}

  Finished operator()(const std::vector<std::string>& shell, const std::string& script) const {
    const std::string command = RECOURSE;
    std::vector<std::string> arguments = shell;
    arguments.push_back(script);
    return Run(arguments, scene_.folder / "shell",
               {{"PATH", command.substr(0, command.rfind('/')) + ":/usr/bin:/bin"},
                {"HOME", scene_.folder / "home"},
                {"XDG_CONFIG_HOME", scene_.folder / "config"},
                {"RECOURSE_DATA", scene_.data}});
  }

 private:
  const Scene& scene_;
};

// What bash would offer behind these words, the last of which is being typed.
std::string InBash(const Shell& shell, const std::vector<std::string>& words) {
  std::string line = "COMP_WORDS=(recourse";
  for (const std::string& word : words) line += " '" + word + "'";
  // bash itself calls the function so; compopt works only there.
  const Finished finished =
      shell({"/bin/bash", "--norc", "-c"},
            "compopt() { echo \"compopt $*\"; }\nsource <(recourse completion bash)\n" + line +
                ")\nCOMP_CWORD=" + std::to_string(words.size()) +
                "\n_recourse recourse \"\" \"\"\necho \"${COMPREPLY[*]}\"\ncomplete -p recourse "
                ">/dev/null");
  CHECK(finished.code == 0);
  CHECK(finished.err.empty());
  return finished.out;
}

TEST_CASE("bash completes verbs, options, choices, and names that the server knows",
          "[integration]") {
  const Scene scene;
  const Shell shell(scene);
  scene.Recourse({"start", "ask", "--wait"});
  scene.Recourse({"start", "echo", "--wait"});
  CHECK_THAT(InBash(shell, {"wat"}), Equals("watch\n"));
  CHECK_THAT(InBash(shell, {"journal", ""}), Contains("verify backup"));
  CHECK_THAT(InBash(shell, {"runs", "--st"}), Equals("--status\n"));
  CHECK_THAT(InBash(shell, {"runs", "--status", "NEEDS"}), Equals("NEEDS_ATTENTION\n"));
  CHECK_THAT(InBash(shell, {"runs", "--output", ""}), Equals("table json yaml\n"));
  CHECK_THAT(InBash(shell, {"show", ""}), Equals("R-2 R-1\n"));
  CHECK_THAT(InBash(shell, {"approve", ""}), Equals("A-1\n"));
  CHECK_THAT(InBash(shell, {"start", "e"}), Equals("echo escape\n"));
  CHECK_THAT(InBash(shell, {"workflows", "show", "gat"}), Equals("gate\n"));
  CHECK_THAT(InBash(shell, {"workflows", "validate", ""}), Equals("compopt -o default\n\n"));
}

TEST_CASE("in bash at a terminal the tabulator does it", "[integration]") {
  const Scene scene;
  scene.Recourse({"start", "ask", "--wait"});
  const std::string command = RECOURSE;
  const std::string file = scene.folder.Write("definitions.yaml", "");
  Terminal bash({"/bin/bash", "--norc", "-i"},
                {{"PATH", command.substr(0, command.rfind('/')) + ":/usr/bin:/bin"},
                 {"HOME", scene.folder / "home"},
                 {"RECOURSE_DATA", scene.data},
                 {"PS1", "ready> "}},
                200, 24);
  bash.WaitFor("ready> ");
  bash.Type("source <(recourse completion bash)\n");
  // What was typed is told instead of done.
  bash.Type(
      "recourse() { [ \"$1\" = complete ] && command recourse \"$@\" || printf 'typed %s|' \"$@\"; "
      "}\n");
  bash.Type("recourse approve A\t--yes --rea\tx --output=j\t\n");
  bash.WaitFor("typed approve|typed A-1|typed --yes|typed --reason|typed x|typed --output=json|");
  bash.Type("recourse workflows val\t" + file.substr(0, file.size() - 6) + "\t\n");
  bash.WaitFor("typed workflows|typed validate|typed " + file + "|");
}

TEST_CASE("without a server completion is silent and knows what it can", "[integration]") {
  const Scene scene(false);
  const Shell shell(scene);
  CHECK_THAT(InBash(shell, {"show", ""}), Equals("\n"));
  CHECK_THAT(InBash(shell, {"sho"}), Equals("show\n"));
  CHECK_THAT(InBash(shell, {"man", "sho"}), Equals("show\n"));
  const Finished asked = scene.Recourse({"complete", "--", "show", ""});
  CHECK(asked.code == 0);
  CHECK(asked.out.empty());
  CHECK(asked.err.empty());
}

TEST_CASE("zsh and fish offer the same, with what each is", "[integration]") {
  const Scene scene;
  const Shell shell(scene);
  scene.Recourse({"start", "ask", "--wait"});
  if (access("/usr/bin/zsh", X_OK) == 0) {
    // zsh's own functions stand in for the line editor that calls them.
    const Finished in_zsh = shell(
        {"/usr/bin/zsh", "-f", "-c"},
        "compdef() { echo \"compdef $*\"; }\n_describe() { print -l -- \"${(@P)2}\"; }\n"
        "source <(recourse completion zsh)\nwords=(recourse show '')\nCURRENT=3\n_recourse\n");
    CHECK(in_zsh.err.empty());
    CHECK_THAT(in_zsh.out, Equals("compdef _recourse recourse\nR-1:WAITING ask\n"));
  }
  if (access("/usr/bin/fish", X_OK) == 0) {
    const Finished in_fish = shell({"/usr/bin/fish", "--no-config", "-c"},
                                   "recourse completion fish | source\n"
                                   "complete -C 'recourse show '\ncomplete -C 'recourse wat'\n");
    CHECK_THAT(in_fish.out, Equals("R-1\tWAITING ask\nwatch\tfollow a run as it happens\n"));
  }
}

TEST_CASE("the manual has every verb, and man has nothing to complain of", "[integration]") {
  const Scene scene(false);
  const Finished page = scene.Recourse({"man"});
  REQUIRE(page.code == 0);
  const Finished help = scene.Recourse({"--help"});
  std::istringstream lines(help.out.substr(help.out.find("Subcommands:")));
  std::string line;
  for (std::getline(lines, line); std::getline(lines, line) && line.starts_with("  ");) {
    const std::string verb = line.substr(2, line.find(' ', 2) - 2);
    const std::string head = ".SS recourse " + std::regex_replace(verb, std::regex("-"), "\\-");
    CHECK(page.out.find(head) != std::string::npos);
    const Finished alone = scene.Recourse({"man", verb});
    CHECK(alone.code == 0);
    CHECK(alone.out.find(".SH DESCRIPTION\n" + head) != std::string::npos);
  }
  CHECK_THAT(page.out, Contains("\\fB\\-\\-output\\fR \\fI{table,json,yaml}"));
  CHECK_THAT(page.out, Contains(".SH EXIT STATUS"));
  CHECK(scene.Recourse({"man", "strat"}).code == 2);

  const std::string file = scene.folder.Write("recourse.1", page.out);
  if (access("/usr/bin/mandoc", X_OK) != 0) return;
  // The date of a page that is made from a program is that of the program.
  const Finished checked =
      Run({"/usr/bin/mandoc", "-Tlint", "-Wwarning", file}, scene.folder / "lint");
  std::istringstream complaints(checked.out + checked.err);
  while (std::getline(complaints, line)) CHECK_THAT(line, Contains("missing date"));
  const Finished shown = Run({"/usr/bin/mandoc", "-Tutf8", file}, scene.folder / "shown");
  CHECK_THAT(shown.out, Contains("RECOURSE(1)"));
}

}  // namespace
}  // namespace recourse::integration

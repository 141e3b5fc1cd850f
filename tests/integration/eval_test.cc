// What docs/command.md shows of `recourse eval` is what happens. It takes no server.
#include <fcntl.h>
#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <sstream>

#include "tests/integration/program.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

// A folder with the program in it as `recourse`, in which a shell runs commands.
class Shell {
 public:
  Shell() {
    std::string path = (std::filesystem::temp_directory_path() / "recourse-eval-XXXXXX").string();
    REQUIRE(mkdtemp(path.data()) != nullptr);
    path_ = path;
    std::filesystem::create_symlink(RECOURSE, path_ + "/recourse");
  }
  ~Shell() { std::filesystem::remove_all(path_); }

  void Write(const std::string& name, const std::string& text) const {
    const auto file = OpenFile(path_ + "/" + name, O_WRONLY | O_CREAT | O_TRUNC);
    REQUIRE(file);
    REQUIRE(WriteAll(file->get(), text));
  }
  Finished operator()(const std::string& command) const {
    return Run({"/bin/sh", "-c", "cd " + path_ + " && PATH=.:$PATH && " + command},
               path_ + "/output");
  }

 private:
  std::string path_;
};

// What follows the heading of docs/command.md, between "```kind" and "```".
std::vector<std::string> Block(const std::string& kind) {
  const auto text = ReadFile(std::string(RECOURSE_SOURCE_DIR) + "/docs/command.md", 1 << 20);
  REQUIRE(text);
  std::istringstream lines(text->substr(text->find("## An expression, before")));
  std::vector<std::string> block;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      if (inside) break;
      inside = line == "```" + kind;
    } else if (inside) {
      block.push_back(line);
    }
  }
  REQUIRE_FALSE(block.empty());
  return block;
}

}  // namespace

TEST_CASE("the examples of recourse eval in docs/command.md do what they show", "[integration]") {
  struct Example {
    std::string command;
    std::string output;
    int code = 0;
  };
  std::vector<Example> examples;
  for (const std::string& line : Block("shell")) {
    if (line.starts_with("$ ")) {
      examples.push_back({line.substr(2), "", 0});
    } else if (line.starts_with("[exit code ")) {
      examples.back().code = line[11] - '0';
    } else {
      examples.back().output += line + "\n";
    }
  }
  REQUIRE(examples.size() > 5);
  const Shell shell;
  std::string data;
  for (const std::string& line : Block("json")) data += line + "\n";
  shell.Write("data.json", data);
  for (const Example& example : examples) {
    const Finished finished = shell(example.command);
    INFO(example.command);
    CHECK(finished.out + finished.err == example.output);
    CHECK(finished.code == example.code);
    CHECK((finished.code == 0 ? finished.err : finished.out) == "");
  }
}

TEST_CASE("the mark below an expression stands in the line and column of its error",
          "[integration]") {
  const Shell shell;
  const Finished finished = shell("recourse eval '[1].map(x,\n  \"ä\" + x)'");
  CHECK(finished.code == 1);
  CHECK_THAT(finished.err, Contains("\n    \"ä\" + x)\n    ^\n"));
  CHECK_THAT(shell("recourse eval '\"é\" + * 2'").err, Contains("\n  \"é\" + * 2\n        ^\n"));
  CHECK_THAT(shell("recourse eval '1 +'").err, Contains("\n  1 +\n     ^\n"));
}

TEST_CASE("data that is no JSON object is refused by name", "[integration]") {
  const Shell shell;
  shell.Write("list.json", "[1]");
  CHECK_THAT(shell("recourse eval 1 --with list.json").err,
             Contains("list.json: expected a JSON object"));
  const Finished broken = shell("echo '{' | recourse eval 1 --with -");
  CHECK(broken.code == 2);
  CHECK_THAT(broken.err, Contains("standard input: "));
}

}  // namespace recourse::integration

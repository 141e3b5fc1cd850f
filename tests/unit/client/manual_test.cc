#include "client/cli/manual.h"

#include <catch2/catch.hpp>
#include <sstream>

#include "engine/base/file.h"

namespace recourse::cli {

using Catch::Contains;

TEST_CASE("docs/command.md says of every exit code what the command itself says", "[client]") {
  const auto docs = ReadFile(std::string(RECOURSE_SOURCE_DIR) + "/docs/command.md", 1 << 20);
  REQUIRE(docs);
  int code = 0;
  for (const ExitMeaning& exit : ExitMeanings()) {
    CHECK(exit.code == code);  // programs count on them: none is left out, moved or used again
    CHECK_THAT(*docs, Contains("| " + std::to_string(code++) + " | " + exit.meaning + " |\n"));
  }
  CHECK(docs->find("| " + std::to_string(code) + " | ") == std::string::npos);
}

TEST_CASE("what --help ends with fits 80 columns", "[client]") {
  std::istringstream lines(Footer());
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 80);
}

TEST_CASE("text of the tables is no markup in the manual", "[client]") {
  CLI::App app("", "recourse");
  app.add_subcommand("odd", ".TH \\fBbold\n'quoted --flag");
  const auto page = ManualPage(app, "odd", "1.0");
  REQUIRE(page);
  CHECK_THAT(*page, Contains("\n\\&.TH \\efBbold\n\\&'quoted \\-\\-flag\n"));
  CHECK_FALSE(ManualPage(app, "even", "1.0"));
}

}  // namespace recourse::cli

// docs/systems.md tells of every procedure of the three systems, and tells the truth: its
// workflows, targets, policies and tests are there.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const fs::path kProject = RECOURSE_SOURCE_DIR;

// Each system's section, its letter, and how many procedures it has.
struct System {
  const char* title;
  char letter;
  int procedures;
};
constexpr System kSystemsOfPage[] = {
    {"Health package", 'H', 12}, {"Health analytics", 'A', 15}, {"DigitalMe", 'D', 9}};

std::string Contents(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The cells of a row of a table.
std::vector<std::string> CellsOf(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream row(line.substr(1));
  for (std::string cell; std::getline(row, cell, '|');) {
    const auto first = cell.find_first_not_of(' ');
    if (first == cell.npos) continue;
    cells.push_back(cell.substr(first, cell.find_last_not_of(' ') - first + 1));
  }
  return cells;
}

// The rows of a section, by the procedure's id; none when the page has no such section.
std::map<std::string, std::vector<std::string>> RowsOf(const System& system) {
  std::istringstream page(Contents(kProject / "docs/systems.md"));
  std::map<std::string, std::vector<std::string>> rows;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("## ")) inside = line == std::string("## ") + system.title;
    if (!inside || !line.starts_with(std::string("| ") + system.letter + "-")) continue;
    const auto cells = CellsOf(line);
    REQUIRE(cells.size() == 4);
    const std::string id = cells[0].substr(0, cells[0].find(' '));
    INFO(id << " stands there twice");
    CHECK(rows.emplace(id, cells).second);
  }
  return rows;
}

std::set<std::string> QuotedIn(const std::string& cell) {
  static const std::regex kCode("`([^`]+)`");
  std::set<std::string> words;
  for (std::sregex_iterator at(cell.begin(), cell.end(), kCode), end; at != end; ++at) {
    words.insert((*at)[1]);
  }
  return words;
}

std::set<std::string> TestNames() {
  static const std::regex kJoined("\"\\s*\n\\s*\"");
  static const std::regex kName("TEST_CASE\\(\\s*\"([^\"]+)\"");
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(kProject / "tests/integration/systems")) {
    if (entry.path().extension() != ".cc") continue;
    const std::string text = std::regex_replace(Contents(entry.path()), kJoined, "");
    for (std::sregex_iterator at(text.begin(), text.end(), kName), end; at != end; ++at) {
      names.insert((*at)[1]);
    }
  }
  return names;
}

TEST_CASE("docs/systems.md has every procedure of each system", "[tidy][docs]") {
  for (const System& system : kSystemsOfPage) {
    const auto rows = RowsOf(system);
    std::set<std::string> expected;
    for (int number = 1; number <= system.procedures; ++number) {
      expected.insert(std::string(1, system.letter) + "-" + std::to_string(number));
    }
    std::set<std::string> found;
    for (const auto& [id, cells] : rows) found.insert(id);
    INFO(system.title);
    CHECK(found == expected);
  }
}

TEST_CASE("the workflows, commands and tests of docs/systems.md are there", "[tidy][docs]") {
  const std::set<std::string> tests = TestNames();
  static const std::regex kStart("recourse start ([a-z0-9_-]+)(.*)");
  static const std::regex kTarget(" --target ([a-z0-9_-]+)");
  for (const System& system : kSystemsOfPage) {
    for (const auto& [id, cells] : RowsOf(system)) {
      INFO(id << ": " << cells[1] << " | " << cells[2] << " | " << cells[3]);
      const bool policy = cells[1].starts_with("the policy");
      for (const std::string& name : QuotedIn(cells[1])) {
        CHECK(fs::exists(kProject / (policy ? "escalation_policies" : "workflows") /
                         (name + ".yaml")));
      }
      CHECK_FALSE(QuotedIn(cells[1]).empty());
      const std::set<std::string> commands = QuotedIn(cells[2]);
      CHECK_FALSE(commands.empty());
      for (const std::string& command : commands) {
        std::smatch start, target;
        if (!std::regex_match(command, start, kStart)) continue;
        CHECK(QuotedIn(cells[1]).contains(start[1]));
        const std::string rest = start[2];
        REQUIRE(std::regex_search(rest, target, kTarget));
        CHECK(fs::exists(kProject / "targets" / (target[1].str() + ".yaml")));
      }
      std::string names = std::regex_replace(cells[3], std::regex("<br>"), "\n");
      std::istringstream lines(names);
      for (std::string name; std::getline(lines, name);) {
        INFO("no such test: " << name);
        CHECK(tests.contains(name));
      }
    }
  }
}

}  // namespace

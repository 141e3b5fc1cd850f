// The rules of the house that a compiler does not check.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const fs::path kRoot = RECOURSE_SOURCE_DIR;

struct Source {
  std::string path;    // "engine/base/error.h"
  std::string folder;  // "engine/base"
  std::vector<std::string> lines;
};

std::vector<Source> SourcesBelow(const std::vector<std::string>& tops) {
  std::vector<Source> sources;
  for (const std::string& top : tops) {
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / top)) {
      const std::string extension = entry.path().extension();
      if (!entry.is_regular_file() || (extension != ".h" && extension != ".cc")) continue;
      Source source;
      source.path = fs::relative(entry.path(), kRoot).string();
      source.folder = fs::path(source.path).parent_path().string();
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);) source.lines.push_back(line);
      sources.push_back(std::move(source));
    }
  }
  REQUIRE(sources.size() > 50);
  return sources;
}

std::vector<std::string> IncludesOf(const Source& source) {
  static const std::regex kInclude(R"re(^#include\s+[<"]([^>"]+)[>"])re");
  std::vector<std::string> includes;
  for (const std::string& line : source.lines) {
    std::smatch match;
    if (std::regex_search(line, match, kInclude)) includes.push_back(match[1]);
  }
  return includes;
}

// Who may include whom: folder -> the folders whose headers it may use, beside its own.
const std::map<std::string, std::set<std::string>> kAllowed = {
    {"engine/base", {}},
    {"engine/expression", {"engine/base"}},
    {"engine/calendar", {"engine/base"}},
    {"engine/definition", {"engine/base", "engine/calendar", "engine/expression"}},
    {"actions", {"engine/base", "engine/definition"}},
    // Logs are begun anew by the process that a pid file names.
    {"actions/file",
     {"engine/base", "engine/definition", "actions", "actions/database", "actions/process",
      "actions/service"}},
    {"engine/machine",
     {"engine/base", "engine/calendar", "engine/expression", "engine/definition", "actions"}},
    {"engine/rehearsal",
     {"engine/base", "engine/calendar", "engine/expression", "engine/definition", "engine/machine",
      "actions"}},
    {"engine/journal", {"engine/base"}},
    {"engine/journal/sqlite", {"engine/base", "engine/journal"}},
    {"engine/record",
     {"engine/base", "engine/expression", "engine/definition", "engine/machine", "engine/journal",
      "actions"}},
    {"engine/runtime",
     {"engine/base", "engine/calendar", "engine/expression", "engine/definition", "engine/machine",
      "engine/journal", "engine/record", "actions"}},
    {"engine/web", {"engine/base"}},
    {"engine/web/server", {"engine/base"}},
    {"engine/settings", {"engine/base"}},
    {"client", {"engine/base", "engine/settings", "engine/web"}},
};

// Families of actions know the interface, each other's tools for programs, processes and files, the
// one HTTP client, and base.
std::set<std::string> AllowedFor(const std::string& folder) {
  if (const auto found = kAllowed.find(folder); found != kAllowed.end()) return found->second;
  if (folder.starts_with("actions/")) {
    return {"engine/base",     "engine/definition", "engine/web",      "actions",
            "actions/process", "actions/file",      "actions/service", "actions/database"};
  }
  return {};
}

std::string FolderOf(const std::string& include) {
  return fs::path(include).parent_path().string();
}

bool IsOurs(const std::string& include) {
  return include.starts_with("engine/") || include.starts_with("actions/") ||
         include.starts_with("server/") || include.starts_with("client/");
}

}  // namespace

TEST_CASE("dependencies point one way", "[tidy]") {
  std::string problems;
  for (const Source& source : SourcesBelow({"engine", "actions"})) {
    // The composition root of the actions knows all families.
    if (source.path == "actions/all.cc") continue;
    const std::set<std::string> allowed = AllowedFor(source.folder);
    for (const std::string& include : IncludesOf(source)) {
      if (!IsOurs(include)) continue;
      const std::string folder = FolderOf(include);
      if (folder == source.folder || allowed.contains(folder)) continue;
      problems += source.path + " includes " + include + "\n";
    }
  }
  CHECK(problems == "");
}

TEST_CASE("the client knows the generated API, and the engine only for what works with no server",
          "[tidy]") {
  std::string problems;
  for (const Source& source : SourcesBelow({"client", "engine"})) {
    if (!source.path.starts_with("client/")) continue;
    // What works with no server: a journal's file is read, definitions are checked and rehearsed.
    const bool offline = source.path.find("offline") != std::string::npos;
    for (const std::string& include : IncludesOf(source)) {
      if (!IsOurs(include) || include.starts_with("client/")) continue;
      if (include.starts_with("engine/base/") || include.starts_with("engine/settings/") ||
          include.starts_with("engine/web/")) {
        continue;
      }
      // The modules that do no more than read and reckon; never the runtime, an action or the
      // server.
      const bool reads =
          include.starts_with("engine/journal/") || include.starts_with("engine/record/") ||
          include.starts_with("engine/machine/") || include.starts_with("engine/definition/") ||
          include.starts_with("engine/expression/") || include.starts_with("server/view/");
      const bool checks_definitions = include.starts_with("engine/rehearsal/") ||
                                      include == "actions/all.h" || include == "actions/registry.h";
      if (offline && (reads || checks_definitions)) continue;
      problems += source.path + " includes " + include + "\n";
    }
  }
  CHECK(problems == "");
}

TEST_CASE("each library is used where its module is, and nowhere else", "[tidy]") {
  struct Rule {
    std::string header;
    std::vector<std::string> places;
  };
  const std::vector<Rule> rules = {
      {"sqlite3.h", {"engine/journal/sqlite/", "actions/database/", "actions/backup/"}},
      {"grpcpp/", {"server/", "client/"}},
      {"google/protobuf/", {"engine/record/", "server/", "client/"}},
      {"yaml.h", {"engine/definition/node.cc"}},
      {"yaml-cpp/", {"engine/settings/", "server/", "client/chatops/", "client/cli/contexts.cc"}},
      {"nlohmann/", {"engine/base/json.cc"}},
      {"CLI/", {"client/", "server/"}},
      {"spdlog/", {"server/"}},
      {"curl/", {"engine/web/"}},
      {"pugixml.hpp", {"actions/service/"}},
      {"httplib.h", {"client/chatops/web/", "server/http/", "engine/web/server/"}},
      {"libwebsockets.h", {"client/chatops/web/"}},
      {"archive.h", {"actions/file/"}},
      {"archive_entry.h", {"actions/file/"}},
      {"graphviz/", {"client/picture/"}},
      {"re2/", {"actions/host/", "engine/expression/", "server/alerts/"}},
      {"zlib.h", {"actions/file/", "actions/host/log_files.cc"}},
      {"hiredis/", {"actions/cache/redis.cc"}},
      {"date/", {"engine/calendar/"}},
      {"openssl/",
       {"engine/base/digest.cc", "engine/base/signing.cc", "engine/web/mac.cc",
        "engine/web/server/", "server/", "client/chatops/irc/link.cc"}},
  };
  std::string problems;
  for (const Source& source : SourcesBelow({"engine", "actions", "server", "client"})) {
    for (const std::string& include : IncludesOf(source)) {
      for (const Rule& rule : rules) {
        if (!include.starts_with(rule.header)) continue;
        const bool allowed =
            std::any_of(rule.places.begin(), rule.places.end(),
                        [&](const std::string& place) { return source.path.starts_with(place); });
        if (!allowed) problems += source.path + " includes " + include + "\n";
      }
    }
  }
  CHECK(problems == "");
}

TEST_CASE("heavy headers stay out of headers that other modules include", "[tidy]") {
  std::string problems;
  for (const Source& source : SourcesBelow({"engine", "actions"})) {
    if (!source.path.ends_with(".h")) continue;
    for (const std::string& include : IncludesOf(source)) {
      for (const std::string heavy : {"grpcpp/", "nlohmann/", "yaml-cpp/", "google/", "re2/"}) {
        if (include.starts_with(heavy)) problems += source.path + " includes " + include + "\n";
      }
    }
  }
  CHECK(problems == "");
}

TEST_CASE("the machine is pure", "[tidy]") {
  static const std::regex kImpure(
      R"(std::(thread|mutex|atomic|random_device|ofstream|cout|cerr)|system_clock|steady_clock::now)");
  std::string problems;
  for (const Source& source : SourcesBelow({"engine"})) {
    if (source.folder != "engine/machine" && source.folder != "engine/expression") continue;
    for (const std::string& line : source.lines) {
      if (std::regex_search(line, kImpure)) problems += source.path + ": " + line + "\n";
    }
  }
  CHECK(problems == "");
}

TEST_CASE("nobody sleeps, and no mark is left without an issue", "[tidy]") {
  static const std::regex kSleep(R"(sleep_for|sleep_until|\busleep\(|[^_a-z]sleep\()");
  static const std::regex kMark(
      "TO"
      "DO(?!\\(#[0-9]+\\))|FIX"
      "ME|\\bX"
      "XX\\b|\\bHA"
      "CK\\b");
  std::string problems;
  for (const Source& source :
       SourcesBelow({"engine", "actions", "server", "client", "tests", "bench", "scripts"})) {
    for (const std::string& line : source.lines) {
      const bool own = source.path == "tests/tidy/tidy_test.cc";
      if (!own && (std::regex_search(line, kSleep) || std::regex_search(line, kMark))) {
        problems += source.path + ": " + line + "\n";
      }
    }
  }
  CHECK(problems == "");
}

TEST_CASE("files stay short", "[tidy]") {
  std::string problems;
  for (const Source& source :
       SourcesBelow({"engine", "actions", "server", "client", "tests", "bench", "scripts"})) {
    if (source.lines.size() > 400) {
      problems += source.path + " has " + std::to_string(source.lines.size()) + " lines\n";
    }
  }
  CHECK(problems == "");
}

TEST_CASE("every header is compiled once only and says #pragma once", "[tidy]") {
  std::string problems;
  for (const Source& source : SourcesBelow({"engine", "actions", "server", "client"})) {
    if (!source.path.ends_with(".h")) continue;
    if (std::find(source.lines.begin(), source.lines.end(), "#pragma once") == source.lines.end()) {
      problems += source.path + "\n";
    }
  }
  CHECK(problems == "");
}

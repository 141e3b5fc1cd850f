#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "tests/crash/scenario.h"

namespace recourse::crash {
namespace {

namespace fs = std::filesystem;

// A release: the old state packed, the new one put in place, the link switched, the rest cleared
// away.
constexpr const char* kReleaseOfFiles = R"(name: release
inputs:
  data: {type: string}
steps:
  - {id: pack, action: file.archive, with: {directory: "${inputs.data}/world/config", to: "${inputs.data}/world/config.tar.gz"}}
  - {id: unpack, action: file.extract, with: {archive: "${inputs.data}/world/config.tar.gz", to: "${inputs.data}/world/scratch"}}
  - {id: configure, action: file.copy, with: {from: "${inputs.data}/world/new.conf", to: "${inputs.data}/world/config/app.conf", replace: true}}
  - {id: switch, action: file.swap_link, with: {link: "${inputs.data}/world/current", to: releases/2}}
  - {id: rotate, action: file.rotate_logs, with: {paths: ["${inputs.data}/world/app.log"]}}
  - {id: clear, action: file.remove, with: {path: "${inputs.data}/world/releases/1"}}
  - {id: rename, action: file.move, with: {from: "${inputs.data}/world/new.conf", to: "${inputs.data}/world/used.conf"}}
  - id: flag
    action: process.script
    with:
      program: /bin/sh
      arguments: [-c, 'case $1 in set) touch "$0";; clear) rm -f "$0";; *) [ -e "$0" ];; esac', "${inputs.data}/world/flag"]
      phases: {apply: [set], probe: [is_set], compensate: [clear]}
      probe_codes: {"1": not_applied}
)";

void PutFile(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

void MakeFiles(const std::string& data) {
  PutFile(data + "/workflows/release.yaml",
          std::string(kReleaseOfFiles) + "  - {id: give_up, action: debug.fail}\n");
  const fs::path world = data + "/world";
  PutFile(world / "config/app.conf", "old");
  PutFile(world / "config/secret", "secret");
  fs::permissions(world / "config/secret", fs::perms::owner_read);
  PutFile(world / "new.conf", "new");
  PutFile(world / "releases/1/app", "1");
  PutFile(world / "releases/2/app", "2");
  PutFile(world / "app.log", "lines");
  PutFile(world / "app.log-20260102T000000Z", "older");
  PutFile(world / "app.log-20260101T000000Z", "oldest");
  fs::create_symlink("releases/1", world / "current");
}

// Every name with its mode and content. The trash may hold what was taken back.
std::string ObserveFiles(const std::string& data) {
  std::map<std::string, std::string> lines;
  const std::string world = data + "/world";
  for (auto file = fs::recursive_directory_iterator(world);
       file != fs::recursive_directory_iterator(); ++file) {
    if (file->path().filename() == ".trash") {
      file.disable_recursion_pending();
      continue;
    }
    std::string& line = lines[file->path().lexically_relative(world).string()];
    struct stat facts = {};
    lstat(file->path().c_str(), &facts);
    line = std::to_string(facts.st_mode & 07777) + " ";
    if (file->is_symlink()) {
      line += fs::read_symlink(file->path()).string();
    } else if (file->is_regular_file()) {
      std::ifstream text(file->path());
      line += std::string(std::istreambuf_iterator<char>(text), {});
    }
  }
  std::string all;
  for (const auto& [name, line] : lines) all += name + " " + line + "\n";
  return all;
}

// What ObserveFiles says of a world that nobody has touched.
std::string Untouched() {
  std::string pattern = (fs::temp_directory_path() / "recourse.XXXXXX").string();
  const std::string data = mkdtemp(pattern.data());
  MakeFiles(data);
  const std::string text = ObserveFiles(data);
  fs::remove_all(data);
  return text;
}

}  // namespace

std::vector<Scenario> FileScenarios() {
  Scenario undone;
  undone.name = "files-undone";
  undone.workflow = "release";
  undone.inputs = R"({"data":"@"})";
  undone.ends = v1::RUN_STATUS_ROLLED_BACK;
  undone.prepare = MakeFiles;
  undone.observe = ObserveFiles;
  undone.expected = Untouched();
  return {undone};
}

}  // namespace recourse::crash

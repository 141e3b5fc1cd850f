#include "engine/base/file_system.h"

#include <catch2/catch.hpp>
#include <filesystem>

namespace recourse {

TEST_CASE("a file system is found for a path that is yet to be made", "[base]") {
  const std::string directory = std::filesystem::temp_directory_path().string();
  const auto here = FileSystemOf(directory);
  const auto to_come = FileSystemOf(directory + "/not/there/yet.db");
  REQUIRE(here);
  REQUIRE(to_come);
  CHECK(to_come->mount == here->mount);
  CHECK(here->bytes_free > 0);
  CHECK(directory.starts_with(here->mount));
}

TEST_CASE("the file system of /proc is not the one of /", "[base]") {
  const auto proc = FileSystemOf("/proc/self/status");
  REQUIRE(proc);
  CHECK(proc->mount == "/proc");
}

TEST_CASE("a path below a file has no file system", "[base]") {
  CHECK_FALSE(FileSystemOf("/etc/passwd/backups"));
  CHECK(FileSystemOf("backups").error().code == Code::kInvalidArgument);
}

}  // namespace recourse

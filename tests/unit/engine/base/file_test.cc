#include "engine/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

namespace recourse {
namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/recourse-file-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

}  // namespace

TEST_CASE("a file is replaced whole, with its mode, and leaves nothing beside it", "[base]") {
  const Folder folder;
  const std::string path = folder.path + "/f";
  REQUIRE(WriteFileAtomically(path, "one", 0640));
  REQUIRE(WriteFileAtomically(path, "two", 0600));
  CHECK(*ReadFile(path, 100) == "two");
  struct stat info;
  REQUIRE(stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
  const auto entries = std::filesystem::directory_iterator(folder.path);
  CHECK(std::distance(begin(entries), end(entries)) == 1);
}

TEST_CASE("a write that cannot be finished leaves the old file", "[base]") {
  const Folder folder;
  const auto written = WriteFileAtomically(folder.path + "/missing/f", "x", 0600);
  REQUIRE_FALSE(written);
  CHECK(written.error().code == Code::kNotFound);
  CHECK(written.error().message.find("/missing/f") != std::string::npos);
}

TEST_CASE("a file larger than the limit is refused, not cut", "[base]") {
  const Folder folder;
  REQUIRE(WriteFileAtomically(folder.path + "/f", "12345", 0600));
  CHECK(ReadFile(folder.path + "/f", 4).error().code == Code::kResourceExhausted);
  CHECK(*ReadFile(folder.path + "/f", 5) == "12345");
}

TEST_CASE("directories are made with their parents, and a file in the way is told", "[base]") {
  const Folder folder;
  REQUIRE(MakeDirectories(folder.path + "/a/b/c"));
  CHECK(std::filesystem::is_directory(folder.path + "/a/b/c"));
  REQUIRE(WriteFileAtomically(folder.path + "/f", "x", 0600));
  CHECK_FALSE(MakeDirectories(folder.path + "/f"));
}

TEST_CASE("nothing is opened, made or moved through a link where that is not meant", "[base]") {
  const Folder folder;
  const std::string file = folder.path + "/file";
  const std::string directory = folder.path + "/directory";
  REQUIRE(WriteFileAtomically(file, "precious", 0600));
  REQUIRE(MakeOwnDirectory(directory, 0700));
  CHECK(MakeOwnDirectory(directory, 0700));
  const std::string link = folder.path + "/link";

  std::filesystem::create_symlink(file, link);
  const auto opened = OpenFile(link, O_WRONLY | O_CREAT | O_NOFOLLOW);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == Code::kFailedPrecondition);
  CHECK(opened.error().message.find(link + " is a symbolic link") != std::string::npos);
  REQUIRE(WriteFileAtomically(link, "other", 0600));  // takes its place
  CHECK(*ReadFile(file, 100) == "precious");

  std::filesystem::remove(link);
  std::filesystem::create_symlink(directory, link);
  CHECK(MakeOwnDirectory(link, 0700).error().code == Code::kFailedPrecondition);
  CHECK(RenameFile(file, link + "/file").error().code == Code::kFailedPrecondition);
  CHECK(std::filesystem::is_empty(directory));
  REQUIRE(RenameFile(file, directory + "/file"));
  CHECK(RenameFile(link + "/file", file).error().code == Code::kFailedPrecondition);
  CHECK(MakeOwnDirectory(directory + "/file", 0700).error().code == Code::kFailedPrecondition);
}

TEST_CASE("several threads may write one file, and it is one of theirs whole", "[base]") {
  const Folder folder;
  const std::string path = folder.path + "/f";
  const std::string content(100'000, 'x');
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 20; ++j) failed += WriteFileAtomically(path, content, 0600) ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
  CHECK(*ReadFile(path, 1'000'000) == content);
}

}  // namespace recourse

#include "tests/unit/actions/file/file_world.h"

namespace recourse {
namespace {

using testing::CodeOf;
using testing::FileWorld;
using testing::MessageOf;
namespace fs = std::filesystem;

void MakePackable(const FileWorld& world) {
  world.Folder("app/empty");
  world.Folder("app/data");
  chmod(world.Write("app/.env", "SECRET=1").c_str(), 0600);
  world.Write("app/data/r\xC3\xB6ws \xE2\x82\xAC", "rows");
  world.Write("app/data/" + std::string(180, 'x'),
              "a name longer than tar's first form has room for");
  chmod(world.Write("app/run", std::string(300'000, '7')).c_str(), 0750);
  fs::create_symlink("data/rows", world.Path("app/rows"));
  fs::create_hard_link(world.Path("app/run"), world.Path("app/run-too"));
  if (geteuid() == 0) REQUIRE(lchown(world.Path("app/.env").c_str(), 54321, 54322) == 0);
  for (const char* name : {"app/.env", "app/run", "app/data"}) world.SetTime(name, 1'600'000'000);
}

Value Archive(const FileWorld& world, const std::string& to) {
  return Value::Object({{"directory", world.Path("app")}, {"to", world.Path(to)}});
}

Value Extract(const FileWorld& world, const std::string& archive, const std::string& to) {
  return Value::Object({{"archive", world.Path(archive)}, {"to", world.Path(to)}});
}

TEST_CASE("what file.archive packs, file.extract gives back: content, owners, modes, times, links",
          "[actions][file]") {
  for (const std::string name : {"a.tar.gz", "a.tgz", "a.tar.xz", "a.tar.zst", "a.tar"}) {
    FileWorld world;
    MakePackable(world);
    const Outcome packed = world.Run("file.archive", Archive(world, name));
    INFO(name << " " << MessageOf(packed));
    REQUIRE(packed);
    CHECK(packed.output()["files"] == Value(5));
    struct stat facts = {};
    REQUIRE(stat(world.Path(name).c_str(), &facts) == 0);
    CHECK((facts.st_mode & 07777) == 0600);

    const Outcome unpacked = world.Run("file.extract", Extract(world, name, "back"));
    INFO(MessageOf(unpacked));
    REQUIRE(unpacked);
    CHECK(world.Picture("back") == world.Picture("app"));
    CHECK(fs::equivalent(world.Path("back/run"), world.Path("back/run-too")));
    CHECK(unpacked.output()["bytes"] == packed.output()["bytes"]);
    REQUIRE(world.UndoOf("file.extract", Extract(world, name, "back"), unpacked.output()));
    CHECK_FALSE(fs::exists(world.Path("back")));
  }
}

TEST_CASE("what file.archive packs, tar reads too", "[actions][file]") {
  FileWorld world;
  MakePackable(world);
  REQUIRE(world.Run("file.archive", Archive(world, "a.tar.gz")));
  world.Folder("back");
  const process::Program tar{
      {"tar", "-xpzf", world.Path("a.tar.gz"), "-C", world.Path("back")}, {}, "/"};
  const auto ran = process::RunChild(tar, {}, world.MakeContext({}));
  REQUIRE(ran);
  INFO(ran->errors.text);
  CHECK(ran->exit_code == 0);
  CHECK(ran->errors.text.empty());
  CHECK(world.Picture("back") == world.Picture("app"));
}

TEST_CASE("the same tree makes the same archive, byte for byte", "[actions][file]") {
  FileWorld world;
  MakePackable(world);
  for (const std::string ending : {".tar.gz", ".tar.xz", ".tar.zst"}) {
    const Outcome first = world.Run("file.archive", Archive(world, "first" + ending));
    world.clock.now += std::chrono::hours(1);
    const Outcome second = world.Run("file.archive", Archive(world, "second" + ending));
    REQUIRE(first);
    REQUIRE(second);
    CHECK(first.output()["sha256"] == second.output()["sha256"]);
    CHECK(world.Read("first" + ending) == world.Read("second" + ending));
  }
}

TEST_CASE("file.archive takes the paths that it is told, without what is excluded",
          "[actions][file]") {
  FileWorld world;
  MakePackable(world);
  world.Folder("app/data/cache");
  world.Write("app/data/cache/big", "big");
  const Value inputs = Archive(world, "app/a.tar.gz")
                           .With("paths", Value::List{"data", ".env"})
                           .With("exclude", Value::List{"xxx*", "data/cache"});
  const Outcome packed = world.Run("file.archive", inputs);
  INFO(MessageOf(packed));
  REQUIRE(packed);
  CHECK(packed.output()["files"] == Value(2));
  REQUIRE(world.Run("file.extract", Extract(world, "app/a.tar.gz", "back")));
  CHECK(fs::exists(world.Path("back/.env")));
  CHECK(fs::exists(world.Path("back/data/r\xC3\xB6ws \xE2\x82\xAC")));
  CHECK_FALSE(fs::exists(world.Path("back/data/cache")));
  CHECK_FALSE(fs::exists(world.Path("back/run")));

  // The archive of all is not in itself, when it is made in there.
  REQUIRE(world.Run("file.archive", Archive(world, "app/all.tar").With("mode", "0640")));
  CHECK(CodeOf(world.Run("file.archive",
                         Archive(world, "b.tar").With("paths", Value::List{"../etc"}))) ==
        Code::kInvalidArgument);
  CHECK(CodeOf(world.Run("file.archive", Archive(world, "b.rar"))) == Code::kInvalidArgument);
}

TEST_CASE("file.archive takes once what lies in another of the paths", "[actions][file]") {
  FileWorld world;
  MakePackable(world);
  world.Folder("app/data-too");
  const Value inputs =
      Archive(world, "a.tar")
          .With("paths",
                Value::List{"data", "data-too", "data/" + std::string(180, 'x'), "data", ".env"});
  const Outcome packed = world.Run("file.archive", inputs);
  INFO(MessageOf(packed));
  REQUIRE(packed);
  CHECK(packed.output()["files"] == Value(3));
  const Outcome unpacked = world.Run("file.extract", Extract(world, "a.tar", "back"));
  INFO(MessageOf(unpacked));
  CHECK(unpacked);

  // What lies behind a link is not in an archive that holds the link.
  fs::create_symlink("data", world.Path("app/way"));
  CHECK(CodeOf(world.Run("file.archive",
                         Archive(world, "b.tar").With("paths", Value::List{"way", "way/x"}))) ==
        Code::kInvalidArgument);
}

TEST_CASE("file.archive makes nothing that file.extract refuses, unless it is told",
          "[actions][file]") {
  for (const std::string target : {"/etc/hostname", "../outside", "../../outside"}) {
    FileWorld world;
    MakePackable(world);
    fs::create_symlink(target, world.Path("app/data/out"));
    const Value inputs = Archive(world, "a.tar");
    INFO(target);
    const Outcome refused = world.Run("file.archive", inputs);
    if (target == "../outside") {  // of the directory, from data
      CHECK(refused);
      continue;
    }
    CHECK(CodeOf(refused) == Code::kFailedPrecondition);
    CHECK(MessageOf(refused).find("data/out") != std::string::npos);
    CHECK_FALSE(fs::exists(world.Path("a.tar")));
    CHECK(world.Run("file.archive", inputs.With("exclude", Value::List{"out"})));
    const Value accepting = Archive(world, "b.tar").With("accept_links", true);
    CHECK(world.Run("file.archive", accepting));
    CHECK(CodeOf(world.Run("file.extract", Extract(world, "b.tar", "back"))) ==
          Code::kFailedPrecondition);
  }
  FileWorld world;
  MakePackable(world);
  fs::create_symlink("app", world.Path("link"));
  CHECK(CodeOf(world.Run("file.archive",
                         Archive(world, "a.tar").With("directory", world.Path("link")))) ==
        Code::kFailedPrecondition);
}

TEST_CASE("a damaged or short archive is found, and leaves nothing behind", "[actions][file]") {
  FileWorld world;
  MakePackable(world);
  REQUIRE(world.Run("file.archive", Archive(world, "a.tar.gz")));
  const std::string whole = world.Read("a.tar.gz");
  world.Write("short.tar.gz", whole.substr(0, whole.size() / 2));
  std::string damaged = whole;
  for (std::size_t i = 0; i < 64; ++i) damaged[damaged.size() / 2 + i] ^= 0x55;
  world.Write("damaged.tar.gz", damaged);
  world.Write("text.tar.gz", "this is no archive");
  for (const std::string name : {"short.tar.gz", "damaged.tar.gz", "text.tar.gz"}) {
    const Outcome unpacked = world.Run("file.extract", Extract(world, name, "back"));
    INFO(name);
    CHECK(CodeOf(unpacked) == Code::kDataLoss);
    CHECK_FALSE(fs::exists(world.Path("back")));
  }
  CHECK(
      CodeOf(world.Run("file.extract",
                       Extract(world, "a.tar.gz", "back").With("sha256", std::string(64, '0')))) ==
      Code::kDataLoss);
  CHECK(
      CodeOf(world.Run("file.extract", Extract(world, "a.tar.gz", "back").With("bytes_max", 9))) ==
      Code::kResourceExhausted);
}

TEST_CASE("file.extract replaces a directory whole, and a rollback brings the old one back",
          "[actions][file]") {
  FileWorld world;
  MakePackable(world);
  REQUIRE(world.Run("file.archive", Archive(world, "a.tar.gz")));
  world.Folder("all/config");
  world.Write("all/config/old", "old");
  const std::string before = world.Picture("all");
  const Value inputs = Extract(world, "a.tar.gz", "all/config");
  CHECK(CodeOf(world.Run("file.extract", inputs)) == Code::kAlreadyExists);
  const Outcome unpacked = world.Run("file.extract", inputs.With("replace", true));
  INFO(MessageOf(unpacked));
  REQUIRE(unpacked);
  CHECK_FALSE(fs::exists(world.Path("all/config/old")));
  REQUIRE(world.UndoOf("file.extract", inputs, unpacked.output()));
  CHECK(world.Picture("all") == before);
}

}  // namespace
}  // namespace recourse

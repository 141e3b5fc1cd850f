#include <archive.h>
#include <archive_entry.h>

#include "tests/unit/actions/file/file_world.h"

namespace recourse {
namespace {

using testing::CodeOf;
using testing::FileWorld;
using testing::MessageOf;
namespace fs = std::filesystem;

// Archives as nobody honest makes them.
class Crafted {
 public:
  explicit Crafted(const std::string& path,
                   int (*format)(archive*) = archive_write_set_format_ustar)
      : archive_(archive_write_new()) {
    format(archive_);
    REQUIRE(archive_write_open_filename(archive_, path.c_str()) == ARCHIVE_OK);
  }
  ~Crafted() { archive_write_free(archive_); }

  Crafted& Add(const std::string& name, const std::string& content, unsigned type = AE_IFREG,
               const std::string& target = "") {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, type);
    archive_entry_set_perm(entry, type == AE_IFDIR ? 0755 : 0644);
    archive_entry_set_uid(entry, geteuid());
    archive_entry_set_gid(entry, getegid());
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    if (type == AE_IFLNK) archive_entry_set_symlink(entry, target.c_str());
    if (type == 0) archive_entry_set_hardlink(entry, target.c_str());
    REQUIRE(archive_write_header(archive_, entry) == ARCHIVE_OK);
    if (!content.empty()) {
      REQUIRE(archive_write_data(archive_, content.data(), content.size()) > 0);
    }
    archive_entry_free(entry);
    return *this;
  }

 private:
  archive* archive_;
};

Outcome Unpack(FileWorld& world, const std::string& archive = "a.tar") {
  return world.Run("file.extract", Value::Object({{"archive", world.Path(archive)},
                                                  {"to", world.Path("to/back")}}));
}

TEST_CASE("no name and no link in an archive leads out of where it is unpacked",
          "[actions][file]") {
  FileWorld world;
  world.Folder("to");
  world.Write("outside", "untouched");
  const auto refused = [&world](const std::function<void(Crafted&)>& fill) {
    fs::remove(world.Path("a.tar"));
    {
      Crafted archive(world.Path("a.tar"));
      fill(archive);
    }
    const Outcome unpacked = Unpack(world);
    CHECK(CodeOf(unpacked) == Code::kFailedPrecondition);
    CHECK(fs::is_empty(world.Path("to")));
    CHECK(world.Read("outside") == "untouched");
  };
  refused([](Crafted& a) { a.Add("../outside", "evil"); });
  refused([](Crafted& a) { a.Add("sub/../../../outside", "evil"); });
  refused([&](Crafted& a) { a.Add(world.Path("outside"), "evil"); });
  refused([](Crafted& a) { a.Add("link", "", AE_IFLNK, "../../outside"); });
  refused([&](Crafted& a) { a.Add("link", "", AE_IFLNK, world.Path("outside")); });
  refused([](Crafted& a) { a.Add("link", "", AE_IFLNK, "missing/../../../outside"); });
  // A link that is harmless alone, and one that leads out by way of it.
  refused([](Crafted& a) {
    a.Add("x/y/top", "", AE_IFLNK, "../..").Add("x/y/out", "", AE_IFLNK, "top/../../outside");
  });
  // A file to be written through a link.
  refused([](Crafted& a) { a.Add("way", "", AE_IFLNK, "../..").Add("way/outside", "evil"); });
  refused([](Crafted& a) { a.Add("way", "", AE_IFLNK, "sub").Add("way/file", "evil"); });
  // Another name of a file outside, and what would then be written into it.
  refused([](Crafted& a) { a.Add("name", "", 0, "../../outside"); });
  refused([&](Crafted& a) { a.Add("name", "", 0, world.Path("outside")); });
  refused([](Crafted& a) { a.Add("name", "", 0, "not/in/here"); });
  refused([](Crafted& a) { a.Add("file", "one").Add("file", "two"); });
  refused([](Crafted& a) { a.Add("pipe", "", AE_IFIFO); });
}

TEST_CASE("links that stay inside are unpacked", "[actions][file]") {
  FileWorld world;
  world.Folder("to");
  {
    Crafted archive(world.Path("a.tar"));
    archive.Add("app/releases/1/run", "run")
        .Add("app/current", "", AE_IFLNK, "releases/1")
        .Add("app/releases/2/run", "", AE_IFLNK, "../../current/run")
        .Add("dangling", "", AE_IFLNK, "not/yet/there")
        .Add("again", "", 0, "app/releases/1/run");
  }
  const Outcome unpacked = Unpack(world);
  INFO(MessageOf(unpacked));
  REQUIRE(unpacked);
  CHECK(world.Read("to/back/app/releases/2/run") == "run");
  CHECK(world.Read("to/back/again") == "run");
  CHECK(unpacked.output()["links"] == Value(3));
}

TEST_CASE("file.extract unpacks a zip", "[actions][file]") {
  FileWorld world;
  world.Folder("to");
  {
    Crafted archive(world.Path("a.zip"), archive_write_set_format_zip);
    archive.Add("app/", "", AE_IFDIR).Add("app/rows", "rows");
  }
  const Outcome unpacked = Unpack(world, "a.zip");
  INFO(MessageOf(unpacked));
  REQUIRE(unpacked);
  CHECK(world.Read("to/back/app/rows") == "rows");
  CHECK(unpacked.output()["bytes"] == Value(4));
}

}  // namespace
}  // namespace recourse

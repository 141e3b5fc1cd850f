#include <functional>
#include <utility>

#include "tests/unit/actions/backup/backup_world.h"

namespace recourse {
namespace {

using testing::BackupsWorld;
using testing::MessageOf;

TEST_CASE("verifying a good backup renews the time in its manifest", "[actions][backup]") {
  BackupsWorld world;
  const std::string path = world.AddBackup(3);
  world.Change(path, [](database::Manifest& manifest) { manifest.verified_at = Time(); });
  const Outcome verified = world.Do("backup.verify", world.Verify(path));
  INFO(MessageOf(verified));
  REQUIRE(verified);
  CHECK(verified.output()["verified_at"] == Value("2026-09-21T14:13:20Z"));
  CHECK(database::TimeText(*database::ReadManifest(path)->verified_at) == "2026-09-21T14:13:20Z");
}

TEST_CASE("a backup that came without manifest gets one when it is good", "[actions][backup]") {
  BackupsWorld world;
  const std::string path = world.Path("backups/health_20260901.db");
  std::filesystem::copy_file(world.database(), path);
  REQUIRE(world.Do("backup.verify", world.Verify(path)));
  const auto manifest = database::ReadManifest(path);
  REQUIRE(manifest);
  CHECK(manifest->content.tables.at("metrics") == 10);
  CHECK(database::TimeText(manifest->taken_at) == "2026-09-01T00:00:00Z");
  CHECK(manifest->verified_at);
  CHECK(world.Do("database.rehearse_restore", world.WithBackup(path)));
}

TEST_CASE("a backup that is found bad counts as good no more", "[actions][backup]") {
  BackupsWorld world;
  const std::string path = world.AddBackup(1);
  SECTION("because its bytes changed, though SQLite finds nothing") {
    // The user version in the header: no structure is touched.
    testing::Overwrite(path, 60, std::string("\0\0\0\x09", 4));
  }
  SECTION("because a page is damaged") { testing::ZeroPage(path, 4096 * 2); }
  SECTION("because it lacks a table that the target has") {
    world.Change(path, [](database::Manifest& manifest) { manifest.content.tables["more"] = 1; });
  }
  const Outcome bad = world.Do("backup.verify", world.Verify(path));
  REQUIRE_FALSE(bad);
  CHECK(bad.failure().error.code == Code::kDataLoss);
  const auto manifest = database::ReadManifest(path);
  REQUIRE(manifest);
  CHECK_FALSE(manifest->verified_at);
  CHECK_FALSE(manifest->findings.empty());
  const Outcome chosen = world.Do("backup.choose", world.WithBackups());
  REQUIRE_FALSE(chosen);
  CHECK(chosen.failure().error.code == Code::kNotFound);
}

TEST_CASE("a suspect backup stays suspect, whatever its file looks like", "[actions][backup]") {
  BackupsWorld world;
  const std::string path = world.AddBackup(1);
  world.Change(path, [](database::Manifest& manifest) { manifest.suspect = true; });
  const Outcome verified = world.Do("backup.verify", world.Verify(path));
  REQUIRE_FALSE(verified);
  CHECK(verified.failure().error.code == Code::kFailedPrecondition);
  CHECK(database::ReadManifest(path)->suspect);
}

// Does something when it is asked for the time: backup.verify asks when it has looked at all of it.
class BusyClock final : public Clock {
 public:
  explicit BusyClock(std::function<void()> meanwhile) : meanwhile_(std::move(meanwhile)) {}
  Time Now() const override {
    meanwhile_();
    return testing::FixedClock().Now();
  }

 private:
  std::function<void()> meanwhile_;
};

TEST_CASE("what is replaced or taken away while it is looked at gets no manifest of what was there",
          "[actions][backup]") {
  BackupsWorld world;
  const std::string path = world.AddBackup(1);
  const auto verify = [&](std::function<void()> meanwhile) {
    const BusyClock clock(std::move(meanwhile));
    const Context context{.inputs = world.Verify(path),
                          .key = "R-1/verify/1",
                          .undo = {},
                          .checkpoint = {},
                          .fencing_token = 0,
                          .clock = clock,
                          .deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1),
                          .stop = {},
                          .policy = world.policy,
                          .log = [](std::string_view) {}};
    return world.Find("backup.verify").Apply(context);
  };
  SECTION("replaced by a second backup of the day") {
    const Outcome verified = verify([&] {
      std::filesystem::copy_file(world.database(), path + ".new");
      std::filesystem::rename(path + ".new", path);
      world.Change(path, [](database::Manifest& manifest) { manifest.key = "R-2/backup/1"; });
    });
    REQUIRE_FALSE(verified);
    CHECK(verified.failure().error.code == Code::kAborted);
    CHECK(database::ReadManifest(path)->key == "R-2/backup/1");
  }
  SECTION("pruned") {
    const Outcome verified = verify([&] {
      std::filesystem::remove(path);
      std::filesystem::remove(database::ManifestPath(path));
    });
    REQUIRE_FALSE(verified);
    CHECK_FALSE(std::filesystem::exists(database::ManifestPath(path)));
  }
}

}  // namespace
}  // namespace recourse

#include <utime.h>

#include "actions/host/host.h"
#include "tests/unit/actions/world.h"

namespace recourse {
namespace {

using testing::MessageOf;
using testing::World;

constexpr std::string_view kPatterns =
    R"({"error": "ERROR", "slow": "SLOW QUERY", "warning": "(?i)\\bwarn"})";

class Logs : public World {
 public:
  Logs() : World(AddHostActions) {}

  Outcome Scan(const std::string& more = "", const std::string& paths = "app.log*") {
    return DoJson("host.log_scan", R"({"paths": [")" + Path(paths) + R"("], "patterns": )" +
                                       std::string(kPatterns) + more + "}");
  }
  std::int64_t Count(const Outcome& outcome, std::string_view name) {
    INFO(MessageOf(outcome));
    REQUIRE(outcome);
    return outcome.output()["counts"].IntOr(name, -1);
  }
  void WrittenBefore(const std::string& name, int seconds) const {
    const std::time_t then = std::time(nullptr) - seconds;
    const utimbuf times{then, then};
    REQUIRE(utime(Path(name).c_str(), &times) == 0);
  }
};

// World's clock says 2026-09-21T14:13:20Z.
constexpr const char* kToday =
    "2026-09-21 10:00:00,001 ERROR database is locked after 35 ms\n"
    "2026-09-21 13:00:00,002 WARNING cache misses\n"
    "2026-09-21 14:00:00,003 ERROR database is locked after 1200 ms\n"
    "Traceback ERROR of line 12\n"
    "2026-09-21 14:10:00,004 SLOW QUERY 900 ms\n";

TEST_CASE("host.log_scan counts lines and tells the most frequent messages", "[actions][host]") {
  Logs logs;
  logs.Write("app.log", kToday);
  const Outcome scanned = logs.Scan();
  CHECK(logs.Count(scanned, "error") == 3);
  CHECK(logs.Count(scanned, "warning") == 1);
  CHECK(logs.Count(scanned, "slow") == 1);
  CHECK(scanned.output()["lines"] == Value(5));
  const Value& top = scanned.output()["top"]["error"].as_list()[0];
  CHECK(top["message"] == Value("<time> ERROR database is locked after <n> ms"));
  CHECK(top["count"] == Value(2));
  CHECK_THAT(top["example"].as_string(), Catch::EndsWith("after 1200 ms"));
  CHECK(scanned.output()["last"]["error"] == Value("Traceback ERROR of line 12"));
  CHECK(scanned.output()["truncated"] == Value(false));
  CHECK(scanned.output()["level"] == Value("ok"));
}

TEST_CASE("host.log_scan looks at what is new, or at the last lines, alone", "[actions][host]") {
  Logs logs;
  logs.Write("app.log", kToday);
  SECTION("since some time ago; a line without a time goes with the one before") {
    const Outcome recent = logs.Scan(R"(, "since": "20m")");
    CHECK(logs.Count(recent, "error") == 2);
    CHECK(recent.output()["lines"] == Value(3));
    CHECK(recent.output()["without_time"] == Value(1));
  }
  SECTION("since a point in time, in a log of another zone") {
    CHECK(logs.Count(logs.Scan(R"(, "since": "2026-09-21T11:30:00Z", "utc_offset": "+02:00")"),
                     "error") == 2);
  }
  SECTION("the last lines") {
    const Outcome last = logs.Scan(R"(, "lines": 2)");
    CHECK(last.output()["lines"] == Value(2));
    CHECK(logs.Count(last, "error") == 1);
  }
  SECTION("without what is to be passed over") {
    CHECK(logs.Count(logs.Scan(R"(, "ignore": ["Traceback", "1200 ms"])"), "error") == 1);
  }
}

TEST_CASE("host.log_scan reads rotated files, compressed ones too, the newest to the end",
          "[actions][host]") {
  Logs logs;
  logs.Write("app.log.2", "ERROR first\n");
  REQUIRE(std::system(("gzip " + logs.Path("app.log.2")).c_str()) == 0);
  logs.Write("app.log.1", "ERROR second\nERROR third, without an end of the line");
  logs.Write("app.log", "INFO\nERROR fourth\n");
  logs.WrittenBefore("app.log.2.gz", 200);
  logs.WrittenBefore("app.log.1", 100);
  const Outcome all = logs.Scan();
  CHECK(logs.Count(all, "error") == 4);
  CHECK(all.output()["last"]["error"] == Value("ERROR fourth"));
  REQUIRE(all.output()["files"].as_list().size() == 3);
  CHECK(all.output()["files"].as_list()[0]["path"] == Value(logs.Path("app.log.2.gz")));
  CHECK(all.output()["files"].as_list()[0]["bytes"] == Value(12));

  SECTION("as far as its limit of bytes goes, and it says so") {
    const Outcome cut = logs.Scan(R"(, "bytes_max": 60)");
    CHECK(logs.Count(cut, "error") == 2);
    CHECK(cut.output()["last"]["error"] == Value("ERROR fourth"));
    CHECK(cut.output()["truncated"] == Value(true));
  }
  SECTION("a compressed one that is damaged is said") {
    std::ofstream(logs.Path("app.log.2.gz"), std::ios::in | std::ios::out).seekp(24).write("XX", 2);
    const Outcome damaged = logs.Scan();
    REQUIRE_FALSE(damaged);
    CHECK(damaged.failure().error.code == Code::kDataLoss);
  }
}

TEST_CASE("host.log_scan reads a packed file of several members to its end", "[actions][host]") {
  Logs logs;
  // As tools do that append to a packed log.
  logs.Write("one", "ERROR first\nERROR second\nERROR third\nERROR fourth\n");
  logs.Write("two", "ERROR last\n");
  const std::string file = logs.Path("app.log.1.gz");
  for (const std::string part : {"one", "two"}) {
    REQUIRE(std::system(("gzip -c " + logs.Path(part) + " >> " + file).c_str()) == 0);
  }
  SECTION("all of it") {
    const Outcome all = logs.Scan();
    CHECK(logs.Count(all, "error") == 5);
    CHECK(all.output()["last"]["error"] == Value("ERROR last"));
    CHECK(all.output()["truncated"] == Value(false));
  }
  SECTION("its last lines, when no more are to be read") {
    const Outcome tail = logs.Scan(R"(, "bytes_max": 30)");
    CHECK(logs.Count(tail, "error") == 2);
    CHECK(tail.output()["last"]["error"] == Value("ERROR last"));
    CHECK(tail.output()["truncated"] == Value(true));
  }
  SECTION("as far as it goes, when its end is missing") {
    std::filesystem::resize_file(file, std::filesystem::file_size(file) - 4);
    const Outcome cut = logs.Scan();
    CHECK(logs.Count(cut, "error") >= 4);
    CHECK(cut.output()["truncated"] == Value(true));
  }
  SECTION("not at all, when newer ones are as much as may be read") {
    logs.Write("app.log", "ERROR newest\n");
    logs.WrittenBefore("app.log.1.gz", 100);
    const Outcome newest = logs.Scan(R"(, "bytes_max": 13)");
    CHECK(logs.Count(newest, "error") == 1);
    CHECK(newest.output()["truncated"] == Value(true));
  }
}

TEST_CASE("host.log_scan fails with the facts when there is too much of something",
          "[actions][host]") {
  Logs logs;
  logs.Write("app.log", kToday);
  const Outcome failed = logs.Scan(R"(, "fail": {"error": 3}, "warn": {"slow": 1})");
  REQUIRE_FALSE(failed);
  CHECK(failed.failure().error.code == Code::kFailedPrecondition);
  CHECK_THAT(failed.failure().error.message,
             Catch::Contains("3 lines match \"error\" (the last: Traceback ERROR of line 12); the "
                             "threshold is 3"));
  CHECK(failed.failure().evidence["counts"]["slow"] == Value(1));
}

TEST_CASE("host.log_scan tells what it cannot do, and counts nothing instead", "[actions][host]") {
  Logs logs;
  const auto refused = [&](const Outcome& outcome) {
    REQUIRE_FALSE(outcome);
    return outcome.failure().error;
  };
  CHECK(refused(logs.Scan()).code == Code::kNotFound);
  CHECK(logs.Count(logs.Scan(R"(, "missing_ok": true)"), "error") == 0);
  logs.Write("app.log", "no time here\n");
  CHECK_THAT(refused(logs.Scan(R"(, "since": "1h")")).message,
             Catch::Contains("no line has a time") && Catch::Contains("docs/hosts.md"));
  CHECK(logs.Scan(R"(, "since": "", "lines": 0)").output()["lines"] == Value(1));
  CHECK_THAT(refused(logs.Scan(R"(, "fail": {"eror": 3})")).message,
             Catch::Contains("there is no pattern \"eror\""));
  CHECK(refused(logs.Scan(R"(, "since": "yesterday")")).code == Code::kInvalidArgument);
  CHECK(refused(logs.Scan(R"(, "ignore": ["("])")).code == Code::kInvalidArgument);
  logs.Write("app.log.xz", "x");
  CHECK(refused(logs.Scan()).code == Code::kFailedPrecondition);
  logs.policy.allowed_roots = {"/nowhere"};
  CHECK(refused(logs.Scan()).code == Code::kPermissionDenied);
}

}  // namespace
}  // namespace recourse

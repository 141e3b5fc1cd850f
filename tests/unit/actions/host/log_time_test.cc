#include "actions/host/log_time.h"

#include <catch2/catch.hpp>

#include "engine/base/text.h"

namespace recourse::host {
namespace {

std::string TimeIn(std::string_view line, std::chrono::seconds offset = {}) {
  const Time now = FromTimestamp(*ParseTimestamp("2026-01-02T00:00:00Z"));
  const auto time = LogClock(offset, now).TimeOf(line);
  return time ? FormatTimestamp(ToTimestamp(*time)) : "none";
}

TEST_CASE("the times of usual logs are read", "[actions][host]") {
  CHECK(TimeIn("2025-11-21T03:04:05.250Z ERROR x") == "2025-11-21T03:04:05.250Z");
  CHECK(TimeIn("2025-11-21T03:04:05+02:00 x") == "2025-11-21T01:04:05Z");
  CHECK(TimeIn("2025-11-21 03:04:05,123 - app - ERROR") == "2025-11-21T03:04:05.123Z");
  CHECK(TimeIn(R"({"level":"error","time":"2025-11-21T03:04:05Z"})") == "2025-11-21T03:04:05Z");
  CHECK(TimeIn("2025/11/21 03:04:05 [error] 12#12: *1 x") == "2025-11-21T03:04:05Z");
  CHECK(TimeIn(R"(1.2.3.4 - - [21/Nov/2025:03:04:05 +0100] "GET / HTTP/1.1")") ==
        "2025-11-21T02:04:05Z");
  CHECK(TimeIn("12:M 21 Nov 2025 03:04:05.678 * Ready") == "2025-11-21T03:04:05.678Z");
  CHECK(TimeIn("[Fri Nov 21 03:04:05.5 2025] [core:error]") == "2025-11-21T03:04:05.500Z");
  CHECK(TimeIn("Nov 21 03:04:05 host app[1]: x") == "2025-11-21T03:04:05Z");
  CHECK(TimeIn("Jan  1 23:04:05 host app[1]: x") == "2026-01-01T23:04:05Z");
}

TEST_CASE("a time without an offset is in the one that is said", "[actions][host]") {
  CHECK(TimeIn("2025-11-21 03:04:05 x", std::chrono::hours(2)) == "2025-11-21T01:04:05Z");
  CHECK(TimeIn("2025-11-21 03:04:05Z x", std::chrono::hours(2)) == "2025-11-21T03:04:05Z");
}

TEST_CASE("what is no time is none", "[actions][host]") {
  CHECK(TimeIn("Traceback (most recent call last):") == "none");
  CHECK(TimeIn("2025-13-41 03:04:05 x") == "none");
  CHECK(TimeIn(std::string(300, 'x') + "2025-11-21 03:04:05") == "none");
}

TEST_CASE("messages of one kind fold into one", "[actions][host]") {
  CHECK(FoldMessage("2025-11-21 03:04:05,123 ERROR database is locked after 35 ms") ==
        "<time> ERROR database is locked after <n> ms");
  CHECK(FoldMessage("user 4711 from 203.0.113.7:5050 failed") == "user <n> from <address> failed");
  CHECK(FoldMessage("request 0b3c1d2e-1111-2222-3333-444455556666 took 1.5s") ==
        "request <id> took <n>.<n>s");
  CHECK(FoldMessage("block deadbeef42 worker3") == "block <id> worker<n>");
}

TEST_CASE("offsets from UTC are read", "[actions][host]") {
  CHECK(ParseUtcOffset("+05:30").value() == std::chrono::minutes(330));
  CHECK(ParseUtcOffset("-0200").value() == -std::chrono::hours(2));
  CHECK_FALSE(ParseUtcOffset("CET"));
  CHECK_FALSE(ParseUtcOffset("+99:00"));
}

}  // namespace
}  // namespace recourse::host

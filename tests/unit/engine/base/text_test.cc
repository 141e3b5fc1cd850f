#include "engine/base/text.h"

#include <catch2/catch.hpp>

namespace recourse {

using namespace std::chrono_literals;
using std::chrono::microseconds;

TEST_CASE("durations are read as people write them", "[base]") {
  CHECK(*ParseDuration("90s") == 90s);
  CHECK(*ParseDuration("1h30m") == 90min);
  CHECK(*ParseDuration("1.5h") == 90min);
  CHECK(*ParseDuration("2d") == 48h);
  CHECK(*ParseDuration("250ms") == 250ms);
  for (const char* bad : {"", "5", "s", "-5s", "5m1h", "5 s", "5x", "1e3s", "5s5s", "1e400d"}) {
    INFO(bad);
    CHECK_FALSE(ParseDuration(bad));
  }
}

TEST_CASE("a duration's text is read back as the same duration", "[base]") {
  for (const microseconds span :
       {microseconds(0), microseconds(1), microseconds(90s), microseconds(26h + 3min + 4us)}) {
    CHECK(*ParseDuration(FormatDuration(span)) == span);
  }
  CHECK(FormatDuration(microseconds(90min)) == "1h30m");
}

TEST_CASE("durations for people have at most two units", "[base]") {
  CHECK(HumanDuration(340us) == "0.3 ms");
  CHECK(HumanDuration(1200ms) == "1.2 s");
  CHECK(HumanDuration(250s) == "4 min 10 s");
  CHECK(HumanDuration(11100s) == "3 h 5 min");
  CHECK(HumanDuration(59970ms) == "1 min");
}

TEST_CASE("times are RFC 3339 with any offset", "[base]") {
  const auto time = ParseTimestamp("2026-11-21T05:04:05.25+02:00");
  REQUIRE(time);
  CHECK(FormatTimestamp(*time) == "2026-11-21T03:04:05.250Z");
  CHECK(FormatTimestamp(*ParseTimestamp("0001-01-01T00:00:00Z")) == "0001-01-01T00:00:00Z");
  for (const char* bad : {"2026-02-30T00:00:00Z", "2026-11-21", "2026-11-21T25:00:00Z",
                          "2026-11-21T00:00:00", "0001-01-01T00:00:00+01:00", "x"}) {
    INFO(bad);
    CHECK_FALSE(ParseTimestamp(bad));
  }
}

TEST_CASE("sizes are powers of two", "[base]") {
  CHECK(HumanBytes(512) == "512 B");
  CHECK(HumanBytes(1536) == "1.5 KiB");
  CHECK(HumanBytes(1048576) == "1.0 MiB");
}

TEST_CASE("UTF-8 is checked to the last byte", "[base]") {
  CHECK(IsUtf8("ä€🐱"));
  for (const char* bad : {"\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "a\x80"}) {
    CHECK_FALSE(IsUtf8(bad));
  }
}

TEST_CASE("a slip of the keys finds the name that was meant", "[base]") {
  const std::vector<std::string> names = {"timeout", "retry", "when", "with"};
  CHECK(Nearest("tiemout", names) == "timeout");
  CHECK(Nearest("retyr", names) == "retry");
  CHECK(Nearest("completely", names) == "");
}

TEST_CASE("a text in a command is one word of it, whatever it holds", "[base]") {
  CHECK(ShellWord("/var/lib/recourse/journal.db") == "/var/lib/recourse/journal.db");
  CHECK(ShellWord("/srv/my data") == "'/srv/my data'");
  CHECK(ShellWord("$(reboot); it's") == "'$(reboot); it'\\''s'");
  CHECK(ShellWord("~root") == "'~root'");
  CHECK(ShellWord("") == "''");
}

}  // namespace recourse

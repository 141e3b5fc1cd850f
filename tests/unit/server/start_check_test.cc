#include "server/start_check.h"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "server/port_holder.h"
#include "tests/unit/server/fixture.h"

namespace recourse::server {

TEST_CASE("the check at the start counts the events whose hashes it has looked at", "[server]") {
  RunningServer running;
  auto reader = running.journal->OpenReader();
  REQUIRE(reader);
  auto empty = CheckTail(**reader, running.clock.Now());
  REQUIRE(empty);
  CHECK(empty->events == 0);
  running.Start("echo");
  const auto last = (*reader)->LastPosition();
  REQUIRE(last);
  auto check = CheckTail(**reader, running.clock.Now());
  REQUIRE(check);
  CHECK(check->events == *last);
  CHECK(check->problems == 0);
  CHECK(check->first_problem.empty());
  CHECK_FALSE(check->whole);
}

TEST_CASE("who listens on a port is known by pid and, of a server, by its data", "[server]") {
  RunningServer running;
  const std::string address = running.server->address();
  const PortHolder holder = HolderOfPort(std::stoi(address.substr(address.rfind(':') + 1)));
  CHECK(holder.who.find("(pid " + std::to_string(getpid())) != std::string::npos);
  CHECK(holder.data == running.directory.path());
  CHECK(HolderOfPort(1).who.empty());
}

TEST_CASE("a start that finds the journal damaged says what to type about it", "[server]") {
  const Error error =
      WithAdvice(DataLoss("check the end of the journal: malformed"), "/srv/my data/journal.db");
  CHECK(error.code == Code::kDataLoss);
  CHECK_THAT(error.message,
             Catch::Contains("malformed.\n") &&
                 Catch::Contains("recourse journal verify --file '/srv/my data/journal.db'\n") &&
                 Catch::Contains("\"Backup of the journal\" in docs/operations.md"));
}

}  // namespace recourse::server

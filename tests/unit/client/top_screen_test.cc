#include "client/cli/top_screen.h"

#include <catch2/catch.hpp>

namespace recourse::cli {
namespace {

using Catch::Contains;
using namespace std::chrono_literals;

const Time kNow = FromTimestamp({1'800'000'000, 0});

google::protobuf::Timestamp Ago(std::chrono::seconds span) {
  google::protobuf::Timestamp stamp;
  stamp.set_seconds(ToTimestamp(kNow - span).seconds);
  return stamp;
}

v1::Run Working(const std::string& id, std::chrono::seconds since) {
  v1::Run run;
  run.set_id(id);
  run.set_workflow("recovery");
  run.set_step("restore");
  run.set_status(v1::RUN_STATUS_RUNNING);
  *run.mutable_change_time() = Ago(since);
  return run;
}

v1::Run Waiting(const std::string& id, std::chrono::seconds since, const std::string& reason) {
  v1::Run run = Working(id, 0s);
  run.set_status(v1::RUN_STATUS_WAITING);
  run.set_step("confirm");
  run.add_open_approvals("A-7");
  run.mutable_waiting()->set_reason(reason);
  run.mutable_waiting()->set_who("dba or incident-commander");
  run.mutable_waiting()->set_for_person(true);
  *run.mutable_waiting()->mutable_since() = Ago(since);
  return run;
}

TopState Known() {
  TopState state;
  state.server = "context prod, 10.0.0.7:7373";
  state.now = kNow;
  state.known_at = kNow;
  state.info.emplace();
  state.info->set_version("0.1.0");
  state.info->set_journal_writable(true);
  *state.info->mutable_start_time() = Ago(3h);
  state.watched = 60s;
  state.finished = 12;
  return state;
}

std::string Text(const TopState& state, std::size_t width, std::size_t height) {
  std::string text;
  for (const ScreenLine& line : TopLines(state, width, height)) text += line.text + "\n";
  return text;
}

}  // namespace

TEST_CASE("whoever looks sees first what waits for a person, with whom, what and since when",
          "[client]") {
  TopState state = Known();
  state.runs = {Working("R-3", 75s), Waiting("R-2", 5min, "approval A-7: Restore?"),
                Waiting("R-1", 10min, "approval A-6: Go on?")};
  CHECK(Text(state, 100, 24) ==
        "08:00:00 UTC  context prod, 10.0.0.7:7373\n"
        "server   0.1.0, up 3 h, 0 attempts at work, 0 inputs waiting, journal 0 B\n"
        "runs     3 open: 1 at work; 12 finished in the last minute\n"
        "people   2 runs wait for a person; need attention: 0, open approvals: 2\n"
        "\n"
        "RUN  STATUS   FOR         WORKFLOW AT STEP     WAITS FOR\n"
        "R-1  WAITING  10 min      recovery at confirm  dba or incident-commander: approval A-6: "
        "Go on?\n"
        "R-2  WAITING  5 min       recovery at confirm  dba or incident-commander: approval A-7: "
        "Restore?\n"
        "R-3  RUNNING  1 min 15 s  recovery at restore\n"
        "q quits\n");
}

TEST_CASE("nothing is wider or higher than the terminal, whatever its size", "[client]") {
  TopState state = Known();
  for (int i = 0; i < 50; ++i) {
    state.runs.push_back(Waiting("R-" + std::to_string(1000 + i), 5min,
                                 "approval A-7: \u6570\u636e\u5e93 " + std::string(300, 'x')));
  }
  for (const std::size_t width : {1, 2, 10, 40, 80, 81, 200}) {
    for (const std::size_t height : {1, 2, 5, 6, 7, 8, 24, 60}) {
      const auto lines = TopLines(state, width, height);
      INFO(width << "x" << height);
      CHECK(lines.size() <= height);
      for (const ScreenLine& line : lines) CHECK(Width(line.text) <= width);
    }
  }
  CHECK_THAT(Text(state, 80, 24), Contains("q quits; 17 of 50 open runs are shown"));
}

TEST_CASE("in 80 columns who is asked can be read", "[client]") {
  TopState state = Known();
  state.runs = {Waiting("R-1042", 5min, "approval A-381: Restore shop.db over /srv/shop.db?")};
  CHECK_THAT(Text(state, 80, 24),
             Contains("R-1042  WAITING  5 min  recovery at confirm  dba or incident-"));
}

TEST_CASE("a server that is gone is told first, with how old the rest is", "[client]") {
  TopState state = Known();
  state.runs = {Working("R-3", 75s)};
  state.known_at = kNow - 42s;
  state.problem = "no server answers at the socket /x";
  const std::string text = Text(state, 120, 24);
  CHECK_THAT(text, Contains("server   gone for 42 s; below is what was known at 07:59:18"));
  CHECK_THAT(text, Contains("no server answers at the socket /x"));
  CHECK_THAT(text, Contains("R-3"));
  state.known_at.reset();
  CHECK_THAT(Text(state, 120, 24), Contains("server   not there"));
}

TEST_CASE("what a server sends cannot steer the terminal or make up lines", "[client]") {
  TopState state = Known();
  state.runs = {Waiting("R-1", 5min, "approval A-7: \x1b[2J\nR-9  SUCCEEDED \xe2\x80\xae\xc2\x9b")};
  const auto lines = TopLines(state, 200, 24);
  CHECK(lines.size() == 8);
  const std::string text = Text(state, 200, 24);
  CHECK_THAT(text, Contains("\\x1b[2J R-9"));
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("\xc2\x9b") == std::string::npos);
  CHECK(text.find("\xe2\x80\xae") == std::string::npos);
}

TEST_CASE("a principal who may not ask for the server's state is told so", "[client]") {
  TopState state = Known();
  state.info.reset();
  CHECK_THAT(Text(state, 80, 24), Contains("answers; more is told to the role admin"));
}

}  // namespace recourse::cli

#include <catch2/catch.hpp>

#include "tests/unit/engine/runtime/fixture.h"

namespace recourse::runtime {
namespace {

using Rows = std::vector<journal::OutboxRow>;

}  // namespace

TEST_CASE_METHOD(EngineFixture, "a notification is stored for each channel that is told of it",
                 "[runtime]") {
  options.route = [](const machine::Notify& notify, const journal::RunRow& row) {
    return notify.event == "approval_requested" && row.workflow == "parks"
               ? std::vector<std::string>{"mail", "pager"}
               : std::vector<std::string>();
  };
  AddWorkflow(kParks);
  StartEngine();
  const RunId run = Begin("parks");
  const auto reader = OpenReader();
  for (const std::string channel : {"mail", "pager"}) {
    const auto unsent = reader->UnsentNotifications(channel, 10);
    REQUIRE(unsent);
    REQUIRE(unsent->size() == 1);
    CHECK(unsent->front().event == "approval_requested");
    CHECK(unsent->front().run == run);
    CHECK_THAT(unsent->front().text, Catch::Contains("R-1"));
  }
}

TEST_CASE_METHOD(EngineFixture, "nothing is told where there is no channel", "[runtime]") {
  AddWorkflow(kParks);
  StartEngine();
  Begin("parks");
  CHECK(OpenReader()->UnsentNotifications("", 10)->empty());
  CHECK(OpenReader()->UnsentNotifications("mail", 10)->empty());
}

TEST_CASE_METHOD(
    EngineFixture,
    "what a step says to a channel is stored once, with its success, also across a crash",
    "[runtime]") {
  Scripted& send = AddAction("test.send");
  send.spec.sends = true;
  Gate gate;
  send.apply = [&](const Context& context) -> Outcome {
    if (!gate.Pass(context.stop)) return context.StopError();
    return Value::Object(
        {{"channel", "mail"}, {"subject", "Daily check"}, {"text", "all is well\nreally"}});
  };
  AddWorkflow("name: tells\nsteps: [{id: tell, action: test.send}]\n");
  StartEngine();
  const RunId run = Begin("tells");
  gate.WaitFor(1);
  CHECK(OpenReader()->UnsentNotifications("mail", 10)->empty());
  Crash();
  StartEngine();
  gate.Open();
  Settle(run);
  const auto unsent = OpenReader()->UnsentNotifications("mail", 10);
  REQUIRE(unsent);
  REQUIRE(unsent->size() == 1);
  CHECK(unsent->front().event == machine::kMessage);
  CHECK(unsent->front().text == "Daily check\n\nall is well\nreally");
  // In the same commit: it has the position of what that commit wrote last.
  CHECK(unsent->front().position == OpenReader()->EventsOfRun(run, 0, 100)->back().position);
}

TEST_CASE_METHOD(EngineFixture,
                 "what undoes a step can say so, and a step that failed says nothing",
                 "[runtime]") {
  Scripted& send = AddAction("test.send");
  send.spec.sends = true;
  send.apply = [](const Context& context) -> Outcome {
    return Value::Object({{"channel", "mail"}, {"text", context.inputs.StringOr("text", "")}});
  };
  Scripted& fails = AddAction("test.fails");
  fails.spec.sends = true;
  fails.apply = [](const Context&) -> Outcome { return NotFound("there is no channel \"x\""); };
  AddAction("test.work");
  AddWorkflow(R"(
name: undone
steps:
  - {id: work, action: test.work, compensate: {action: test.send, with: {text: it is undone}}}
  - {id: broken, action: test.fails}
)");
  StartEngine();
  Settle(Begin("undone"));
  const auto unsent = OpenReader()->UnsentNotifications("mail", 10);
  REQUIRE(unsent->size() == 1);
  CHECK(unsent->front().text == "it is undone");
  CHECK(OpenReader()->UnsentChannels()->size() == 1);
}

TEST_CASE_METHOD(EngineFixture, "what has come of a notification is kept", "[runtime]") {
  options.route = [](const machine::Notify&, const journal::RunRow&) {
    return std::vector<std::string>{"mail"};
  };
  AddWorkflow(kParks);
  StartEngine();
  Begin("parks");
  Rows rows = *OpenReader()->UnsentNotifications("mail", 10);
  REQUIRE_FALSE(rows.empty());
  for (journal::OutboxRow& row : rows) row.sent = clock.Now();
  Answer<void> noted;
  engine().NoteNotifications(rows, noted.Callback());
  CHECK(noted.Get());
  CHECK(OpenReader()->UnsentNotifications("mail", 10)->empty());

  // Also by the next server.
  StopEngine();
  StartEngine();
  CHECK(OpenReader()->UnsentNotifications("mail", 10)->empty());
}

}  // namespace recourse::runtime

// In which order notifications arrive, and how many of them as one message.
#include <algorithm>

#include "engine/base/json.h"
#include "tests/unit/server/notify/told.h"

namespace recourse::notify {
namespace {

// Run and event of all that has arrived, in its order.
std::vector<std::pair<std::string, std::string>> Arrived(const std::vector<std::string>& bodies) {
  std::vector<std::pair<std::string, std::string>> all;
  for (const std::string& body : bodies) {
    const Value parsed = *ParseJson(body);
    for (const Value& one : parsed["notifications"].as_list()) {
      all.emplace_back(one["run"].StringOr("id", ""), one.StringOr("event", ""));
    }
  }
  return all;
}

constexpr const char* kInOrder[] = {"approval_requested", "attended"};

}  // namespace

TEST_CASE_METHOD(
    Told, "messages about one run arrive in their order, also when some are refused at first",
    "[notify]") {
  sink.Answer(503);
  Tell("kind: webhook, signing_secret: hook, digest_after: 0, url: \"" + sink.url() + "\"");
  for (int i = 1; i <= 3; ++i) {
    Begin("parks");
    REQUIRE(Decide(ApprovalId{i}, machine::Vote::kApprove).Get());
    sink.WaitForAsked(i);
    REQUIRE(courier->Retry("it"));
  }
  sink.Answer(200);
  REQUIRE(courier->Retry("it"));
  const auto arrived = Arrived(sink.Bodies(6));
  for (const std::string run : {"R-1", "R-2", "R-3"}) {
    std::vector<std::string> events;
    for (const auto& [of, event] : arrived) {
      if (of == run) events.push_back(event);
    }
    CHECK(std::equal(events.begin(), events.end(), std::begin(kInOrder), std::end(kInOrder)));
  }
}

TEST_CASE_METHOD(
    Told, "a storm that is too large for one message is told in several, and nothing is given up",
    "[notify]") {
  sink.Answer(503);
  Tell("kind: webhook, signing_secret: hook, digest_after: 3, url: \"" + sink.url() + "\"");
  for (int i = 0; i < 12; ++i) Begin("parks");
  sink.WaitForAsked(1);
  sink.TakeAtMost(2000);
  sink.Answer(200);
  REQUIRE(courier->Retry("it"));
  Until([&] { return AllSent(); });
  CHECK(Undelivered().empty());
  const auto bodies = sink.Bodies(2);
  CHECK(bodies.size() < 12);
  const auto arrived = Arrived(bodies);
  REQUIRE(arrived.size() == 12);
  CHECK(arrived[0].first == "R-1");
  CHECK(arrived[11].first == "R-12");
}

TEST_CASE_METHOD(Told, "what a step says stays a message of its own in a storm", "[notify]") {
  runtime::Scripted& send = AddAction("test.send");
  send.spec.sends = true;
  send.apply = [](const Context&) -> Outcome {
    return Value::Object({{"channel", "it"}, {"subject", "Report"}, {"text", "line 1\nline 2"}});
  };
  AddWorkflow("name: tells\nsteps: [{id: tell, action: test.send}]\n");
  sink.Answer(503);
  Tell("kind: webhook, signing_secret: hook, digest_after: 3, url: \"" + sink.url() + "\"");
  for (int i = 0; i < 3; ++i) Begin("parks");
  Settle(Begin("tells"));
  for (int i = 0; i < 3; ++i) Begin("parks");
  sink.WaitForAsked(1);
  sink.Answer(200);
  REQUIRE(courier->Retry("it"));
  Until([&] { return AllSent(); });
  bool alone = false;
  for (const std::string& body : sink.Bodies(3)) {
    const Value parsed = *ParseJson(body);
    const Value::List& list = parsed["notifications"].as_list();
    if (list[0]["event"] != Value("message")) continue;
    alone = list.size() == 1 && list[0]["message"] == Value("Report\n\nline 1\nline 2");
  }
  CHECK(alone);
}

}  // namespace recourse::notify

#include "client/chatops/mattermost/context.h"

#include <catch2/catch.hpp>

#include "engine/base/json.h"

namespace recourse::chatops::mattermost {
namespace {

const std::string kKey(32, 'k');
const Meant kApprove{.action = "approve",
                     .about = "A-381",
                     .digest = "d1",
                     .channel = "ops",
                     .asks_reason = false,
                     .asks_code = false};

TEST_CASE("a button's context proves what it means, after a restart too", "[chatops][mattermost]") {
  const Value context = ContextOf(kApprove, kKey);
  CHECK(ReadContext(context, kKey) == kApprove);
  CHECK(ReadContext(*ParseJson(ToJson(context)), kKey) == kApprove);
  CHECK(context["secret"].as_string().size() == 64);
  CHECK_FALSE(ReadContext(context, std::string(32, 'x')));
}

TEST_CASE("the secret of one approval fits no other, and nothing of it can be changed",
          "[chatops][mattermost]") {
  const Value context = ContextOf(kApprove, kKey);
  for (const auto& [member, value] :
       std::vector<std::pair<std::string, Value>>{{"about", "A-382"},
                                                  {"action", "reject"},
                                                  {"digest", "d2"},
                                                  {"channel", "another"},
                                                  {"reason", true},
                                                  {"code", true},
                                                  {"secret", ""},
                                                  {"secret", std::string(64, '0')}}) {
    CAPTURE(member);
    CHECK_FALSE(ReadContext(context.With(member, value), kKey));
  }
  CHECK_FALSE(ReadContext(Value(), kKey));
  CHECK_FALSE(ReadContext(Value::Object({}), kKey));
  Meant moved = kApprove;
  moved.about = "A-38";
  moved.digest = "1d1";
  CHECK(ContextOf(moved, kKey)["secret"] != context["secret"]);
}

TEST_CASE("a dialog's state is good for who was asked, and tells no button's secret",
          "[chatops][mattermost]") {
  const Asked asked{kApprove, "post1", "alice", "team1"};
  const std::string state = StateOf(asked, kKey);
  CHECK(ReadState(state, "alice", "team1", kKey) == asked);
  // A dialog that is opened again is another one, whatever is said in it.
  CHECK(StateOf({kApprove, "post1", "alice", "team1", "click2"}, kKey) != state);
  CHECK_FALSE(ReadState(state, "bob", "team1", kKey));
  CHECK_FALSE(ReadState(state, "alice", "team2", kKey));
  CHECK_FALSE(ReadState(state, "alice", "team1", std::string(32, 'x')));
  CHECK_FALSE(ReadState("", "alice", "team1", kKey));
  CHECK_FALSE(ReadState("[]", "alice", "team1", kKey));
  CHECK_FALSE(ReadContext(*ParseJson(state), kKey));
  const std::string secret = ContextOf(kApprove, kKey)["secret"].as_string();
  CHECK_THAT(state, !Catch::Contains(secret));
}

}  // namespace
}  // namespace recourse::chatops::mattermost

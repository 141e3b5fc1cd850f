// Who has to agree to an approval: groups, one-time codes, decisions that are taken back.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "player.h"

namespace recourse::machine {
namespace {

Player Asked(const std::string& approvers, const std::string& more = "") {
  Player player(
      "name: t\non_failure: fail\nsteps:\n  - {id: ask, approval: {prompt: 'Go on?', approvers: " +
      approvers + more + "}}\n  - {id: b, action: do.it}\n");
  player.Start();
  player.Send(PlanMade{0, Value::Object({{"bytes_needed", 5}})});
  REQUIRE(player.status() == RunStatus::kWaiting);
  return player;
}

CastVote Ballot(std::vector<std::string> roles, Vote vote = Vote::kApprove) {
  CastVote cast;
  cast.id = ApprovalId{381};
  cast.vote = vote;
  cast.reason = vote == Vote::kApprove ? "" : "because";
  cast.roles = std::move(roles);
  return cast;
}

bool Approved(const Player& player) { return player.status() == RunStatus::kRunning; }

AwaitingApproval With(std::vector<ApprovalRequested::Group> groups,
                      std::vector<std::vector<std::string>> voters) {
  AwaitingApproval awaiting;
  awaiting.request.groups = std::move(groups);
  for (std::size_t i = 0; i < voters.size(); ++i) {
    awaiting.votes.push_back({"p" + std::to_string(i), Vote::kApprove, "", "", Time(), voters[i]});
  }
  return awaiting;
}

}  // namespace

TEST_CASE("each group needs people of its own", "[machine]") {
  SECTION("two of one group are not one of each") {
    Player player = Asked("{dba: 1, owner: 1}");
    player.Vote("p1", Vote::kApprove, {"dba"});
    player.Vote("p2", Vote::kApprove, {"dba"});
    CHECK_FALSE(Approved(player));
    player.Vote("p3", Vote::kApprove, {"owner"});
    CHECK(Approved(player));
  }
  SECTION("one person with both roles counts once") {
    Player player = Asked("{dba: 1, owner: 1}");
    player.Vote("p1", Vote::kApprove, {"dba", "owner"});
    CHECK_FALSE(Approved(player));
    player.Vote("p2", Vote::kApprove, {"dba"});
    CHECK(Approved(player));
  }
  SECTION("why it waits says of whom how many are missing") {
    Player player = Asked("{dba: 2, owner: 1}");
    player.Vote("p1", Vote::kApprove, {"dba"});
    CHECK(WhyItWaits(player.workflow(), player.state())->who ==
          "1 of 3 approvals so far; still 1 of dba and 1 of owner");
    player.Vote("p2", Vote::kApprove, {"dba"});
    CHECK(WhyItWaits(player.workflow(), player.state())->who ==
          "2 of 3 approvals so far; still 1 of owner");
  }
  SECTION("any no of anybody asked ends it") {
    Player player = Asked("{dba: 1, owner: 1}");
    player.Vote("p1", Vote::kApprove, {"dba"});
    player.Vote("p2", Vote::kReject, {"owner"});
    CHECK(player.status() == RunStatus::kFailed);
  }
}

TEST_CASE("seats are given so that most people count", "[machine]") {
  using Groups = std::vector<ApprovalRequested::Group>;
  const Groups both{{"dba", 1}, {"owner", 1}};
  CHECK(IsGiven(With(both, {{"dba", "owner"}, {"dba"}})));
  CHECK(IsGiven(With(both, {{"dba"}, {"dba", "owner"}})));
  CHECK_FALSE(IsGiven(With(both, {{"dba"}, {"dba"}})));
  CHECK(IsGiven(With({{"a", 1}, {"b", 1}, {"c", 1}}, {{"a", "b"}, {"b", "c"}, {"a"}})));
  CHECK_FALSE(IsGiven(With({{"a", 2}, {"b", 1}}, {{"a", "b"}, {"b"}})));
  // One to whom it was escalated stands in for anybody who was asked.
  CHECK(IsGiven(With(both, {{"level-3"}, {"owner"}})));
}

TEST_CASE("a one-time code is asked for where the approval says so", "[machine]") {
  Player player = Asked("[dba]", ", second_factor: true");
  const Error refused = player.Refused(Ballot({"dba"}), "p1");
  CHECK(refused.code == Code::kPermissionDenied);
  CHECK(refused.message.find("code: ") == 0);
  CastVote with_code = Ballot({"dba"});
  with_code.second_factor = true;
  player.Send(with_code, "p1");
  CHECK(Approved(player));
}

TEST_CASE("a decision is taken back while the approval is open", "[machine]") {
  Player player = Asked("[dba]", ", quorum: 2");
  player.Vote("p1", Vote::kApprove);
  CHECK(player.Refused(Ballot({"dba"}, Vote::kWithdraw), "p2").code == Code::kFailedPrecondition);
  player.Send(Ballot({"dba"}, Vote::kWithdraw), "p1");
  player.Vote("p2", Vote::kApprove);
  CHECK_FALSE(Approved(player));
  player.Vote("p1", Vote::kApprove);
  CHECK(Approved(player));
}

TEST_CASE("an approval that was given is taken back until the next step starts", "[machine]") {
  SECTION("while the run is paused: it is asked anew, and nothing has begun") {
    Player player = Asked("[dba]");
    player.Send(Pause{"look"}, "operator");
    player.Vote("p1", Vote::kApprove);
    CHECK(player.Refused(Ballot({"viewer"}, Vote::kWithdraw), "p9").code ==
          Code::kPermissionDenied);
    player.Send(Ballot({"dba"}, Vote::kWithdraw), "p1");
    player.Send(Resume{}, "operator");
    CHECK(player.history().empty());
    player.Send(PlanMade{0, Value()});
    CHECK(player.status() == RunStatus::kWaiting);
    CHECK(ApprovalsOf(player.state()).front()->votes.empty());
  }
  SECTION("not once the next step has started") {
    Player player = Asked("[dba]");
    player.Vote("p1", Vote::kApprove);
    CHECK(player.started() == "apply b/1");
    CHECK(player.Refused(Ballot({"dba"}, Vote::kWithdraw), "p1").code == Code::kFailedPrecondition);
  }
}

TEST_CASE("whoever changed what a run does may not approve it where the requester may not",
          "[machine]") {
  Player player = Asked("[dba]", ", exclude_requester: true");
  player.Send(OverrideInput{"b", "value", Value("x"), "a typing error"}, "p1");
  player.Send(PlanMade{0, Value()});
  CastVote cast = Ballot({"dba"});
  cast.id = ApprovalsOf(player.state()).front()->request.id;
  CHECK(player.Refused(cast, "p1").code == Code::kPermissionDenied);
  player.Send(cast, "p2");
  CHECK(Approved(player));
}

// Whatever people say in whatever order: it is approved exactly when the votes that stand are
// enough and nobody said no, and a no ends it.
TEST_CASE("random votes and withdrawals come to what the rules say", "[machine]") {
  const std::vector<std::vector<std::string>> people{
      {"dba"}, {"dba", "owner"}, {"owner"}, {"lead"}, {"lead", "dba"}};
  for (unsigned seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    Player player = Asked("{dba: 2, owner: 1}");
    std::map<std::size_t, bool> yes;
    for (int turn = 0; turn < 20 && player.status() == RunStatus::kWaiting; ++turn) {
      const std::size_t who = random() % people.size();
      const std::string name = "p" + std::to_string(who);
      const bool may = people[who][0] != "lead" || people[who].size() > 1;
      const unsigned what = random() % 10;
      if (!may) {
        CHECK(player.Refused(Ballot(people[who]), name).code == Code::kPermissionDenied);
      } else if (what == 0) {
        player.Send(Ballot(people[who], Vote::kReject), name);
        CHECK(player.status() == RunStatus::kFailed);
      } else if (what < 4) {
        if (yes.erase(who) == 0) {
          CHECK(player.Refused(Ballot(people[who], Vote::kWithdraw), name).code ==
                Code::kFailedPrecondition);
        } else {
          player.Send(Ballot(people[who], Vote::kWithdraw), name);
        }
      } else {
        player.Send(Ballot(people[who]), name);
        yes[who] = true;
        // Somebody who can sit for the owner, and two others who can sit for a dba.
        bool enough = false;
        for (const auto& [owner, one] : yes) {
          const auto& roles = people[owner];
          if (std::find(roles.begin(), roles.end(), "owner") == roles.end()) continue;
          const auto others = std::count_if(yes.begin(), yes.end(), [&](const auto& other) {
            const auto& has = people[other.first];
            return other.first != owner && std::find(has.begin(), has.end(), "dba") != has.end();
          });
          enough = enough || others >= 2;
        }
        CHECK(Approved(player) == enough);
      }
    }
  }
}

}  // namespace recourse::machine

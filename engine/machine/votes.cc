// Who has to agree to an approval, and whether they have.
#include <algorithm>

#include "engine/machine/state.h"

namespace recourse::machine {
namespace {

using Cast = AwaitingApproval::Cast;
using Group = ApprovalRequested::Group;

constexpr int kQuorumMax = 10'000;

// A role that the approval was escalated to stands in for any group.
bool CountsFor(const Cast& cast, const std::string& role, const std::vector<Group>& groups) {
  return std::any_of(cast.roles.begin(), cast.roles.end(), [&](const std::string& own) {
    const bool other = std::any_of(groups.begin(), groups.end(),
                                   [&](const Group& group) { return group.role == own; });
    return own == role || !other;
  });
}

// Finds each seat a voter of its own, moving earlier ones to other seats where that helps: Kuhn's
// algorithm for matchings in bipartite graphs.
class Seats {
 public:
  Seats(const std::vector<Group>& groups, const std::vector<Cast>& votes)
      : groups_(groups), votes_(votes) {
    for (const Group& group : groups) {
      for (int i = 0; i < std::min(group.quorum, kQuorumMax); ++i) seats_.push_back(&group);
    }
    sits_.assign(votes.size(), -1);
  }

  // How many seats of each group stay empty, however the voters sit; groups without any left out.
  std::vector<Group> Empty() {
    std::vector<Group> empty;
    for (std::size_t seat = 0; seat < seats_.size(); ++seat) {
      asked_.assign(votes_.size(), false);
      if (Fill(seat)) continue;
      const std::string& role = seats_[seat]->role;
      if (empty.empty() || empty.back().role != role) empty.push_back({role, 0});
      ++empty.back().quorum;
    }
    return empty;
  }

 private:
  bool Fill(std::size_t seat) {
    for (std::size_t voter = 0; voter < votes_.size(); ++voter) {
      const bool can = !asked_[voter] && votes_[voter].vote == Vote::kApprove &&
                       CountsFor(votes_[voter], seats_[seat]->role, groups_);
      if (!can) continue;
      asked_[voter] = true;
      if (sits_[voter] >= 0 && !Fill(static_cast<std::size_t>(sits_[voter]))) continue;
      sits_[voter] = static_cast<int>(seat);
      return true;
    }
    return false;
  }

  const std::vector<Group>& groups_;
  const std::vector<Cast>& votes_;
  std::vector<const Group*> seats_;
  std::vector<int> sits_;  // by voter: the seat; -1: none
  std::vector<bool> asked_;
};

}  // namespace

void CountVote(std::vector<Cast>& votes, const Envelope& envelope, const VoteCast& cast) {
  std::erase_if(votes,
                [&](const auto& earlier) { return earlier.principal == envelope.principal; });
  if (cast.vote == Vote::kWithdraw) return;
  votes.push_back({envelope.principal, cast.vote, cast.reason, cast.channel, envelope.time,
                   cast.roles, envelope.via});
}

std::vector<Group> MissingGroups(const AwaitingApproval& awaiting) {
  return Seats(awaiting.request.groups, awaiting.votes).Empty();
}

bool IsGiven(const AwaitingApproval& awaiting) {
  const ApprovalRequested& request = awaiting.request;
  if (request.quorum > kQuorumMax) return false;  // no definition says so: of a forged journal
  if (!request.groups.empty()) return MissingGroups(awaiting).empty();
  const auto approved = std::count_if(awaiting.votes.begin(), awaiting.votes.end(),
                                      [](const Cast& cast) { return cast.vote == Vote::kApprove; });
  return approved >= request.quorum;
}

}  // namespace recourse::machine

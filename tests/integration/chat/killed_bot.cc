#include "tests/integration/chat/killed_bot.h"

#include <poll.h>

#include <algorithm>
#include <csignal>

#include "client/chatops/calls.h"

namespace recourse::integration {
namespace {

constexpr const char* kRun = "R-1";
constexpr const char* kApproval = "A-1";

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// One bot, and the point at which it is killed.
class Lane : public BotScene {
 public:
  Lane(std::string point, const MakeRoom& make) : point_(std::move(point)), room_(make(folder)) {
    Configure(room_->Section(folder), room_->Surface(), room_->Channel());
    LaunchServer();
  }
  ~Lane() { StopBot(); }  // before the room goes

  const std::string& point() const { return point_; }

  void Connect() {
    AwaitServer();
    client::Options options;
    options.data = data;
    auto opened = client::Connection::Open(options);
    REQUIRE(opened);
    connection_.emplace(*std::move(opened));
  }
  void LaunchBotThatDies() { LaunchBot({{"RECOURSE_FAIL_POINT", point_}}); }
  void LaunchNextBot() { LaunchBot(); }
  void Meet() {
    AwaitBot();
    room_->Meet(*this);
  }
  void Begin() {
    v1::StartRunRequest request;
    request.set_workflow("ask");
    const auto run = Asking().Call(&v1::RunService::Stub::StartRun, connection_->runs(), request);
    REQUIRE(run);
    CHECK(run->id() == kRun);
  }

  bool HasDied() {
    if (!BotEnd()) Decide();
    return BotEnd().has_value();
  }
  // What was acknowledged is durable: it counts though the bot is gone.
  void CheckDeath() {
    CHECK(BotEnd() == 128 + SIGKILL);
    if (room_->Knows(kApproval)) CHECK(GetApproval().votes_size() == 1);
  }
  // What was not acknowledged is done again.
  bool IsSettled() {
    Decide();
    return room_->Knows(kApproval) && room_->IsTold(kRun, kApproval) && AllIsStored();
  }
  void CheckEnd() {
    const v1::Approval approval = GetApproval();
    REQUIRE(approval.votes_size() == 1);
    CHECK(approval.votes(0).principal() == "bo");
    StopBot();
    room_->CheckMessages(kRun, kApproval);
    EndServer();
  }

 private:
  chatops::Asking Asking() const { return {*connection_, "", 10s}; }
  void Decide() {
    if (!room_->Knows(kApproval) && room_->IsAsked(kApproval)) room_->Decide(kApproval);
  }
  v1::Approval GetApproval() const {
    const auto approval = Asking().GetApproval(kApproval);
    REQUIRE(approval);
    return *approval;
  }
  // That nothing more is to be told of the run.
  bool AllIsStored() const {
    const auto run = Asking().GetRun(kRun);
    REQUIRE(run);
    const auto& references = run->references();
    return std::any_of(references.begin(), references.end(),
                       [](const v1::Reference& one) { return one.place() == "over"; });
  }

  const std::string point_;
  const std::unique_ptr<Room> room_;
  std::optional<client::Connection> connection_;
};

using Lanes = std::vector<std::unique_ptr<Lane>>;

void Each(const Lanes& lanes, void (Lane::*act)()) {
  for (const auto& lane : lanes) {
    INFO("killed at " << lane->point());
    (lane.get()->*act)();
  }
}

// Until it is so of all of them. Each is asked until then, and not again.
void All(const Lanes& lanes, const std::string& what, bool (Lane::*is_so)()) {
  std::vector<Lane*> left;
  for (const auto& lane : lanes) left.push_back(lane.get());
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  for (;;) {
    std::erase_if(left, [&](Lane* lane) { return (lane->*is_so)(); });
    if (left.empty()) return;
    std::string points;
    for (const Lane* lane : left) points += " " + lane->point();
    INFO("waited for: " << what << points << "\n" << left[0]->BotErrors());
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    poll(nullptr, 0, 20);
  }
}

}  // namespace

bool MessageRoom::IsTold(const std::string& run, const std::string& approval) {
  const auto says = [&](const std::string& about, const std::string& what) {
    const std::vector<Standing> standing = About(about);
    return !standing.empty() &&
           std::all_of(standing.begin(), standing.end(), [&](const Standing& one) {
             return !one.has_buttons && Has(one.text, what);
           });
  };
  return says(approval, "is " + Decision()) && says(run, Ending());
}

void MessageRoom::CheckMessages(const std::string& run, const std::string& approval) {
  CHECK(IsTold(run, approval));
  CHECK(About(run).size() == 1);
  const std::vector<Standing> decided = About(approval);
  REQUIRE(decided.size() == 1);
  CHECK_THAT(decided[0].text, Catch::Contains(Decision() + " by bo"));
}

void CheckKilledAt(const std::vector<std::string>& points, const MakeRoom& make) {
  Lanes lanes;
  for (const std::string& point : points) lanes.push_back(std::make_unique<Lane>(point, make));
  Each(lanes, &Lane::Connect);
  Each(lanes, &Lane::LaunchBotThatDies);
  Each(lanes, &Lane::Meet);
  Each(lanes, &Lane::Begin);
  All(lanes, "the bot ends at", &Lane::HasDied);
  Each(lanes, &Lane::CheckDeath);
  Each(lanes, &Lane::LaunchNextBot);
  Each(lanes, &Lane::Meet);
  All(lanes, "all is told after", &Lane::IsSettled);
  Each(lanes, &Lane::CheckEnd);
}

}  // namespace recourse::integration

#include "player.h"

#include <catch2/catch.hpp>

#include "engine/definition/window.h"
#include "engine/machine/window_now.h"

namespace recourse::machine {
namespace {

ActionSpec Spec(std::string name, RepeatClass repeat) {
  ActionSpec spec;
  spec.name = std::move(name);
  spec.summary = "for tests";
  spec.inputs = Value::Object({{"type", "object"}});
  spec.output = Value::Object({{"type", "object"}});
  spec.repeat = repeat;
  return spec;
}

std::string_view NameOfPhase(Phase phase) {
  switch (phase) {
    case Phase::kPrepare:
      return "prepare ";
    case Phase::kApply:
      return "apply ";
    case Phase::kProbe:
      return "probe ";
    case Phase::kCompensate:
      return "compensate ";
  }
  return "";
}

}  // namespace

TestCatalogue::TestCatalogue() {
  specs_.push_back(Spec("read.it", RepeatClass::kReadOnly));
  specs_.push_back(Spec("do.it", RepeatClass::kIdempotent));
  specs_.push_back(Spec("once.it", RepeatClass::kOnce));
  specs_.push_back(Spec("probe.it", RepeatClass::kProbed));
  ActionSpec undo = Spec("undo.it", RepeatClass::kProbed);
  undo.has_prepare = true;
  undo.can_compensate = true;
  specs_.push_back(undo);
}

const ActionSpec* TestCatalogue::Find(std::string_view name) const {
  for (const ActionSpec& spec : specs_) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

std::vector<const ActionSpec*> TestCatalogue::All() const {
  std::vector<const ActionSpec*> all;
  for (const ActionSpec& spec : specs_) all.push_back(&spec);
  return all;
}

std::shared_ptr<const definition::Workflow> WorkflowOf(std::string_view yaml) {
  static const TestCatalogue catalogue;
  auto loaded = definition::LoadWorkflow(yaml, &catalogue);
  INFO(loaded.Report("test.yaml"));
  REQUIRE(loaded.workflow != nullptr);
  return loaded.workflow;
}

Player::Player(std::string_view yaml) : Player(WorkflowOf(yaml)) {}

Player::Player(std::shared_ptr<const definition::Workflow> workflow)
    : workflow_(std::move(workflow)) {
  state_.run = RunId{7};
}

Facts Player::FactsFor(const std::string& principal) const {
  Facts facts{now, principal, 0.5, ApprovalId{381}};
  while (FindApproval(state_, facts.next_approval) != nullptr) ++facts.next_approval.number;
  if (workflow_->window) {
    const Value window = *workflow_->window->window.Evaluate(RunScope(*workflow_, state_, now));
    facts.window = NowOf(*definition::ReadWindow(window), now);
  }
  return facts;
}

void Player::Send(const Input& input, const std::string& principal) {
  const Facts facts = FactsFor(principal);
  auto decision = Decide(*workflow_, state_, input, facts);
  INFO((decision ? std::string() : decision.error().ToString()));
  REQUIRE(decision);
  for (Event& event : decision->events) {
    Envelope envelope;
    envelope.run = state_.run;
    envelope.sequence = state_.revision + 1;
    envelope.position = 100 + envelope.sequence;
    envelope.time = now;
    envelope.principal = principal;
    Apply(state_, envelope, event);
    events_.emplace_back(envelope, std::move(event));
  }
  if (const auto* adopt = std::get_if<AdoptDefinition>(&input)) workflow_ = adopt->to;
  effects_ = std::move(decision->effects);
  last_.reset();
  for (const Effect& effect : effects_) {
    if (const auto* start = std::get_if<StartPhase>(&effect)) {
      last_ = *start;
      history_.push_back(started());
    }
  }
  Check();
}

Error Player::Refused(const Input& input, const std::string& principal) {
  const Facts facts = FactsFor(principal);
  auto decision = Decide(*workflow_, state_, input, facts);
  REQUIRE_FALSE(decision);
  return decision.error();
}

void Player::Check() const {
  RunState folded;
  folded.run = state_.run;
  for (const auto& [envelope, event] : events_) Apply(folded, envelope, event);
  REQUIRE((folded == state_));
}

void Player::Start(Value inputs, const std::string& lock, RunId holder) {
  machine::Start start{"", std::move(inputs), lock, holder};
  if (workflow_->window) {
    start.window = *workflow_->window->window.Evaluate(RunScope(*workflow_, state_, now));
  }
  Send(start, "operator");
}

const StartPhase& Player::Last() const {
  REQUIRE(last_);
  return *last_;
}

void Player::Succeed(Value output) {
  const StartPhase start = Last();
  if (start.phase == Phase::kCompensate) {
    Send(Compensated{start.at, start.number, std::move(output)});
  } else {
    Send(Applied{start.at, start.number, std::move(output), ""});
  }
}

void Player::Prepare(Value undo) {
  const StartPhase start = Last();
  Send(Prepared{start.at, start.number, std::move(undo)});
}

void Player::Fail(Code code, LeftBehind left) {
  const StartPhase start = Last();
  Send(AttemptBroke{start.at, start.number, start.phase,
                    Failure{{code, "broken on purpose"}, Value(), left}, false, Value()});
}

void Player::Probe(ProbeAnswer::Verdict verdict, Value output) {
  const StartPhase start = Last();
  Send(Probed{start.at, start.number, {verdict, "looked", std::move(output)}});
}

void Player::FailCompensation() {
  const StartPhase start = Last();
  Send(CompensationBroke{start.at, start.number,
                         Failure{{Code::kInternal, "cannot undo"}, Value(), LeftBehind::kUnknown}});
}

void Player::Fire(TimerKind kind) {
  for (const Timer& timer : TimersOf(state_)) {
    if (timer.kind != kind) continue;
    now = timer.due;
    return Send(TimerFired{timer});
  }
  FAIL("no such timer is set");
}

void Player::Vote(const std::string& principal, machine::Vote vote,
                  std::vector<std::string> roles) {
  CastVote cast;
  cast.id = ApprovalId{381};
  cast.vote = vote;
  cast.reason = "because";
  cast.channel = "test";
  cast.roles = std::move(roles);
  Send(cast, principal);
}

std::string Player::started() const {
  if (!last_) return "nothing";
  const std::string key = last_->key.substr(last_->key.find('/') + 1);
  return std::string(NameOfPhase(last_->phase)) + key;
}

std::vector<std::string> Player::names() const {
  std::vector<std::string> names;
  for (const auto& [envelope, event] : events_) names.emplace_back(NameOf(event));
  return names;
}

std::vector<std::string> Player::Fresh() {
  std::vector<std::string> all = names();
  std::vector<std::string> fresh(all.begin() + std::ptrdiff_t(fresh_), all.end());
  fresh_ = all.size();
  return fresh;
}

std::string Player::why() const {
  const auto waiting = WhyItWaits(*workflow_, state_);
  return waiting ? waiting->reason : "";
}

}  // namespace recourse::machine

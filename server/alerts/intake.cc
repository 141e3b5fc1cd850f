#include "server/alerts/intake.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>
#include <optional>
#include <utility>

#include "engine/base/fail_point.h"
#include "engine/base/text.h"
#include "engine/machine/state.h"
#include "engine/record/record.h"
#include "server/alerts/guard.h"
#include "server/log_fields.h"

namespace recourse::server::alerts {
namespace {

using Row = Result<journal::RunRow>;

constexpr int kRunsOfAlert = 20;  // of the newest, one may be open
constexpr std::int64_t kEventsAtOnce = 500;
constexpr std::size_t kFactsMax = 2000;  // bytes of a note

// Whether the same may be tried again and then succeed, without anybody changing anything.
bool MayPass(const Error& error) {
  switch (error.code) {
    case Code::kInvalidArgument:
    case Code::kNotFound:
    case Code::kFailedPrecondition:
    case Code::kAborted:
    case Code::kOutOfRange:
    case Code::kUnimplemented:
    case Code::kPermissionDenied:
      return false;
    default:
      return true;
  }
}

bool IsOpen(const journal::RunRow& row) {
  return !machine::IsFinal(static_cast<machine::RunStatus>(row.status));
}

// "severity=critical, instance=db1; summary: the page is damaged": what a person wants to see.
std::string Facts(const Alert& alert) {
  std::string facts;
  for (const auto& [name, value] : alert.labels) {
    facts += (facts.empty() ? "" : ", ") + OneLine(name, 100) + "=" + OneLine(value);
  }
  for (const auto& [name, value] : alert.annotations) {
    facts += "; " + OneLine(name, 100) + ": " + OneLine(value);
  }
  return OneLine(facts, kFactsMax);
}

std::string Firing(const Alert& alert) {
  return "alert " + alert.Name() + " fires since " + TextOf(alert.started);
}

void Log(const Alert& alert, const Taken& taken, const runtime::Caller& caller) {
  spdlog::info("{}={} {}={} {}={} {}={} {}={} {}={}", log_field::kAlert, taken.alert,
               log_field::kKey, alert.key, log_field::kStatus, alert.firing ? "firing" : "resolved",
               log_field::kOutcome, ToString(taken.outcome), log_field::kRun,
               taken.run.number == 0 ? "none" : taken.run.ToString(), log_field::kBy,
               caller.principal);
}

std::string TargetOf(const runtime::Catalogue& catalogue, const Launch& launch,
                     const Value& inputs) {
  const auto workflow = catalogue.workflows.find(launch.workflow);
  if (workflow == catalogue.workflows.end()) return "";
  for (const definition::Input& input : workflow->second->inputs) {
    if (input.type == definition::InputType::kTarget) return inputs.StringOr(input.name, "");
  }
  return "";
}

}  // namespace

std::string_view ToString(Outcome outcome) {
  switch (outcome) {
    case Outcome::kStarted:
      return "started";
    case Outcome::kHeld:
      return "held";
    case Outcome::kFallback:
      return "fallback";
    case Outcome::kRepeated:
      return "repeated";
    case Outcome::kNoted:
      return "noted";
    case Outcome::kResolved:
      return "resolved";
    case Outcome::kNoRule:
      return "no_rule";
    case Outcome::kNothing:
      return "nothing";
  }
  return "";
}

Result<std::unique_ptr<Intake>> Intake::Open(runtime::Engine& engine, journal::Journal& journal,
                                             const Clock& clock, RulesNow rules) {
  auto reader = journal.OpenReader();
  if (!reader) return std::move(reader).error().In("read what alerts have started");
  return std::unique_ptr<Intake>(new Intake(engine, clock, std::move(rules), *std::move(reader)));
}

Result<std::vector<Taken>> Intake::Take(const Delivery& delivery, const runtime::Caller& caller) {
  const std::lock_guard lock(mutex_);
  const auto rules = rules_();
  if (rules->fallback.empty() && rules->rules.empty()) {
    // Whoever asks is to ask again: a 200 would be the end of the alert.
    return Unavailable(
        "no alert rules are in use, so that nobody would be told; what is wrong with "
        "their file: recourse info");
  }
  std::vector<Taken> all;
  for (const Alert& alert : delivery.alerts) {
    auto taken = TakeOne(alert, *rules, caller);
    if (!taken) return std::move(taken).error().In("the alert " + alert.Name());
    Log(alert, *taken, caller);
    all.push_back(*std::move(taken));
  }
  if (delivery.truncated == 0) return all;
  const std::string left_out =
      "the sender left " + std::to_string(delivery.truncated) +
      " further alerts of this group out of its message (max_alerts); what they are stands in "
      "Alertmanager, and nothing was started for them";
  spdlog::warn("alerts were left out by the sender: {}={} {}={}", log_field::kGroup,
               OneLine(delivery.group), log_field::kCount, delivery.truncated);
  for (const Taken& taken : all) {
    if (taken.run.number == 0) continue;
    if (auto noted = Note(taken.run, left_out, left_out, caller); !noted) {
      return std::move(noted).error();
    }
  }
  return all;
}

Result<Taken> Intake::TakeOne(const Alert& alert, const Rules& rules,
                              const runtime::Caller& caller) {
  return alert.firing ? Fire(alert, rules, caller) : Resolve(alert, rules, caller);
}

Result<Taken> Intake::Fire(const Alert& alert, const Rules& rules, const runtime::Caller& caller) {
  const auto taken = [&](Outcome outcome, RunId run) -> Result<Taken> {
    auto noted = Note(run, Firing(alert), Firing(alert) + ": " + Facts(alert), caller);
    if (!noted) return std::move(noted).error();
    return Taken{alert.Name(), outcome, run};
  };
  auto same = reader_->FindRequest(alert.RequestId());
  if (!same) return std::move(same).error();
  if (*same) return taken(Outcome::kRepeated, (*same)->run);

  auto open = OpenRunOf(alert);
  if (!open) return std::move(open).error();
  if (*open) {
    const std::string again =
        Firing(alert) + " again, while this run is open; no other was started";
    auto noted = Note((*open)->run, again, again, caller);
    if (!noted) return std::move(noted).error();
    // A run that has ended meanwhile has not seen what happens now.
    if (IsOpen(*noted)) return Taken{alert.Name(), Outcome::kNoted, noted->run};
  }

  const Rule* rule = rules.For(alert);
  if (rule == nullptr) return Taken{alert.Name(), Outcome::kNoRule, {}};
  auto inputs = InputsFor(rule->launch, alert);
  if (!inputs) {
    return StartFallback(alert, rules, "rule " + rule->name + ": " + inputs.error().message,
                         rule->severity, caller);
  }
  const std::string target = TargetOf(*engine_.catalogue(), rule->launch, *inputs);
  auto hold = WhyHeld(alert, *rule, target, clock_.Now(), *reader_);
  if (!hold) return std::move(hold).error();
  const Outcome outcome = hold->empty() ? Outcome::kStarted : Outcome::kHeld;
  auto row =
      StartRun({rule->launch.workflow, *inputs, alert.RequestId(), rule->severity, *hold}, caller);
  if (row) return taken(outcome, row->run);
  if (MayPass(row.error())) return std::move(row).error();
  return StartFallback(alert, rules, "rule " + rule->name + ": " + row.error().message,
                       rule->severity, caller);
}

Result<Taken> Intake::StartFallback(const Alert& alert, const Rules& rules,
                                    const std::string& problem, const std::string& severity,
                                    const runtime::Caller& caller) {
  spdlog::error("{}={}: its run could not be started, so {} tells people: {}", log_field::kAlert,
                alert.Name(), rules.fallback, OneLine(problem, kFactsMax));
  const Value inputs = Value::Object(
      {{"alert", Firing(alert) + ": " + Facts(alert)}, {"problem", OneLine(problem, kFactsMax)}});
  auto row = StartRun({rules.fallback, inputs, alert.RequestId(), severity}, caller);
  if (row) return Taken{alert.Name(), Outcome::kFallback, row->run};
  Error error = std::move(row).error().In("nobody was told, " + rules.fallback);
  // Whoever mends the definitions gets it the next time that it is sent.
  if (!MayPass(error)) error.code = Code::kUnavailable;
  return error;
}

Result<Taken> Intake::Resolve(const Alert& alert, const Rules& rules,
                              const runtime::Caller& caller) {
  auto row = reader_->FindRequest(alert.RequestId());
  if (row && !*row) row = OpenRunOf(alert);
  if (!row) return std::move(row).error();
  if (!*row) return Taken{alert.Name(), Outcome::kNothing, {}};
  const std::string said = "alert " + alert.Name() + ", which fired since " +
                           TextOf(alert.started) + ", is resolved" +
                           (alert.ended ? " since " + TextOf(*alert.ended) : "");
  auto noted = Note((*row)->run, said, said, caller);
  if (!noted) return std::move(noted).error();
  const Rule* rule = rules.For(alert);
  if (rule != nullptr && rule->on_resolved && IsOpen(*noted)) {
    if (auto checked = Check(alert, *rule->on_resolved, noted->run, caller); !checked) {
      return std::move(checked).error();
    }
  }
  return Taken{alert.Name(), Outcome::kResolved, noted->run};
}

// Starts the run that looks whether all is well, and says so on the alert's own run.
Result<void> Intake::Check(const Alert& alert, const Launch& launch, RunId run,
                           const runtime::Caller& caller) {
  // One for each run: what flaps does not start another at each turn.
  const std::string request_id = "resolved/" + run.ToString();
  auto earlier = reader_->FindRequest(request_id);
  if (!earlier) return std::move(earlier).error();
  if (*earlier) return {};
  auto inputs = InputsFor(launch, alert, run.ToString());
  auto row = inputs ? StartRun({launch.workflow, *inputs, request_id}, caller)
                    : Row(std::move(inputs).error());
  if (!row && MayPass(row.error())) return std::move(row).error();
  const std::string said =
      row ? row->run.ToString() + " (" + launch.workflow + ") looks whether all is well again"
          : launch.workflow +
                ", which is to look whether all is well again, could not be started: " +
                OneLine(row.error().message, kFactsMax);
  auto noted = Note(run, said, said, caller);
  return noted ? Result<void>() : std::move(noted).error();
}

Result<std::optional<journal::RunRow>> Intake::OpenRunOf(const Alert& alert) {
  using Found = std::optional<journal::RunRow>;
  auto rows = reader_->ListRequests(alert.RequestPrefix(), kRunsOfAlert);
  if (!rows) return std::move(rows).error();
  const auto open = std::find_if(rows->begin(), rows->end(), IsOpen);
  return open == rows->end() ? Found() : Found(std::move(*open));
}

Row Intake::Note(RunId run, const std::string& key, const std::string& text,
                 const runtime::Caller& caller) {
  for (std::int64_t after = 0;;) {
    auto events = reader_->EventsOfRun(run, after, kEventsAtOnce);
    if (!events) return std::move(events).error();
    for (const journal::StoredEvent& event : *events) {
      after = event.sequence;
      auto recorded = record::Decode(event);
      if (!recorded) return std::move(recorded).error().In("read " + run.ToString());
      const auto* note = std::get_if<machine::RunAnnotated>(&recorded->event);
      if (note == nullptr || !note->text.starts_with(key)) continue;
      auto row = reader_->FindRun(run);
      if (!row) return std::move(row).error();
      if (!*row) return DataLoss(run.ToString() + " has events and no row");
      return **std::move(row);
    }
    if (static_cast<std::int64_t>(events->size()) < kEventsAtOnce) break;
  }
  std::promise<Row> answer;
  engine_.Submit(run, machine::Annotate{text}, {}, caller,
                 [&answer](Row row) { answer.set_value(std::move(row)); });
  return answer.get_future().get();
}

Row Intake::StartRun(runtime::StartRequest request, const runtime::Caller& caller) {
  const std::string request_id = request.request_id;
  std::promise<Row> answer;
  engine_.StartRun(std::move(request), caller,
                   [&answer](Row row) { answer.set_value(std::move(row)); });
  Row row = answer.get_future().get();
  if (row) RECOURSE_FAIL_POINT("alert_run_started");
  if (row || row.error().code != Code::kAlreadyExists) return row;
  // The run that the same alert has started by other inputs: its rule has changed since.
  auto known = reader_->FindRequest(request_id);
  if (!known) return std::move(known).error();
  return *known ? Row(**std::move(known)) : row;
}

}  // namespace recourse::server::alerts

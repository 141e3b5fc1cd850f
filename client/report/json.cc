// The report for programs.
#include "engine/base/json.h"

#include "client/report/report.h"
#include "client/report/story.h"
#include "client/report/words.h"

namespace recourse::report {
namespace {

Value TimeOrNull(const std::optional<Time>& time) {
  return time ? Value(ToTimestamp(*time)) : Value();
}

Value DurationOrNull(const std::optional<std::chrono::microseconds>& duration) {
  return duration ? Value(FormatDuration(*duration)) : Value();
}

// A text of the API that holds JSON; as it is when it does not.
Value ParsedOr(const std::string& json) {
  auto value = ParseJson(json);
  return value ? *std::move(value) : Value(json);
}

template <class Entry, class Form>
Value ListOf(const std::vector<Entry>& entries, Form form) {
  Value::List list;
  for (const Entry& entry : entries) list.push_back(form(entry));
  return list;
}

Value FormOf(const Vote& vote) {
  return Value::Object({{"principal", vote.principal},
                        {"vote", vote.vote},
                        {"reason", vote.reason},
                        {"channel", vote.channel},
                        {"time", ToTimestamp(vote.time)}});
}

Value FormOf(const Approval& approval) {
  return approval.asked.With("step", approval.step)
      .With("requested", ToTimestamp(approval.requested))
      .With("settled", TimeOrNull(approval.settled))
      .With("settlement", approval.settlement)
      .With("votes", ListOf(approval.votes, [](const Vote& vote) { return FormOf(vote); }));
}

Value FormOf(const Measure& measure) {
  std::optional<std::chrono::microseconds> took;
  if (measure.ended) took = *measure.ended - measure.began;
  return Value::Object({{"step", measure.step},
                        {"undo", measure.undo},
                        {"attempts", measure.attempts},
                        {"began", ToTimestamp(measure.began)},
                        {"ended", TimeOrNull(measure.ended)},
                        {"outcome", measure.outcome},
                        {"took", DurationOrNull(took)},
                        {"expected", DurationOrNull(measure.expected)}});
}

Value FormOf(const Wait& wait) {
  return Value::Object({{"for", wait.what},
                        {"step", wait.step},
                        {"since", ToTimestamp(wait.since)},
                        {"until", TimeOrNull(wait.until)}});
}

Value FormOf(const Evidence& one) {
  return Value::Object({{"position", one.position},
                        {"time", ToTimestamp(one.time)},
                        {"step", one.step},
                        {"kind", one.kind},
                        {"sha256", one.sha256},
                        {"value", ParsedOr(one.json)}});
}

Value FormOf(const Line& line) {
  return Value::Object({{"time", ToTimestamp(line.time)},
                        {"step", line.step},
                        {"principal", line.who},
                        {"text", line.text}});
}

Value FormOf(const v1::Event& event) {
  return Value::Object({{"position", event.position()},
                        {"sequence", event.sequence()},
                        {"time", ToTimestamp(TimeOf(event.time()))},
                        {"principal", event.principal()},
                        {"type", event.type()},
                        {"step", event.step()},
                        {"text", event.text()},
                        {"details", ParsedOr(event.details_json())}});
}

Value FormOf(const v1::Run& run) {
  const bool failed = run.has_error();
  return Value::Object(
      {{"id", run.id()},
       {"workflow", run.workflow()},
       {"digest", run.digest()},
       {"target", run.target()},
       {"severity", run.severity()},
       {"status", StatusOf(run)},
       {"requester", run.requester()},
       {"request_id", run.request_id()},
       {"started", ToTimestamp(TimeOf(run.start_time()))},
       {"ended", run.has_end_time() ? Value(ToTimestamp(TimeOf(run.end_time()))) : Value()},
       {"error",
        failed ? Value::Object({{"code", run.error().code()}, {"message", run.error().message()}})
               : Value()},
       {"waits_for", run.waiting().reason()},
       {"who_can_answer", run.waiting().who()}});
}

Value FormOf(const v1::ChainProof& proof) {
  return Value::Object({{"first_position", proof.first_position()},
                        {"last_position", proof.last_position()},
                        {"run_events", proof.run_events()},
                        {"first_hash", proof.first_hash()},
                        {"last_hash", proof.last_hash()},
                        {"events_checked", proof.events_checked()},
                        {"sound", proof.problem().empty()},
                        {"problem", proof.problem()}});
}

}  // namespace

std::string ToJson(const v1::Report& report, const std::vector<v1::Event>& events) {
  const Story story = StoryOf(report, events);
  const auto form = [](const auto& entry) { return FormOf(entry); };
  Value::Map people;
  for (const auto& [who, deeds] : story.people) {
    people[Value(who)] = Value::List(deeds.begin(), deeds.end());
  }
  return ToPrettyJson(Value::Object({{"run", FormOf(report.run())},
                                     {"deadline", story.started["deadline"]},
                                     {"inputs", story.started["inputs"]},
                                     {"outputs", story.outputs},
                                     {"people", std::move(people)},
                                     {"approvals", ListOf(story.approvals, form)},
                                     {"durations", ListOf(story.measures, form)},
                                     {"waits", ListOf(story.waits, form)},
                                     {"waited_for_people", FormatDuration(WaitedInAll(story))},
                                     {"failures", ListOf(story.failures, form)},
                                     {"rollback", ListOf(story.rollback, form)},
                                     {"notes", ListOf(story.notes, form)},
                                     {"evidence", ListOf(story.evidence, form)},
                                     {"events", ListOf(events, form)},
                                     {"proof", FormOf(report.proof())}}));
}

}  // namespace recourse::report

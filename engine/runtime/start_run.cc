// How a run begins.
#include "engine/base/text.h"
#include "engine/record/record.h"
#include "engine/runtime/core_loop.h"
#include "engine/runtime/start_inputs.h"
#include "engine/runtime/stored_form.h"

namespace recourse::runtime {
namespace {

std::optional<std::chrono::microseconds> DurationOf(const Value& value) {
  const Value text = AsStored(value);
  if (!text.is_string()) return std::nullopt;
  const auto parsed = ParseDuration(text.as_string());
  return parsed ? std::optional(*parsed) : std::nullopt;
}

// Whether a run that has `stored` as this input may have been asked for with `asked`.
bool SameInput(definition::InputType type, const Value& stored, const Value& asked) {
  if (stored == asked) return true;
  switch (type) {
    case definition::InputType::kTarget:  // given by its name, stored with its content
      return asked.is_string() && stored["name"] == asked;
    case definition::InputType::kDuration:  // 1m30s is 90s
      return DurationOf(stored) == DurationOf(asked);
    default:
      return false;
  }
}

// Whether the same request would give the same inputs again.
bool SameInputs(const definition::Workflow& workflow, const Value& stored, const Value& given) {
  for (const definition::Input& input : workflow.inputs) {
    const Value* asked = given.Find(input.name);
    const Value& wanted = asked != nullptr ? *asked : input.fallback;
    if (!SameInput(input.type, stored[input.name], wanted)) return false;
  }
  return true;
}

Error OtherRequest(const StartRequest& request, RunId run, std::string_view what) {
  return Error{Code::kAlreadyExists,
               "request_id: \"" + request.request_id + "\" started " + run.ToString() + ", " +
                   std::string(what) + "; nothing was started. Use a new request_id for a new run"};
}

// The run of this batch that a refusal of the request hangs on; 0: none.
RunId RunOfRequest(const Batch& batch, const StartRequest& request) {
  const auto same = batch.requests.find(request.request_id);
  return same == batch.requests.end() ? RunId{} : batch.changes[same->second].row.run;
}

}  // namespace

void CoreLoop::Take(Batch& batch, Message& message, StartMessage& of) {
  auto started = Start(batch, of.request, of.caller);
  if (!started) return batch.Refuse(message, RunOfRequest(batch, of.request), started.error());
  if (const auto* change = std::get_if<std::size_t>(&*started)) {
    return batch.answers.push_back({&message, batch.changes[*change].row.run, *change});
  }
  const auto& row = std::get<journal::RunRow>(*started);
  batch.answers.push_back({&message, row.run, row});
}

Result<CoreLoop::Started> CoreLoop::Start(Batch& batch, const StartRequest& request,
                                          const Caller& caller) {
  const Workflows& workflows = catalogue_->workflows;
  const auto known = workflows.find(request.workflow);
  if (!request.request_id.empty()) {
    if (const auto same = batch.requests.find(request.request_id); same != batch.requests.end()) {
      const LiveRun& run = *runs_.Find(batch.changes[same->second].row.run);
      if (run.workflow->name != request.workflow ||
          !SameInputs(*run.workflow, run.state.inputs, request.inputs)) {
        return OtherRequest(request, run.state.run, "another workflow or inputs");
      }
      return Started(same->second);
    }
    auto row = FindRequest(request);
    if (!row) return std::move(row).error();
    if (*row) return Started(**std::move(row));
  }
  if (known == workflows.end()) return NoWorkflow(workflows, request.workflow);
  const RunId id{batch.heads.run.number + 1};
  if (const auto unknown = unknown_secrets_.find(request.workflow);
      unknown != unknown_secrets_.end()) {
    return Error(unknown->second).In("start " + request.workflow);
  }
  auto start = MakeStart(batch, *known->second, id, request, caller);
  if (!start) return std::move(start).error().In("start " + request.workflow);

  auto is_new = IsNewDefinition(batch, *known->second);
  if (!is_new) return std::move(is_new).error();

  LiveRun& run = runs_.Add(id, known->second);
  auto change = AddDecision(batch, run, *start, caller, Jitter());
  if (!change || !*change) {
    runs_.Drop(id);
    return change ? Internal("the run did not start") : std::move(change).error();
  }
  batch.heads.run = id;
  ++batch.runs_opened;
  if (!request.request_id.empty()) batch.requests.emplace(request.request_id, **change);
  if (*is_new) {
    const definition::Workflow& workflow = *known->second;
    batch.changes[**change].definition = {workflow.digest, workflow.name, workflow.canonical};
    batch.definitions.insert(workflow.digest);
  }
  return Started(**change);
}

// The run that the request has started already, if it is the same request.
Result<std::optional<journal::RunRow>> CoreLoop::FindRequest(const StartRequest& request) {
  auto row = journal_.reader().FindRequest(request.request_id);
  if (!row) return std::move(row).error().In("look for request_id " + request.request_id);
  if (!*row) return row;
  const RunId run = (*row)->run;
  if ((*row)->workflow != request.workflow) {
    return OtherRequest(request, run, "a run of " + (*row)->workflow);
  }
  auto first = journal_.reader().EventsOfRun(run, 0, 1);
  if (!first) return std::move(first).error().In("read " + run.ToString());
  if (first->empty()) return DataLoss(run.ToString() + " has no events");
  auto recorded = record::Decode(first->front());
  if (!recorded) return std::move(recorded).error().In("read " + run.ToString());
  const auto* started = std::get_if<machine::RunStarted>(&recorded->event);
  auto workflow = definitions_.Find((*row)->digest);
  if (!workflow) return std::move(workflow).error().In("read " + run.ToString());
  if (started == nullptr || !SameInputs(**workflow, started->inputs, request.inputs)) {
    return OtherRequest(request, run, "a run with other inputs");
  }
  return row;
}

Result<machine::Start> CoreLoop::MakeStart(Batch& batch, const definition::Workflow& workflow,
                                           RunId run, const StartRequest& request,
                                           const Caller& caller) {
  if (open_runs_ + batch.runs_opened >= options_.open_runs_max) {
    return Error{Code::kResourceExhausted,
                 std::to_string(options_.open_runs_max) +
                     " runs are open, which is the limit; nothing was started"};
  }
  machine::Start start;
  start.request_id = request.request_id;
  auto inputs = InputsOf(workflow, request, catalogue_->inventory, options_.inputs_bytes_max);
  if (!inputs) return std::move(inputs).error();
  start.inputs = *std::move(inputs);
  const machine::RunState state = BeforeItsStart(workflow, run, start.inputs, caller, batch.now);
  auto window = WindowOf(workflow, state);
  if (!window) return std::move(window).error();
  start.window = AsStored(*std::move(window));
  start.severity = request.severity;
  start.hold = request.hold;
  start.policy = PolicyOf(workflow, start.inputs, catalogue_->inventory,
                          request.severity.empty() ? workflow.severity : request.severity);
  auto lock = LockKeyOf(workflow, state);
  if (!lock) return std::move(lock).error();
  start.lock = *std::move(lock);
  if (!start.lock.empty()) {
    auto holder = HolderOf(batch, start.lock);
    if (!holder) return std::move(holder).error();
    start.lock_holder = *holder;
  }
  return start;
}

// The definition goes into the journal with the first run of it.
Result<bool> CoreLoop::IsNewDefinition(const Batch& batch, const definition::Workflow& workflow) {
  const std::string& digest = workflow.digest;
  if (definitions_stored_.contains(digest) || batch.definitions.contains(digest)) return false;
  auto stored = journal_.reader().FindDefinition(digest);
  if (!stored) return std::move(stored).error().In("look for definition " + digest);
  if (*stored) definitions_stored_.insert(digest);
  return !stored->has_value();
}

}  // namespace recourse::runtime

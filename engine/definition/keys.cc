#include "engine/definition/keys.h"

#include <algorithm>
#include <array>
#include <string>

#include "engine/base/check.h"

namespace recourse::definition {
namespace {

// What stands in several places: json_schema.cc defines those that are no kinds of maps.
constexpr std::string_view kName = R"({"$ref": "#/$defs/name"})";
constexpr std::string_view kNameList = R"({"type": "array", "items": {"$ref": "#/$defs/name"}})";
constexpr std::string_view kExpression = R"({"$ref": "#/$defs/expression"})";
constexpr std::string_view kCode = R"({"$ref": "#/$defs/code"})";
constexpr std::string_view kSteps = R"({"$ref": "#/$defs/steps"})";
constexpr std::string_view kMap = R"({"type": "object"})";
constexpr std::string_view kMapOrText = R"({"type": ["object", "string"]})";
constexpr std::string_view kTrue = R"({"const": true})";
constexpr std::string_view kAfterFailure = "rollback|pause|continue|fail";

// What every step has, what one has that leads on, and what one has that may fail.
constexpr std::array kAnyStep = {
    Key{"id", Shape::kOther, "Its name, for other steps and for people", true, kName},
    Key{"summary", Shape::kText, "One line that says what it is for"},
    Key{"when", Shape::kOther, "The step is skipped when this is false", false, kExpression},
    Key{"max_visits", Shape::kInt, "How often a run may enter it; 100 unless said", false, "", 1,
        1'000'000},
    Key{"expect", Shape::kDuration, "How long it usually takes"},
};
constexpr Key kNext{"next", Shape::kOther, "The step that follows, or end; else the one after it",
                    false, kName};
constexpr Key kOnFailure{"on_failure", Shape::kWord,
                         "What follows when it has failed for good; else as the workflow says",
                         false, kAfterFailure};
constexpr Key kOnError{
    "on_error", Shape::kOther, "What follows by the code of the error; * is any other", false,
    R"({"type": "object", "propertyNames": {"anyOf": [{"const": "*"}, {"$ref": "#/$defs/code"}]},
        "additionalProperties":
          {"anyOf": [{"const": "continue"}, {"$ref": "#/$defs/error_answer"}]}})"};
constexpr Key kWith{"with", Shape::kOther, "The inputs of the action", false, kMapOrText};

template <std::size_t... kSizes>
constexpr auto Joined(const std::array<Key, kSizes>&... parts) {
  std::array<Key, (kSizes + ...)> all{};
  std::size_t at = 0;
  ((std::copy(parts.begin(), parts.end(), all.begin() + at), at += kSizes), ...);
  return all;
}
template <class... Keys>
constexpr auto StepWith(Keys... keys) {
  return Joined(kAnyStep, std::array<Key, sizeof...(Keys)>{keys...});
}

constexpr std::array kWorkflow = {
    Key{"name", Shape::kOther, "By which it is started", true, kName},
    Key{"summary", Shape::kText, "One line that says what it is for"},
    Key{"severity", Shape::kWord, "How bad an incident is that needs it", false,
        "critical|high|medium|low"},
    Key{"inputs", Shape::kOther, "What a run of it is given, by name", false,
        R"({"type": "object", "additionalProperties": {"$ref": "#/$defs/input"}})"},
    Key{"lock", Shape::kText, "One run at a time holds the lock of this name"},
    Key{"on_locked", Shape::kWord, "What a run does while another holds the lock", false,
        "queue|reject"},
    Key{"deadline", Shape::kDuration, "How long a run may take"},
    Key{"window", Shape::kOther, "When runs may be at work: {cron, time_zone, duration}", false,
        kMapOrText},
    Key{"on_window_closing", Shape::kWord, "What a run does that does not fit any more", false,
        "rollback|pause|finish"},
    Key{"window_override", Shape::kOther, "The roles that may let a run go on outside", false,
        kNameList},
    Key{"on_failure", Shape::kWord, "What follows when a step has failed for good", false,
        kAfterFailure},
    Key{"steps", Shape::kOther, "What is done, one after the other", true, kSteps},
    Key{"on_finish", Shape::kOther, "What is done at last, whatever the end was", false, kSteps},
    Key{"outputs", Shape::kOther, "What a run answers at its end", false, kMap},
};
constexpr std::array kInput = {
    Key{"type", Shape::kWord, "Its type", true, "string|int|double|bool|duration|target|list|map"},
    Key{"description", Shape::kText, "What it is for"},
    Key{"enum", Shape::kOther, "The only values that it may have", false,
        R"({"type": "array", "minItems": 1})"},
    Key{"requires", Shape::kOther, "Of a target: the resources that it must have", false,
        kNameList},
    Key{"default", Shape::kOther, "Its value unless one is given; without, it is required", false,
        "{}"},
    Key{"check", Shape::kOther, "A run is refused when this is false; it may name inputs", false,
        kExpression},
};
constexpr std::array kErrorAnswer = {
    Key{"continue", Shape::kBool, "Go on as if the step were done"},
    Key{"goto", Shape::kOther, "Go on at this step", false, kName},
    Key{"rollback_to", Shape::kOther, "First undo what was done since this checkpoint", false,
        kName},
};

constexpr auto kActionStep = StepWith(
    Key{"action", Shape::kText, "The action that it does", true}, kNext, kOnFailure, kOnError,
    kWith,
    Key{"for_each", Shape::kOther, "Does the action once for each element of this list", false,
        kExpression},
    Key{"max_parallel", Shape::kInt, "How many elements are at work at once", false, "", 1, 64},
    Key{"deadline", Shape::kDuration, "How long all its attempts may take together"},
    Key{"timeout", Shape::kDuration, "How long an attempt may take"},
    Key{"retry", Shape::kOther, "When a failed attempt is tried again by itself", false,
        R"({"$ref": "#/$defs/retry"})"},
    Key{"irreversible", Shape::kBool, "No automatic rollback goes past it"},
    Key{"compensate", Shape::kOther, "What undoes it instead of its own action; none: nothing does",
        false, R"({"anyOf": [{"const": "none"}, {"$ref": "#/$defs/compensation"}]})"});
constexpr Key kPauseStopsClock{"pause_stops_clock", Shape::kBool,
                               "Its time stands still while the run is paused"};
constexpr auto kApprovalStep =
    StepWith(Key{"approval", Shape::kOther, "A decision that the run waits for", true,
                 R"({"$ref": "#/$defs/approval"})"},
             kNext, kOnFailure, kOnError, kPauseStopsClock);
constexpr auto kManualStep =
    StepWith(Key{"manual", Shape::kOther, "A checklist that people work off", true,
                 R"({"$ref": "#/$defs/checklist"})"},
             kNext, kOnFailure, kOnError, kPauseStopsClock);
constexpr auto kSwitchStep = StepWith(
    Key{"switch", Shape::kOther, "Where the run goes on: the first case that is true", true,
        R"({"type": "array", "minItems": 1,
            "items": {"anyOf": [{"$ref": "#/$defs/case"}, {"$ref": "#/$defs/default_case"}]}})"},
    kOnFailure, kOnError);
constexpr auto kWaitStep =
    StepWith(Key{"wait", Shape::kOther, "For some time, until a time, or for a signal", true,
                 R"({"$ref": "#/$defs/wait"})"},
             kNext, kOnFailure, kOnError, kPauseStopsClock);
constexpr auto kSetStep =
    StepWith(Key{"set", Shape::kOther, "Values under names, for the steps that follow", true,
                 R"({"type": "object", "minProperties": 1})"},
             kNext, kOnFailure, kOnError);
constexpr auto kParallelStep =
    StepWith(Key{"parallel", Shape::kOther, "Branches that are at work at the same time", true,
                 R"({"$ref": "#/$defs/parallel"})"},
             kNext, kOnFailure, kOnError);
constexpr auto kWorkflowStep =
    StepWith(Key{"workflow", Shape::kOther, "The steps of another workflow", true, kName}, kNext,
             kOnFailure, kOnError, Key{"with", Shape::kOther, "Its inputs", false, kMap});
constexpr auto kCheckpointStep = StepWith(
    Key{"checkpoint", Shape::kOther, "A point that a rollback can stop at", true, kTrue}, kNext);
constexpr auto kSucceedStep =
    StepWith(Key{"succeed", Shape::kOther, "The run has succeeded", true, kTrue});
constexpr auto kFailStep = StepWith(
    Key{"fail", Shape::kOther, "The run fails here", true, R"({"$ref": "#/$defs/failure"})"},
    kOnFailure);

constexpr std::array kRetry = {
    Key{"attempts", Shape::kInt, "How many in all", false, "", 1, 1000},
    Key{"delay", Shape::kDuration, "Before the second attempt"},
    Key{"backoff", Shape::kNumber, "By how much the delay grows each time", false, "", 1, 100},
    Key{"max_delay", Shape::kDuration, "The longest delay"},
    Key{"on", Shape::kOther, "The codes after which it is tried again", false,
        R"({"type": "array", "items": {"$ref": "#/$defs/code"}})"},
};
constexpr std::array kActionInside = {
    Key{"action", Shape::kOther, "The action", true, R"({"type": "string"})"},
    kWith,
    Key{"timeout", Shape::kDuration, "How long it may take"},
};
constexpr std::array kApproval = {
    Key{"prompt", Shape::kText, "The question", true},
    Key{"approvers", Shape::kOther,
        "The roles that may decide (empty: nobody), or how many it takes of each", true,
        R"({"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/name"}},
             {"type": "object", "minProperties": 1,
              "additionalProperties": {"type": "integer", "minimum": 1, "maximum": 20}}]})"},
    Key{"quorum", Shape::kInt, "How many have to agree", false, "", 1, 100},
    Key{"exclude_requester", Shape::kBool,
        "Who started the run, or has changed what it does, may not decide"},
    Key{"second_factor", Shape::kBool, "To approve takes a one-time code too"},
    Key{"expires", Shape::kDuration, "How long there is to decide"},
    Key{"on_expiry", Shape::kWord, "What follows when nobody has decided", false,
        "hold|reject|escalate"},
    Key{"escalate", Shape::kOther, "Who else is asked, and when", false,
        R"({"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/escalation"}})"},
};
constexpr std::array kEscalation = {
    Key{"after", Shape::kDuration, "Since it was asked", true},
    Key{"to", Shape::kOther, "A role, which may decide from then on", true, kName},
};
constexpr std::array kChecklist = {
    Key{"prompt", Shape::kText, "What it is about", true},
    Key{"by", Shape::kOther, "The roles that may answer; empty: nobody", true, kNameList},
    Key{"items", Shape::kOther, "What is to be done", true,
        R"({"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/item"}})"},
    Key{"expires", Shape::kDuration, "How long there is for it"},
};
constexpr std::array kItem = {
    Key{"id", Shape::kOther, "Its name", true, kName},
    Key{"text", Shape::kText, "What to do", true},
    Key{"check", Shape::kOther, "An action that only reads; when it succeeds, this is done", false,
        R"({"$ref": "#/$defs/check"})"},
};
constexpr std::array kCase = {
    Key{"when", Shape::kOther, "The condition", true, kExpression},
    Key{"goto", Shape::kOther, "The step at which the run goes on", true, kName},
};
constexpr std::array kDefaultCase = {
    Key{"default", Shape::kOther, "The step at which the run goes on when no case is true", true,
        kName},
};
constexpr std::array kWait = {
    Key{"for", Shape::kText, "How long"},
    Key{"until", Shape::kOther, "Until when: a timestamp", false, kExpression},
    Key{"signal", Shape::kOther, "For the signal of this name", false, kName},
    Key{"timeout", Shape::kDuration,
        "Of a signal: how long; then the step fails with DEADLINE_EXCEEDED"},
};
constexpr std::array kParallel = {
    Key{"branches", Shape::kOther, "The steps of each branch, by its name", true,
        R"({"type": "object", "minProperties": 2, "additionalProperties":
            {"$ref": "#/$defs/steps"}})"},
    Key{"when_one_fails", Shape::kWord, "What becomes of the others", false, "stop|collect"},
};
constexpr std::array kFailure = {
    Key{"code", Shape::kOther, "The code of the error", false, kCode},
    Key{"message", Shape::kText, "What is told", true},
};

constexpr std::array kKindsOfMaps = {
    MapKind{"workflow", "A named state machine", kWorkflow},
    MapKind{"input", "What a run is given", kInput},
    MapKind{"error_answer", "What follows a failure", kErrorAnswer},
    MapKind{"action_step", "Does an action", kActionStep},
    MapKind{"approval_step", "Asks for a decision", kApprovalStep},
    MapKind{"manual_step", "Asks people to do something", kManualStep},
    MapKind{"switch_step", "Goes one way or another", kSwitchStep},
    MapKind{"wait_step", "Waits", kWaitStep},
    MapKind{"set_step", "Keeps values", kSetStep},
    MapKind{"parallel_step", "Does several things at the same time", kParallelStep},
    MapKind{"workflow_step", "Does what another workflow says", kWorkflowStep},
    MapKind{"checkpoint_step", "Can be rolled back to", kCheckpointStep},
    MapKind{"succeed_step", "Ends the run", kSucceedStep},
    MapKind{"fail_step", "Ends the run as failed", kFailStep},
    MapKind{"retry", "When an attempt is tried again", kRetry},
    MapKind{"compensation", "What undoes a step", kActionInside},
    MapKind{"check", "What answers an item", kActionInside},
    MapKind{"approval", "A decision of people", kApproval},
    MapKind{"escalation", "Whom else an approval asks", kEscalation},
    MapKind{"checklist", "What people do", kChecklist},
    MapKind{"item", "One thing to do", kItem},
    MapKind{"case", "One way of a switch", kCase},
    MapKind{"default_case", "The way of a switch when no case is true", kDefaultCase},
    MapKind{"wait", "What a run waits for; one of for, until and signal", kWait},
    MapKind{"parallel", "What is done at the same time", kParallel},
    MapKind{"failure", "How a run fails", kFailure},
};

}  // namespace

const Key* MapKind::Find(std::string_view key) const {
  const auto found = std::ranges::find(keys, key, &Key::name);
  return found == keys.end() ? nullptr : &*found;
}

std::span<const MapKind> MapKinds() { return kKindsOfMaps; }

const MapKind& KindOfMap(std::string_view name) {
  const auto found = std::ranges::find(kKindsOfMaps, name, &MapKind::name);
  RECOURSE_CHECK(found != kKindsOfMaps.end());
  return *found;
}

const MapKind& KindOfStep(std::string_view word) { return KindOfMap(std::string(word) + "_step"); }

}  // namespace recourse::definition

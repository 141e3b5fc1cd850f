// Holds what came of a case against what it expects.
#include <span>

#include "engine/base/json.h"
#include "engine/rehearsal/cases.h"

namespace recourse::rehearsal {
namespace {

using namespace machine;  // NOLINT: a rehearsal is made of inputs, events and effects

std::string Listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return "[" + text + "]";
}

// Whether `path` is what `expected` says; "..." in it stands for any number of steps.
bool Fits(std::span<const std::string> expected, std::span<const std::string> path) {
  if (expected.empty()) return path.empty();
  if (expected.front() != "...") {
    return !path.empty() && expected.front() == path.front() &&
           Fits(expected.subspan(1), path.subspan(1));
  }
  for (std::size_t skipped = 0; skipped <= path.size(); ++skipped) {
    if (Fits(expected.subspan(1), path.subspan(skipped))) return true;
  }
  return false;
}

const Error* ErrorOf(const RunState& state) {
  if (const auto* failed = std::get_if<Failed>(&state.status)) return &failed->error;
  if (const auto* undone = std::get_if<RolledBack>(&state.status)) return &undone->cause;
  if (const auto* asks = std::get_if<NeedsAttention>(&state.status)) return &asks->error;
  return nullptr;
}

}  // namespace

void Compare(const definition::Workflow& workflow, const Expected& expect, const RunState& state,
             Verdict& verdict) {
  const auto complain = [&](std::string_view what, const std::string& wanted,
                            const std::string& found) {
    verdict.problems.push_back(std::string(what) + ": expected " + wanted + ", found " + found);
  };
  const auto why = WhyItWaits(workflow, state);
  const Error* error = ErrorOf(state);
  if (expect.status && *expect.status != StatusOf(state)) {
    std::string found = verdict.status;
    if (why) {
      found += " (" + why->reason + ")";
    } else if (error != nullptr) {
      found += " (" + error->ToString() + ")";
    }
    complain("status", std::string(ToString(*expect.status)), found);
  }
  if (expect.path && !Fits(*expect.path, verdict.path)) {
    complain("path", Listed(*expect.path), Listed(verdict.path));
  }
  if (expect.undone && *expect.undone != verdict.undone) {
    complain("undone", Listed(*expect.undone), Listed(verdict.undone));
  }
  if (expect.error && (error == nullptr || error->code != *expect.error)) {
    complain("error", std::string(ToString(*expect.error)),
             error == nullptr ? "none" : error->ToString());
  }
  const bool said = error != nullptr && error->message.find(expect.message) != std::string::npos;
  if (!expect.message.empty() && !said) {
    complain("message", "\"..." + expect.message + "...\"",
             error == nullptr ? "none" : error->ToString());
  }
  if (expect.outputs) {
    const auto* succeeded = std::get_if<Succeeded>(&state.status);
    const Value outputs = succeeded == nullptr ? Value() : succeeded->outputs;
    if (outputs != *expect.outputs) complain("outputs", ToJson(*expect.outputs), ToJson(outputs));
  }
  if (!expect.waits.empty() && (!why || why->reason.find(expect.waits) == std::string::npos)) {
    complain("waits", "\"..." + expect.waits + "...\"",
             why ? "\"" + why->reason + "\"" : "nothing");
  }
}

}  // namespace recourse::rehearsal

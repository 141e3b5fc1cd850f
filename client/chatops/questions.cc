// Answers to what a run asks people: items of checklists, and what is true of an unknown effect.
#include <map>

#include "client/chatops/answers.h"
#include "client/chatops/projection.h"

namespace recourse::chatops {
namespace {

// "R-7 is left as it is: ...", or that nobody knows.
ChatAnswer Refused(const std::string& run, const Error& error) {
  if (IsUnanswered(error)) return {TextOf(error) + ". To find out: show " + run};
  return {run + " is left as it is: " + TextOf(error)};
}

// What follows the first `count` words, as it was written.
std::string Behind(std::string_view text, std::size_t count) {
  const auto skip = [&](bool blanks) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t') == blanks)
      text.remove_prefix(1);
  };
  for (skip(true); count > 0; --count) {
    skip(false);
    skip(true);
  }
  return std::string(text);
}

}  // namespace

ChatAnswer Answers::AnswerItem(const Asking& asking, const Command& command) const {
  const std::string& run = command.about;
  if (command.words.empty()) {
    const auto found = asking.GetRun(run);
    if (!found) return {TextOf(found.error())};
    return {"which item? Nothing was answered. " + RunLine(*found) + ", waits for: " +
            found->waiting().reason() + "\nWrite: answer " + run + " ITEM [note]"};
  }
  v1::AnswerItemRequest request;
  request.set_run(run);
  request.set_item(command.words[0]);
  request.set_cannot_be_done(command.words.size() > 1 && command.words[1] == "cannot-be-done");
  request.set_note(Behind(command.rest, request.cannot_be_done() ? 2 : 1));
  if (request.cannot_be_done() && request.note().empty()) {
    return {"say why it cannot be done; nothing was answered. Write: answer " + run + " " +
            request.item() + " cannot-be-done reason"};
  }
  const auto answered =
      asking.Call(&v1::RunService::Stub::AnswerItem, asking.server().runs(), request);
  if (!answered) return Refused(run, answered.error());
  return {RunLine(*answered) + "; " + request.item() +
          (request.cannot_be_done() ? " cannot be done, so that the step fails" : " is done")};
}

ChatAnswer Answers::Resolve(const Asking& asking, const Command& command) const {
  static const std::map<std::string, v1::Finding, std::less<>> kFindings = {
      {"applied", v1::FINDING_APPLIED},
      {"not_applied", v1::FINDING_NOT_APPLIED},
      {"partial", v1::FINDING_PARTIAL}};
  const std::string& run = command.about;
  const auto finding = kFindings.find(command.words.empty() ? "" : command.words[0]);
  const std::string reason = Behind(command.rest, 1);
  if (finding == kFindings.end() || reason.empty()) {
    return {
        "the timeline must say what is true and how you know; nothing was done. Write: resolve " +
        run + " applied|not_applied|partial reason"};
  }
  v1::ResolveEffectRequest request;
  request.set_run(run);
  request.set_finding(finding->second);
  request.set_reason(reason);
  const auto resolved =
      asking.Call(&v1::RunService::Stub::ResolveEffect, asking.server().runs(), request);
  if (!resolved) return Refused(run, resolved.error());
  return {RunLine(*resolved) + "; it goes on with that"};
}

}  // namespace recourse::chatops

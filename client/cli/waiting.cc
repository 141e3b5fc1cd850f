// What a run waits for, and what to type about it.
#include <algorithm>

#include "client/cli/verbs.h"
#include "engine/base/text.h"

namespace recourse::cli {
namespace {

// Of why a run waits, where a person looks for what to do next: some lines of a terminal.
constexpr std::size_t kReasonWidth = 300;

// Whom a queued run waits for, and what that one waits for itself.
std::string HolderText(const Common& common, const v1::LockHolder& holder) {
  std::string text = "held by     " + holder.run() + " " + OneLine(holder.workflow()) + " of " +
                     OneLine(holder.requester()) + ", " + StatusName(holder.status());
  if (!holder.step().empty()) text += " at " + OneLine(holder.step());
  if (holder.waits_for().empty()) {
    text += ", last changed " + FromNow(holder.since()) + "\n";
  } else {
    text += " since " + When(holder.since()) + " UTC, " + FromNow(holder.since()) + "\n";
    text += "because     " + Brief(holder.waits_for()) + "\n";
    text += "it takes    " + OneLine(holder.who()) + "\n";
  }
  return text + "look        " + Prefix(common) + " show " + holder.run() + "\n";
}

bool IsOfName(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

// Whether it has the form of the names of items and signals. A reason also holds what comes from
// elsewhere (inputs, lines of logs, messages of errors), and no other word of it may become a part
// of a command that people paste.
bool IsName(std::string_view text) {
  return !text.empty() && text.front() != '-' && std::ranges::all_of(text, IsOfName);
}

// What each lane of a run waits for, as the server joins them. Where a text has the same words a
// lane comes in several pieces.
std::vector<std::string> LanesOf(const std::string& reason) {
  constexpr std::string_view kAnd = "; and ";
  std::vector<std::string> lanes;
  for (std::size_t at = 0; at != reason.npos;) {
    const auto end = reason.find(kAnd, at);
    lanes.push_back(reason.substr(at, end == reason.npos ? end : end - at));
    at = end == reason.npos ? end : end + kAnd.size();
  }
  return lanes;
}

// An open item of a checklist, as the server words what it waits for: behind the prompt, which is
// any text.
std::string OpenItem(const std::vector<std::string>& lanes) {
  constexpr std::string_view kOpen = "; open: ";
  for (auto lane = lanes.rbegin(); lane != lanes.rend(); ++lane) {
    const auto at = lane->rfind(kOpen);
    if (at == lane->npos) continue;
    const std::string items = lane->substr(at + kOpen.size());
    const std::string item = items.substr(0, items.find_first_of(" ,;"));
    return IsName(item) ? item : "ITEM";
  }
  return "ITEM";
}

// The signal that the lane waits for, as the server words it: a step's name in front, and nothing
// behind it. Empty: it waits for something else.
std::string SignalOf(const std::string& lane) {
  constexpr std::string_view kSignal = " waits for the signal ";
  const auto at = lane.find(kSignal);
  if (at == lane.npos || lane.find(' ') != at) return "";
  const std::string name = lane.substr(at + kSignal.size());
  return IsName(name) ? name : "";
}

// Whether `text` has the word as a whole: "operator" is none of "operator-lead".
bool HasWord(std::string_view text, std::string_view word) {
  for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
    const auto end = at + word.size();
    const bool begins = at == 0 || !IsOfName(text[at - 1]);
    const bool ends = end == text.size() || !IsOfName(text[end]);
    if (begins && ends) return true;
  }
  return false;
}

// The option with which an approval of the run is decided; none where the operator may decide
// himself.
std::string AsWhoMayDecide(const Common& common, const v1::Run& run) {
  const std::string& who = run.waiting().who();
  const bool excluded = run.requester() == "operator" && who.find("not the requester") != who.npos;
  return HasWord(who, "operator") && !excluded ? "" : AsApprover(common);
}

// The verbs that answer a run that needs attention, of those that are possible.
std::vector<std::string> Answers(const v1::Run& run) {
  std::vector<std::string> verbs;
  for (const std::string verb : {"resolve", "retry", "skip", "rollback", "cancel"}) {
    const bool possible =
        std::find(run.possible().begin(), run.possible().end(), verb) != run.possible().end();
    if (possible) verbs.push_back(verb);
  }
  return verbs;
}

// What to type for a run that needs attention.
std::string AnswersText(const std::string& prefix, const v1::Run& run) {
  std::string text;
  if (run.error().code() == "INVALID_ARGUMENT" && !run.step().empty()) {
    text += "correct     " + prefix + " override " + run.id() + " " +
            ShellWord(OneLine(run.step().substr(0, run.step().find('[')))) +
            " INPUT=VALUE --reason \"WHY\", and then retry\n";
  }
  // `who` says when a rollback needs to know which of the answers is true.
  const bool unknown = run.waiting().who().find("saying which") != std::string::npos;
  for (const std::string& verb : Answers(run)) {
    text += "answer      " + prefix + " " + verb + " " + run.id();
    if (verb == "skip") text += " --reason \"WHY\"";
    if (verb == "resolve") text += " applied|not_applied|partial --reason \"WHY\"";
    if (verb == "rollback" && unknown) text += " --effect applied|not_applied|partial";
    text += "\n";
  }
  return text;
}

// What to type for what lanes of the run wait for, which stands in the reason.
std::string LanesText(const std::string& prefix, const v1::Run& run) {
  const std::vector<std::string> lanes = LanesOf(run.waiting().reason());
  std::string text;
  if (std::ranges::any_of(lanes,
                          [](const auto& one) { return one.starts_with("checklist at "); })) {
    text += "answer      " + prefix + " answer " + run.id() + " " + OpenItem(lanes) + "\n";
  }
  for (const std::string& lane : lanes) {
    const std::string signal = SignalOf(lane);
    if (signal.empty()) continue;
    return text + "signal      " + prefix + " signal " + run.id() + " " + signal + "\n";
  }
  return text;
}

// What to type for the approvals that the run waits for.
std::string ApprovalsText(const Common& common, const v1::Run& run) {
  const std::string prefix = Prefix(common);
  const std::string as = AsWhoMayDecide(common, run);
  std::string text;
  for (const std::string& approval : run.open_approvals()) {
    text += "look        " + prefix + " approval " + approval + "\n";
    text += "approve     " + prefix + " approve " + approval + as + "\n";
    text += "reject      " + prefix + " reject " + approval + as + " --reason \"WHY\"\n";
  }
  return text;
}

}  // namespace

std::string WaitingText(const Common& common, const v1::Run& run, bool brief) {
  if (!run.has_waiting()) return "";
  const v1::Waiting& waiting = run.waiting();
  const std::string whole = OneLine(waiting.reason());
  const std::string reason = brief ? Brief(whole, kReasonWidth) : whole;
  std::string text = "waits for   " + reason + "\n";
  text += "unblocked   by " + OneLine(waiting.who()) + "\n";
  if (waiting.has_next_at()) {
    const char* it = waiting.next().starts_with("is ") ? "it " : "";
    text += "next        " + (it + OneLine(waiting.next())) + " " + FromNow(waiting.next_at()) +
            " (" + When(waiting.next_at()) + " UTC)\n";
  }
  if (waiting.has_lock_holder()) text += HolderText(common, waiting.lock_holder());
  const std::string prefix = Prefix(common);
  if (reason != whole && run.open_approvals().empty()) {
    text += "look        " + prefix + " show " + run.id() + "\n";
  }
  if (waiting.reason().starts_with("quarantined by ")) {  // as the server words it
    return text + "resume      " + prefix + " resume " + run.id() + "\ncancel      " + prefix +
           " cancel " + run.id() + "\n";
  }
  text += ApprovalsText(common, run);
  text += LanesText(prefix, run);
  if (waiting.who().find("override the window") != std::string::npos) {
    text += "override    " + prefix + " override-window " + run.id() + " --reason \"WHY\"\n";
  }
  const bool resumes =
      std::find(run.possible().begin(), run.possible().end(), "resume") != run.possible().end();
  if (run.status() == v1::RUN_STATUS_PAUSED || resumes) {
    text += "resume      " + prefix + " resume " + run.id() + "\n";
  }
  const bool held =
      waiting.reason().find("started on hold by ") != std::string::npos;  // as the server words it
  if (held) text += "cancel      " + prefix + " cancel " + run.id() + " --reason \"WHY\"\n";
  if (run.status() == v1::RUN_STATUS_NEEDS_ATTENTION) text += AnswersText(prefix, run);
  return text;
}

}  // namespace recourse::cli

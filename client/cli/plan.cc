// plan, and the plan that an approval shows.
#include <cstdio>

#include "client/cli/verbs.h"
#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse::cli {
namespace {

constexpr const char* kIndent = "       ";

// The texts of a list in the plan.
std::vector<std::string> Texts(const Value& list) {
  std::vector<std::string> texts;
  if (!list.is_list()) return texts;
  for (const Value& text : list.as_list()) {
    if (text.is_string()) texts.push_back(OneLine(text.as_string()));
  }
  return texts;
}

const Value::List& ListIn(const Value& plan, std::string_view key) {
  static const Value::List kNone;
  return plan[key].is_list() ? plan[key].as_list() : kNone;
}

std::string Joined(const std::vector<std::string>& texts, const std::string& between) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : between) + text;
  return joined;
}

std::string PlanLine(const std::string& before, const std::string& text) {
  return text.empty() ? "" : kIndent + before + OneLine(text) + "\n";
}

std::string ApprovalLines(const Value& approval) {
  if (!approval.is_map()) return "";
  std::string who = Joined(Texts(approval["approvers"]), " or ");
  if (who.empty()) who = "nobody: its list of approvers is empty";
  if (const auto quorum = approval.IntOr("quorum", 1); quorum > 1) {
    who = std::to_string(quorum) + " of " + who;
  }
  if (const Value& groups = approval["groups"]; groups.is_map() && !groups.as_map().empty()) {
    who.clear();
    for (const auto& [role, quorum] : groups.as_map()) {
      who += (who.empty() ? "" : " and ") + ToJson(quorum) + " of " +
             (role.is_string() ? role.as_string() : "");
    }
  }
  if (approval.BoolOr("second_factor", false)) who += ", with a one-time code";
  if (approval.BoolOr("exclude_requester", false)) who += ", not who started the run";
  std::string text = PlanLine("asks ", who) + PlanLine("", approval.StringOr("prompt", ""));
  text += PlanLine("also asks ", Joined(Texts(approval["escalate"]), ", "));
  text += PlanLine("expires after ", approval.StringOr("expires", ""));
  text += PlanLine("if it is rejected: ", approval.StringOr("if_rejected", ""));
  return text + PlanLine("if it expires: ", approval.StringOr("if_expired", ""));
}

std::string StepLines(const Value& step, const std::string& by_default) {
  std::string text = OneLine(step.StringOr("step", ""));
  if (const std::string summary = step.StringOr("summary", ""); !summary.empty()) {
    text += " - " + OneLine(summary);
  }
  text += "\n";
  for (const std::string& way : Texts(step["ways"])) text += kIndent + ("when " + way) + "\n";
  for (const std::string& line : Texts(step["lines"])) text += kIndent + line + "\n";
  for (const std::string& problem : Texts(step["problems"])) {
    text += kIndent + Painted("! " + problem, Colour::kBad) + "\n";
  }
  text += ApprovalLines(step["approval"]) + PlanLine("way back: ", step.StringOr("undo", ""));
  const std::string fails = Joined(Texts(step["if_it_fails"]), "; ");
  return fails == by_default ? text : text + PlanLine("if it fails: ", fails);
}

std::string PathText(const Value& plan, const std::string& title) {
  const std::string by_default = plan.StringOr("if_it_fails", "");
  std::string text, others;
  int number = 0;
  for (const Value& step : ListIn(plan, "steps")) {
    if (step.StringOr("reach", "") == "conditional") {
      others += "  - " + StepLines(step, by_default);
      if (const auto bytes = step.IntOr("bytes_needed", 0); bytes > 0) {
        others += PlanLine("needs free space: ", HumanBytes(bytes));
      }
    } else {
      text += "  " + std::to_string(++number) + ". " + StepLines(step, by_default);
    }
  }
  if (text.empty()) text = "  nothing\n";
  text = "\n" + title + "\n" + text;
  return others.empty() ? text : text + "\nWhat may happen instead:\n" + others;
}

std::string WayBackText(const Value& plan) {
  std::string text;
  for (const Value& step : ListIn(plan, "rollback")) {
    const std::string undo = step.StringOr("undo", "");
    text += "  " + OneLine(step.StringOr("step", "")) + ": " + OneLine(undo) + "\n";
  }
  if (!text.empty()) text = "\nA rollback at the end would undo, in this order:\n" + text;
  if (const std::string fails = plan.StringOr("if_it_fails", ""); !fails.empty()) {
    text += "\nIf a step fails that says nothing of it: " + OneLine(fails) + "\n";
  }
  return text;
}

std::string SpaceText(const Value& plan) {
  std::string text;
  for (const Value& space : ListIn(plan, "space")) {
    const std::int64_t needed = space.IntOr("needed", 0);
    const std::string where = space.StringOr("file_system", "");
    text += "  " + HumanBytes(needed) +
            (where.empty() ? ", its action does not say where" : " on " + OneLine(where));
    if (space["free"].is_int()) {
      const std::int64_t free = space.IntOr("free", 0);
      text += ", where " + HumanBytes(free) + " are free" +
              (free < needed ? Painted(": not enough", Colour::kBad) : "");
    } else if (!where.empty()) {
      text += ", where it cannot be told how much is free";
    }
    text += "\n";
  }
  return text.empty() ? "" : "\nFree space needed:\n" + text;
}

std::string SpanOf(const Value& of, std::string_view key) {
  auto span = ParseDuration(of.StringOr(key, ""));
  return span ? HumanDuration(*span) : "";
}

std::string LockText(const Value& lock) {
  if (!lock.is_map()) return "none";
  const std::string key = OneLine(lock.StringOr("key", ""));
  const std::string holder = OneLine(lock.StringOr("holder", ""));
  if (holder.empty()) return key + ", which is free";
  const bool queues = lock.StringOr("on_locked", "") == "queue";
  const std::int64_t waiting = lock.IntOr("waiting", 0);
  return key + ", held by " + holder + " (" + OneLine(lock.StringOr("holder_workflow", "")) +
         ", started " + OneLine(lock.StringOr("holder_started", "")) + ")" +
         (waiting > 0 ? ", " + std::to_string(waiting) + " wait for it" : "") +
         (queues ? ": a run would wait for it" : ": a run would be refused");
}

std::string DurationText(const Value& plan) {
  const Value& past = plan["past_runs"];
  std::string text;
  if (const std::int64_t runs = past.IntOr("runs", 0); runs > 0) {
    text = SpanOf(past, "median") +
           (runs == 1 ? " the last time it succeeded (waits for people included); "
                      : ", the median of the last " + std::to_string(runs) + " that succeeded (" +
                            SpanOf(past, "shortest") + " to " + SpanOf(past, "longest") +
                            ", waits for people included); ");
  }
  const auto unsaid = Texts(plan["expect_not_said"]);
  if (plan.StringOr("expect", "") == "0s") return text + "no step says how long it takes";
  text += SpanOf(plan, "expect") + " by what its steps expect";
  return unsaid.empty() ? text : text + "; not said by " + Joined(unsaid, ", ");
}

}  // namespace

std::string PlanText(const Value& plan, const std::string& title) {
  std::string text = PathText(plan, title);
  const auto lost = Texts(plan["irreversible"]);
  if (!lost.empty()) text += "\nWhat cannot be undone:\n";
  for (const std::string& line : lost) text += "  ! " + line + "\n";
  text += WayBackText(plan);
  if (const std::string rejected = plan.StringOr("if_rejected", ""); !rejected.empty()) {
    text += "If it is rejected: " + OneLine(rejected) + "\n";
  }
  if (const std::string expired = plan.StringOr("if_expired", ""); !expired.empty()) {
    text += "If it expires: " + OneLine(expired) + "\n";
  }
  text += SpaceText(plan);
  if (const auto unasked = Texts(plan["not_asked"]); !unasked.empty()) {
    text += "\nNot asked before the run, so that what they come to is not known: " +
            Joined(unasked, ", ") + "\n";
  }
  return text;
}

namespace {

// A line for a workflow that has a window.
std::string WindowText(const Value& window) {
  if (!window.is_map()) return "";
  const std::string closes = window.StringOr("closes", "");
  const std::string opens = window.StringOr("opens", "");
  std::string text = !closes.empty() ? "open until " + closes
                     : opens.empty() ? "closed, and it does not open again"
                                     : "closed; what changes something waits until " + opens;
  return "window   " + OneLine(text) + "\n";
}

}  // namespace

int PlanRun(const Common& common, const StartArguments& arguments) {
  auto inputs = InputsOf(arguments);
  if (!inputs) return Tell(inputs.error(), kUsage);
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    inputs = InputsFor(server, arguments);
    if (!inputs) return std::move(inputs).error();
    v1::PlanRunRequest request;
    request.set_workflow(arguments.workflow);
    request.set_inputs_json(ToJson(*inputs));
    // As long as the actions take that are asked; the server puts an end to that.
    auto made = Unary(server, &v1::WorkflowService::Stub::PlanRun, server.workflows(), request,
                      common.server.timeout);
    if (!made) return std::move(made).error();
    if (common.json) return PrintJson(*made);
    auto plan = ParseJson(made->plan_json());
    if (!plan) return std::move(plan).error().In("the server's plan");
    std::printf(
        "the plan of %s; nothing was started\n\nlock     %s\n%stakes    %s\ndigest   %s\n%s",
        OneLine(made->workflow()).c_str(), LockText((*plan)["lock"]).c_str(),
        WindowText((*plan)["window"]).c_str(), DurationText(*plan).c_str(), made->digest().c_str(),
        PlanText(*plan, "What would happen:").c_str());
    return kOk;
  });
}

}  // namespace recourse::cli

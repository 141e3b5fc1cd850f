// attention: what needs a person now, the most urgent first.
#include <cstdio>

#include "client/cli/verbs.h"

namespace recourse::cli {

std::string EscalationText(const v1::Run& run) {
  if (!run.has_escalation()) return "";
  const v1::Escalation& escalation = run.escalation();
  std::string text;
  if (!escalation.acknowledged_by().empty()) {
    return "taken by    " + OneLine(escalation.acknowledged_by()) + ", " +
           FromNow(escalation.acknowledge_time()) + "\n";
  }
  if (escalation.has_respond_by_time()) {
    text += "respond by  " + When(escalation.respond_by_time()) + " UTC, " +
            FromNow(escalation.respond_by_time()) + "\n";
  }
  std::string told;
  for (const std::string& role : escalation.told())
    told += (told.empty() ? "" : ", ") + OneLine(role);
  if (!told.empty()) text += "told        " + told + "\n";
  if (!escalation.next().empty()) {
    text +=
        "told next   " + OneLine(escalation.next()) + ", " + FromNow(escalation.next_time()) + "\n";
  }
  return text;
}

std::string EndedBadlyText(const Common& common, const v1::ListAttentionResponse& list) {
  std::string text;
  for (const v1::Run& run : list.ended_badly()) {
    text += run.id() + "  " + Painted(StatusName(run.status()), ColourOf(run.status())) + "  " +
            OneLine(run.workflow());
    if (!run.target().empty()) text += " on " + OneLine(run.target());
    text += ", " + FromNow(run.end_time()) + "\n";
    text += "because     " + Brief(run.error().code() + ": " + run.error().message()) + "\n";
    text += "look        " + Prefix(common) + " show " + run.id() + "\n";
  }
  if (list.more_ended_badly() > 0) {
    text += "(" + std::to_string(list.more_ended_badly()) + " more ended before these)\n";
  }
  return text.empty() ? "" : "\nended badly in the last 24 hours; nobody is waited for:\n" + text;
}

int ListAttention(const Common& common, int limit) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    v1::ListAttentionRequest request;
    request.set_limit(limit);
    auto list = Unary(server, &v1::RunService::Stub::ListAttention, server.runs(), request);
    if (!list) return std::move(list).error();
    if (common.json) return PrintJson(*list);
    if (!list->journal_error().empty()) {
      std::printf("%s\n\n", Painted("JOURNAL  it cannot be written, and no command takes effect: " +
                                        OneLine(list->journal_error()),
                                    Colour::kBad)
                                .c_str());
    }
    if (list->runs().empty()) std::printf("nothing needs a person\n");
    bool first = true;
    for (const v1::Run& run : list->runs()) {
      if (!std::exchange(first, false)) std::printf("\n");
      std::string line = run.id() + "  " +
                         Painted(StatusName(run.status()), ColourOf(run.status())) + "  " +
                         OneLine(run.workflow());
      if (!run.target().empty()) line += " on " + OneLine(run.target());
      if (!run.severity().empty()) line += "  (" + OneLine(run.severity()) + ")";
      if (run.has_waiting())
        line +=
            "  since " + When(run.waiting().since()) + " UTC, " + FromNow(run.waiting().since());
      std::printf("%s\n%s%s", line.c_str(), EscalationText(run).c_str(),
                  WaitingText(common, run, true).c_str());
      const bool open = run.has_escalation() && run.escalation().acknowledged_by().empty();
      if (open) std::printf("take it     %s ack %s\n", Prefix(common).c_str(), run.id().c_str());
    }
    if (list->more() > 0) {
      std::printf("\n(%lld more: --limit)\n", static_cast<long long>(list->more()));
    }
    std::printf("%s", EndedBadlyText(common, *list).c_str());
    for (const std::string& problem : list->problems()) {
      std::printf("\n%s  %s\n", Painted("ALERT RULE", Colour::kBad).c_str(),
                  OneLine(problem).c_str());
    }
    for (const v1::Channel& channel : list->undelivered()) {
      std::printf("\n%s", UndeliveredText(common, channel).c_str());
    }
    return kOk;
  });
}

}  // namespace recourse::cli

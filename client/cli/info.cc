// info: the server, what it has to do, and what somebody should look at.
#include <cstdio>

#include "client/cli/verbs.h"
#include "engine/base/text.h"

namespace recourse::cli {
namespace {

// "12", or "10000 or more" where no more are counted.
std::string Counted(std::int64_t count, std::int64_t counted_max) {
  return std::to_string(count) + (count < counted_max ? "" : " or more");
}

std::string CheckText(const Common& common, const v1::JournalCheck& check) {
  const std::string what = (check.whole() ? "all " : "the last ") + std::to_string(check.events()) +
                           " events, " + FromNow(check.time());
  if (check.problems() == 0) {
    return "checked   " + what + ": sound" +
           (check.whole() ? ""
                          : " as far as their hashes tell; the whole: " + Prefix(common) +
                                " journal verify") +
           "\n";
  }
  return Painted(
             "checked   " + what + ": DAMAGED, problems found: " + std::to_string(check.problems()),
             Colour::kBad) +
         "\n          " + OneLine(check.first_problem()) + "\n          more: " + Prefix(common) +
         " journal verify\n";
}

std::string InfoText(const Common& common, const v1::GetInfoResponse& info) {
  std::string text = "recoursed " + info.version() + ", process " +
                     std::to_string(info.process_id()) + ", up since " + When(info.start_time()) +
                     " UTC\njournal   " + OneLine(info.journal_path()) + " (" +
                     HumanBytes(info.journal_bytes()) + ", " +
                     std::to_string(info.last_position()) + " events)\n";
  if (!info.journal_writable()) {
    text +=
        Painted("the journal cannot be written: " + OneLine(info.journal_error()), Colour::kBad) +
        "\n";
  }
  text += CheckText(common, info.last_check());
  const bool somebody = info.runs_need_attention() > 0 || info.open_approvals() > 0;
  text += Painted("open      " + Counted(info.open_runs(), 10'000) + " runs, of which " +
                      Counted(info.runs_need_attention(), 10'000) + " need attention; " +
                      Counted(info.open_approvals(), 1000) + " approvals",
                  somebody ? Colour::kWaits : Colour::kNone) +
          "\n";
  if (info.runs_need_attention() > 0) {
    text += "          look: " + Prefix(common) + " runs --status needs-attention\n";
  }
  if (info.open_approvals() > 0) text += "          look: " + Prefix(common) + " approvals\n";
  text += "at work   " + std::to_string(info.runs_in_memory()) + " runs in memory, " +
          std::to_string(info.attempts_at_work()) + " attempts at work, " +
          std::to_string(info.inputs_waiting()) + " inputs waiting\n";
  text += "loaded    " + std::to_string(info.workflows()) + " workflows, " +
          std::to_string(info.targets()) + " targets, " + std::to_string(info.actions()) +
          " actions; read " + When(info.load_time()) + " UTC\n";
  if (info.left_out().empty()) return text;
  text += Painted("left out  " + std::to_string(info.left_out_size()) +
                      ", because they have mistakes; correct them and send the server a SIGHUP:",
                  Colour::kBad) +
          "\n";
  for (const std::string& problem : info.left_out()) text += "  " + Quoted(problem) + "\n";
  return text;
}

}  // namespace

int ShowInfo(const Common& common) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    auto info =
        Unary(server, &v1::AdminService::Stub::GetInfo, server.admin(), v1::GetInfoRequest());
    if (!info) return std::move(info).error();
    if (common.json) return PrintJson(*info);
    std::printf("%s", InfoText(common, *info).c_str());
    return kOk;
  });
}

}  // namespace recourse::cli

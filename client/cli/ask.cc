// approve on a terminal: shows what is asked for, and asks.
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <optional>

#include "client/cli/verbs.h"
#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse::cli {
namespace {

enum class Answer { kApprove, kReject, kLeave, kStop };

// A line that somebody typed, without what surrounds it; none when there will be no more.
std::optional<std::string> Line(const std::string& question) {
  std::printf("%s", question.c_str());
  std::fflush(stdout);
  std::string line;
  if (!std::getline(std::cin, line)) {
    std::printf("\n");
    return std::nullopt;
  }
  constexpr const char* kBlank = " \t\r";
  const auto first = line.find_first_not_of(kBlank);
  if (first == std::string::npos) return "";
  return line.substr(first, line.find_last_not_of(kBlank) - first + 1);
}

// Whether what follows cannot be undone; then a slip of one key must not approve it.
bool IsIrreversible(const v1::Approval& approval) {
  const auto plan = ParseJson(approval.plan_json());
  if (!plan) return true;
  const Value& lost = (*plan)["irreversible"];
  return lost.is_list() && !lost.as_list().empty();
}

Answer AskWhat(const v1::Approval& approval, bool more) {
  const bool whole_word = IsIrreversible(approval);
  const std::string choices =
      std::string(whole_word ? "approve (the whole word: it cannot be undone)" : "[a]pprove") +
      ", [r]eject, [l]eave" + (more ? ", [q]uit" : "");
  std::printf("\n%s: %s%s\n", approval.id().c_str(), Quoted(approval.prompt()).c_str(),
              approval.has_expire_time()
                  ? (" (expires " + FromNow(approval.expire_time()) + ")").c_str()
                  : "");
  for (;;) {
    const auto typed = Line(choices + "? ");
    if (!typed || (more && (*typed == "q" || *typed == "quit"))) return Answer::kStop;
    if (*typed == "approve" || (*typed == "a" && !whole_word)) return Answer::kApprove;
    if (*typed == "r" || *typed == "reject") return Answer::kReject;
    if (*typed == "l" || *typed == "leave") return Answer::kLeave;
  }
}

// Why; none when somebody gives up instead of saying it.
std::optional<std::string> AskWhy(const std::string& question, bool required) {
  for (;;) {
    auto reason = Line(question);
    if (!reason) return std::nullopt;
    if (!IsUtf8(*reason)) {
      std::printf("that is no text in UTF-8\n");
    } else if (!required || !reason->empty()) {
      return reason;
    }
  }
}

class Asking {
 public:
  Asking(const Common& common, const client::Connection& server, const DecideArguments& arguments)
      : common_(common), server_(server), arguments_(arguments) {}

  Result<int> AskOne(const std::string& id) {
    auto approval = GetApproval(server_, id);
    if (!approval) return std::move(approval).error();
    return Ask(*approval, false);
  }

  // Each that is open, the oldest first. What is refused of one is told, and the next one asked.
  Result<int> AskAll() {
    auto list = AllPages(server_, &v1::ApprovalService::Stub::ListApprovals, server_.approvals(),
                         v1::ListApprovalsRequest(),
                         [](auto& answer) { return answer.mutable_approvals(); });
    if (!list) return std::move(list).error();
    if (list->approvals().empty()) std::printf("nothing waits for an approval\n");
    int worst = kOk;
    const int count = list->approvals_size();
    for (int i = count - 1; i >= 0 && !stopped_; --i) {
      if (count > 1) std::printf("%s%d of %d\n\n", i == count - 1 ? "" : "\n", count - i, count);
      auto code = Ask(list->approvals(i), count > 1);
      if (!code && server_.unanswered()) return std::move(code).error();
      if (!code) Tell(code.error(), kRefused);
      const int came_to = code ? *code : int{kRefused};
      if (worst != kRefused && came_to != kOk) worst = came_to;
    }
    return worst;
  }

 private:
  Result<int> Ask(const v1::Approval& approval, bool more) {
    std::printf("%s", ApprovalText(approval).c_str());
    if (approval.state() != v1::Approval::OPEN) {
      return FailedPrecondition(approval.id() + " is " +
                                v1::Approval::State_Name(approval.state()) +
                                " already; nothing was asked and nothing changed");
    }
    NameServer(common_);
    DecideArguments vote = arguments_;
    vote.approval = approval.id();
    // A no may be theirs all the same: who asked for an override takes it back so.
    if (const std::string why = WhyNotYours(approval); !why.empty()) {
      std::printf("%s\n", OneLine(why).c_str());
    }
    vote.digest = approval.digest();
    const Answer answer = AskWhat(approval, more);
    stopped_ = answer == Answer::kStop;
    if (answer == Answer::kLeave || stopped_) return Left(approval);
    vote.reject = answer == Answer::kReject;
    if (vote.reason.empty()) {
      const auto reason = AskWhy(vote.reject ? "why not? " : "why (may stay empty)? ", vote.reject);
      if (!reason) {
        stopped_ = true;
        return Left(approval);
      }
      vote.reason = *reason;
    }
    if (!vote.reject && approval.second_factor() && vote.code.empty()) {
      const auto code = AskWhy("your one-time code? ", true);
      if (!code) {
        stopped_ = true;
        return Left(approval);
      }
      vote.code = *code;
    }
    return Vote(common_, server_, vote);
  }

  // Empty also where the server does not say who calls: it says so when it takes the vote.
  std::string WhyNotYours(const v1::Approval& approval) {
    if (!who_) {
      auto who = Unary(server_, &v1::IdentityService::Stub::WhoAmI, server_.identity(),
                       v1::WhoAmIRequest());
      if (!who) return "";
      who_ = *std::move(who);
    }
    return cli::WhyNotYours(approval, *who_);
  }

  int Left(const v1::Approval& approval) {
    std::printf("%s is left as it is: nothing was decided\n", approval.id().c_str());
    return kNeedsPerson;
  }

  const Common& common_;
  const client::Connection& server_;
  const DecideArguments& arguments_;
  std::optional<v1::WhoAmIResponse> who_;
  bool stopped_ = false;
};

}  // namespace

bool CanAsk(const Common& common) {
  return !common.json && OnTerminal() && isatty(STDIN_FILENO) == 1;
}

int AskApproval(const Common& common, const DecideArguments& arguments) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    Asking asking(common, server, arguments);
    return arguments.approval.empty() ? asking.AskAll() : asking.AskOne(arguments.approval);
  });
}

}  // namespace recourse::cli

#include "tests/crash/life.h"

#include <chrono>
#include <memory>
#include <optional>

#include "client/connection.h"

namespace recourse::crash {
namespace {

constexpr int kStartsMax = 10;

// The one who started the run, and the one who approves. What was answered to them is remembered
// across the server's deaths, and must stay true.
class People {
 public:
  People(const Scenario& scenario, std::string data)
      : scenario_(scenario), data_(std::move(data)) {}

  enum class Met { kEnd, kDeath, kProblem };

  // Goes on with the run until it is over, the server dies, or something is wrong.
  Met GoOn() {
    auto requester = Connect("operator");
    auto approver = Connect("approver");
    if (!requester) return Wrong(requester.error().message);
    if (!approver) return Wrong(approver.error().message);
    // First without waiting, so that there is an answer before the run is over.
    for (bool wait = false;; wait = true) {
      v1::Run run;
      if (const auto met = StartRun(*requester, wait, &run)) return *met;
      if (run.has_end_time()) return CheckEnd(*requester, run);
      if (!wait) continue;
      if (run.open_approvals().empty()) return Wrong("the run stands still: " + Text(run));
      for (const std::string& approval : run.open_approvals()) {
        if (const auto met = Approve(*approver, approval)) return *met;
      }
    }
  }

  const std::vector<std::string>& problems() const { return problems_; }

 private:
  Met Wrong(std::string problem) {
    problems_.push_back(std::move(problem));
    return Met::kProblem;
  }

  Result<client::Connection> Connect(const std::string& principal) const {
    client::Options options;
    options.data = data_;
    options.principal = principal;
    return client::Connection::Open(options);
  }

  static std::string Text(const v1::Run& run) { return run.ShortDebugString(); }

  static std::unique_ptr<grpc::ClientContext> ContextOf(const client::Connection& connection) {
    auto context = connection.NewContext();
    context->set_deadline(std::chrono::system_clock::now() + kPatience);
    return context;
  }

  // Nothing when the call was answered well.
  std::optional<Met> MetBy(const grpc::Status& status, const std::string& call) {
    if (status.ok()) return std::nullopt;
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE) return Met::kDeath;
    return Wrong(call + ": " + std::to_string(status.error_code()) + " " + status.error_message());
  }

  std::optional<Met> StartRun(const client::Connection& connection, bool wait, v1::Run* run) {
    v1::StartRunRequest request;
    request.set_workflow(scenario_.workflow);
    request.set_request_id("the same each time");
    request.set_wait(wait);
    std::string inputs = scenario_.inputs;
    for (auto at = inputs.find('@'); at != std::string::npos; at = inputs.find('@')) {
      inputs.replace(at, 1, data_);
    }
    request.set_inputs_json(inputs);
    const auto status = connection.runs().StartRun(ContextOf(connection).get(), request, run);
    if (auto met = MetBy(status, "StartRun")) return met;
    if (!run_.empty() && run->id() != run_)
      return Wrong(run_ + " was lost: now it is " + run->id());
    if (run->revision() < revision_) return Wrong("events were lost: " + Text(*run));
    run_ = run->id();
    revision_ = run->revision();
    return std::nullopt;
  }

  std::optional<Met> Approve(const client::Connection& connection, const std::string& id) {
    if (id == approved_) return Wrong(id + " was approved, and is asked again");
    v1::DecideRequest request;
    request.set_approval(id);
    request.set_decision(v1::DECISION_APPROVE);
    v1::Approval answer;
    const auto status =
        connection.approvals().Decide(ContextOf(connection).get(), request, &answer);
    if (auto met = MetBy(status, "Decide")) return met;
    approved_ = id;
    return std::nullopt;
  }

  // However often it was asked for, there is one run; and the approval has one vote.
  Met CheckEnd(const client::Connection& connection, const v1::Run& run) {
    if (run.status() != scenario_.ends) return Wrong("it ended otherwise: " + Text(run));
    v1::ListRunsResponse runs;
    auto status = connection.runs().ListRuns(ContextOf(connection).get(), {}, &runs);
    if (auto met = MetBy(status, "ListRuns")) return *met;
    if (runs.runs_size() != 1)
      return Wrong("there are " + std::to_string(runs.runs_size()) + " runs");
    v1::ListApprovalsRequest request;
    request.set_include_settled(true);
    v1::ListApprovalsResponse approvals;
    status = connection.approvals().ListApprovals(ContextOf(connection).get(), request, &approvals);
    if (auto met = MetBy(status, "ListApprovals")) return *met;
    for (const v1::Approval& approval : approvals.approvals()) {
      if (approval.state() != v1::Approval::APPROVED || approval.votes_size() != 1) {
        return Wrong("an approval is not settled by one vote: " + approval.ShortDebugString());
      }
    }
    return Met::kEnd;
  }

  const Scenario& scenario_;
  const std::string data_;
  std::string run_;            // as answered; empty: no answer yet
  std::int64_t revision_ = 0;  // the last that was answered
  std::string approved_;       // the approval whose vote was answered
  std::vector<std::string> problems_;
};

void CheckWorld(const Scenario& scenario, const std::string& data, Life& life) {
  const std::string found = scenario.observe(data);
  if (found != scenario.expected) {
    life.problems.push_back("the world is\n" + found + "\ninstead of\n" + scenario.expected);
  }
  const Said said = RunProgram({RECOURSE, "journal", "verify", "--file", data + "/journal.db"});
  if (said.exit_code != 0) life.problems.push_back("journal verify: " + said.text);
}

}  // namespace

Life Play(const Scenario& scenario, const std::string& data,
          const std::vector<std::string>& fail_points) {
  using Ended = ServerProcess::Ended;
  scenario.prepare(data);
  Life life;
  People people(scenario, data);
  for (int start = 0; start < kStartsMax; ++start) {
    const auto at = static_cast<std::size_t>(start);
    const std::string fail_point = at < fail_points.size() ? fail_points[at] : "";
    ServerProcess server(data, fail_point, data + "/passes." + std::to_string(start));
    const auto met = server.ready() ? people.GoOn() : People::Met::kDeath;
    const Ended ended = server.Stop();
    life.passes.push_back(server.passes());
    life.problems = people.problems();
    if (met == People::Met::kProblem) return life;
    if (ended == Ended::kKilled && !fail_point.empty()) {
      ++life.kills;
    } else if (ended != Ended::kAsAsked || met != People::Met::kEnd) {
      life.problems.push_back("the server did not end as it was asked to");
      return life;
    } else {
      CheckWorld(scenario, data, life);
      return life;
    }
  }
  life.problems.push_back("there is no end");
  return life;
}

}  // namespace recourse::crash

// Starts a run, follows it to its end, and approves what it asks for on the way.
//   example DATA WORKFLOW REQUEST_ID
// DATA is the server's data directory: its socket, and the tokens of an operator and an approver.
#include <cstdio>
#include <string>

#include "client/calls.h"

namespace v1 = recourse::v1;
using recourse::Result;
using recourse::client::Connection;

namespace {

int Fail(const recourse::Error& error) {
  std::fprintf(stderr, "%s\n", error.ToString().c_str());
  return 1;
}

Result<Connection> Connect(const std::string& data, const std::string& principal) {
  recourse::client::Options options;
  options.data = data;
  options.principal = principal;
  return Connection::Open(options);
}

// Approves what is asked, as it was read: if it changes meanwhile, the server refuses the vote.
Result<v1::Approval> Approve(const Connection& approver, const std::string& id) {
  v1::GetApprovalRequest request;
  request.set_approval(id);
  const auto context = approver.NewContext(recourse::client::kTimeout);
  v1::Approval approval;
  const auto status = approver.approvals().GetApproval(context.get(), request, &approval);
  if (!status.ok()) return approver.ErrorOf(status);
  std::printf("asked: %s\n", approval.prompt().c_str());
  return recourse::client::Decide(approver, approval, v1::DECISION_APPROVE, "the example says yes");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: example DATA WORKFLOW REQUEST_ID\n");
    return 2;
  }
  const auto server = Connect(argv[1], "operator");
  if (!server) return Fail(server.error());
  const auto approver = Connect(argv[1], "approver");
  if (!approver) return Fail(approver.error());

  v1::StartRunRequest request;
  request.set_workflow(argv[2]);
  request.set_request_id(argv[3]);
  const auto started = recourse::client::StartRun(*server, request);
  if (!started) return Fail(started.error());
  std::printf("%s\n", started->id().c_str());

  v1::Run run = *started;
  recourse::client::WatchOptions watch;
  watch.run = run.id();
  watch.gone = [] { std::printf("the server is gone\n"), std::fflush(stdout); };
  watch.back = [] { std::printf("the server is back\n"), std::fflush(stdout); };
  const auto ended =
      recourse::client::WatchRun(*server, watch, [&](const v1::WatchRunResponse& news) {
        if (news.has_event()) {
          std::printf("%lld %s\n", static_cast<long long>(news.event().sequence()),
                      news.event().text().c_str());
        }
        if (news.has_run()) run = news.run();
        std::fflush(stdout);
        // A run says what it waits for before the events that led there; the vote is good at any
        // time.
        for (const std::string& approval : news.run().open_approvals()) {
          if (const auto decided = Approve(*approver, approval); !decided) {
            Fail(decided.error());
            return false;
          }
        }
        return true;
      });
  if (!ended) return Fail(ended.error());
  std::printf("%s\n", v1::RunStatus_Name(run.status()).c_str());
  return run.status() == v1::RUN_STATUS_SUCCEEDED ? 0 : 1;
}

// A directory of its own for a test, and a real server on it: engine, SQLite journal, loopback
// port.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "actions/registry.h"
#include "engine/journal/journal.h"
#include "engine/runtime/engine.h"
#include "recourse/v1/admin.grpc.pb.h"
#include "recourse/v1/approval.grpc.pb.h"
#include "recourse/v1/event.grpc.pb.h"
#include "recourse/v1/identity.grpc.pb.h"
#include "recourse/v1/report.grpc.pb.h"
#include "recourse/v1/run.grpc.pb.h"
#include "recourse/v1/schedule.grpc.pb.h"
#include "recourse/v1/workflow.grpc.pb.h"
#include "server/principals.h"
#include "server/server.h"

namespace recourse::server {

// Removed with all that is in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }
  // Writes a file and answers its path.
  std::string Write(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

// Offers the workflows of fixture.cc: "echo" succeeds, "bulky" too, with large
// outputs, "ask" waits for an approval of dba or
// level-1 that its requester may not give, "fails" fails, "broken" fails and waits for an operator,
// "needed" too, where later steps use what the failed one answers, "slow" works until it is
// stopped.
class RunningServer {
 public:
  // `who`: instead of operator and approver; who has no token file gets one in `directory`.
  explicit RunningServer(const runtime::Options& options = {},
                         std::vector<PrincipalConfig> who = {});
  // Stops everything and checks what the rule for every journal asks: the fold of its events gives
  // the stored indexes.
  ~RunningServer();

  // A call of this principal ("operator" or "approver"), with this token, or without one; ends by
  // itself after 20 s, so that a test that hangs fails.
  std::unique_ptr<grpc::ClientContext> As(const std::string& principal) const;
  std::unique_ptr<grpc::ClientContext> With(const std::string& token) const;
  std::unique_ptr<grpc::ClientContext> Anonymous() const;

  // Starts a run as operator and answers it; the test fails when it cannot be started.
  v1::Run Start(const std::string& workflow, bool wait = true);

  void StopEngine();

  TemporaryDirectory directory;
  std::unique_ptr<journal::Journal> journal;
  Registry registry;
  SystemClock clock;
  Policy policy;
  std::unique_ptr<Principals> principals;
  std::unique_ptr<runtime::Engine> engine;
  std::unique_ptr<Reloader> reloader;
  std::unique_ptr<Server> server;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::RunService::Stub> runs;
  std::unique_ptr<v1::ApprovalService::Stub> approvals;
  std::unique_ptr<v1::WorkflowService::Stub> workflows;
  std::unique_ptr<v1::EventService::Stub> events;
  std::unique_ptr<v1::AdminService::Stub> admin;
  std::unique_ptr<v1::IdentityService::Stub> identity;
};

// Calls `path` ("/recourse.v1.RunService/GetRun") with an empty request and answers how it ended.
grpc::Status CallEmpty(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                       grpc::ClientContext& context);

}  // namespace recourse::server

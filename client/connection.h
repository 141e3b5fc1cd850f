// A connection to a server: which one, as whom, and what went wrong when a call failed.
//
// Thread safety: a Connection may be used from any thread.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "recourse/v1/admin.grpc.pb.h"
#include "recourse/v1/approval.grpc.pb.h"
#include "recourse/v1/event.grpc.pb.h"
#include "recourse/v1/identity.grpc.pb.h"
#include "recourse/v1/notification.grpc.pb.h"
#include "recourse/v1/report.grpc.pb.h"
#include "recourse/v1/run.grpc.pb.h"
#include "recourse/v1/schedule.grpc.pb.h"
#include "recourse/v1/workflow.grpc.pb.h"

namespace recourse::client {

struct Options {
  std::string data;        // the server's data directory: its socket and tokens; empty: FindData()
  std::string address;     // "127.0.0.1:7373"; empty: the socket in `data`
  std::string token_file;  // empty: <data>/<principal>.token
  std::string principal = "operator";
  // TLS, at an address: who issued the server's certificate (PEM; "system": whom this host trusts),
  // and the caller's own certificate and key (PEM), which can stand for a token.
  std::string tls_ca = {};
  std::string tls_cert = {};
  std::string tls_key = {};
  bool insecure = false;  // an address beyond this host may be called without TLS
  // How long the server may take to answer a call; none: kTimeout, but for what takes long by
  // nature, such as a check of the whole journal.
  std::optional<std::chrono::milliseconds> timeout = {};
};
inline constexpr std::chrono::milliseconds kTimeout{30'000};

// Fills what is empty from RECOURSE_DATA, RECOURSE_ADDRESS, RECOURSE_TOKEN_FILE, RECOURSE_TLS_CA,
// RECOURSE_TLS_CERT, RECOURSE_TLS_KEY and RECOURSE_INSECURE ("true").
Options WithEnvironment(Options options);

// The data directory of a server on this host: the first of the usual places that has a server's
// socket or tokens, else the place where this user's server would keep them. For root that is
// /var/lib/recourse.
std::string FindData();

// What to do where the token may not be read: whose it is, and what else proves who calls.
std::string HowToBeLetIn(const std::string& data, const std::string& token_file);

// The lines of a message that say how to read the server's journal without it; empty when there is
// none in the data directory, or when the server is at an address: its journal is elsewhere.
std::string HowToReadOffline(const Options& options);

class Connection {
 public:
  // Reads the token and the files of TLS. kNotFound, kPermissionDenied...: one cannot be read,
  // kInvalidArgument: the token is none, or options that do not go together; the message says where
  // it was looked for and what to do. kFailedPrecondition: a token would cross the network in the
  // clear. There need be no token with a certificate, nor for the local socket, whose server may
  // know its own user.
  static Result<Connection> Open(const Options& options);

  // The same server, called by whoever has this token. kInvalidArgument: no header can carry it.
  Result<Connection> With(const std::string& token) const;

  // A context for one call, with the token, which fails after `timeout` if there is one.
  std::unique_ptr<grpc::ClientContext> NewContext(
      std::optional<std::chrono::milliseconds> timeout = {}) const;

  v1::RunService::Stub& runs() const { return *runs_; }
  v1::ApprovalService::Stub& approvals() const { return *approvals_; }
  v1::WorkflowService::Stub& workflows() const { return *workflows_; }
  v1::ScheduleService::Stub& schedules() const { return *schedules_; }
  v1::EventService::Stub& events() const { return *events_; }
  v1::ReportService::Stub& reports() const { return *reports_; }
  v1::AdminService::Stub& admin() const { return *admin_; }
  v1::NotificationService::Stub& notifications() const { return *notifications_; }
  v1::IdentityService::Stub& identity() const { return *identity_; }

  // Whether a server answers within that time.
  bool WaitUntilServing(std::chrono::milliseconds patience) const;

  // The error of a failed call. One that no server answered says what was tried and what to do.
  Error ErrorOf(const grpc::Status& status) const;
  // kUnavailable, for a server that is not there or does not answer.
  Error Unanswered(std::string message) const;
  // Whether an error of this connection came from there being no server that answers, and not from
  // a server.
  bool unanswered() const { return *unanswered_; }

  const Options& options() const { return options_; }

 private:
  Connection() = default;
  Result<void> ReadToken(const std::string& data);

  Options options_;
  std::string where_;  // for messages: "the socket /x/recourse.sock"
  std::string token_;  // empty: none is shown
  std::shared_ptr<std::atomic<bool>> unanswered_ = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<grpc::Channel> channel_;
  std::shared_ptr<v1::RunService::Stub> runs_;
  std::shared_ptr<v1::ApprovalService::Stub> approvals_;
  std::shared_ptr<v1::WorkflowService::Stub> workflows_;
  std::shared_ptr<v1::ScheduleService::Stub> schedules_;
  std::shared_ptr<v1::EventService::Stub> events_;
  std::shared_ptr<v1::ReportService::Stub> reports_;
  std::shared_ptr<v1::AdminService::Stub> admin_;
  std::shared_ptr<v1::NotificationService::Stub> notifications_;
  std::shared_ptr<v1::IdentityService::Stub> identity_;
};

}  // namespace recourse::client

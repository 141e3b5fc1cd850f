// Calls to the server for a person, who waits for the answer in a chat.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "client/chatops/surface.h"
#include "client/connection.h"

namespace recourse::chatops {

// How long a person is made to wait for all calls of one answer: surfaces want one in two seconds.
inline constexpr std::chrono::milliseconds kAnswerWithin{1800};

// The server for one answer: each call is made for that person, and all of them end in time.
// Thread safety: one thread.
class Asking {
 public:
  // `key`: the person's; empty: the bot asks for itself. `server` outlives this.
  Asking(const client::Connection& server, std::string key,
         std::chrono::milliseconds within = kAnswerWithin)
      : server_(server), key_(std::move(key)), until_(std::chrono::system_clock::now() + within) {}

  // `asking.Call(&v1::RunService::Stub::GetRun, server.runs(), request)`
  template <class Stub, class Request, class Response>
  Result<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                     Response*),
                        Stub& stub, const Request& request) const {
    const auto context = server_.NewContext();
    context->set_deadline(until_);
    if (!key_.empty()) context->AddMetadata("recourse-on-behalf-of", key_);
    Response response;
    const grpc::Status status = (stub.*method)(context.get(), request, &response);
    if (!status.ok()) return server_.ErrorOf(status);
    return response;
  }

  Result<v1::Run> GetRun(const std::string& run) const;
  Result<v1::Approval> GetApproval(const std::string& approval) const;
  // Those that are open, newest first: at most `limit`.
  Result<v1::ListApprovalsResponse> OpenApprovals(int limit) const;
  // All of a run, also settled ones, newest first: at most 100.
  Result<v1::ListApprovalsResponse> ApprovalsOf(const std::string& run) const;

  const client::Connection& server() const { return server_; }

 private:
  const client::Connection& server_;
  const std::string key_;
  const std::chrono::system_clock::time_point until_;
};

// Whether it is not known if the call was done: no server answered, or not in time.
bool IsUnanswered(const Error& error);

}  // namespace recourse::chatops

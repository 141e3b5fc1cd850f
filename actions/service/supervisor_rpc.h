// Supervisor's XML-RPC, over its unix socket: what supervisorctl speaks, with no Python to start.
#pragma once

#include <memory>
#include <string>

#include "actions/action.h"
#include "engine/base/error.h"
#include "engine/base/value.h"
#include "engine/web/http_client.h"

namespace recourse::service {

// The faults that supervisord answers; its documentation names them.
enum class Fault {
  kBadName = 10,
  kNoFile = 20,
  kSpawnError = 50,
  kAlreadyStarted = 60,
  kNotRunning = 70,
};

class SupervisorRpc {
 public:
  explicit SupervisorRpc(std::string socket);

  // Calls supervisor.METHOD. Arguments are strings, integers and booleans.
  // kUnavailable: supervisord does not answer. kPermissionDenied: its socket is not for us, or has
  // a password. kNotFound: it knows no such process. Others: its fault, in its words. A fault that
  // is one of `ignored` is no error: the answer is null.
  Result<Value> Call(const Context& context, const std::string& method,
                     const Value::List& arguments, std::initializer_list<Fault> ignored = {}) const;

 private:
  std::string socket_;
  std::unique_ptr<web::HttpClient> client_;
};

}  // namespace recourse::service

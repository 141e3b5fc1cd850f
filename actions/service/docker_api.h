// The Docker API, as dockerd and podman serve it, over its unix socket.
// https://docs.docker.com/reference/api/engine/
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "actions/action.h"
#include "engine/base/error.h"
#include "engine/base/value.h"
#include "engine/web/http_client.h"

namespace recourse::service {

struct Container {
  std::string id;
  std::string name;
  Value state;  // "State" of its inspection
  std::string stop_signal = "SIGTERM";
  bool has_terminal = false;
  std::int64_t restarts = 0;
  bool restarts_itself = false;  // its engine starts it again when it has ended

  bool running() const { return state.BoolOr("Running", false); }
  bool restarting() const { return state.BoolOr("Restarting", false); }
};

class DockerApi {
 public:
  explicit DockerApi(std::string socket);

  // The containers of a service of a compose project, in the order of their names; those of
  // `compose run` are none. kNotFound: there are none.
  Result<std::vector<Container>> Containers(const Context& context, const std::string& project,
                                            const std::string& service) const;

  Result<void> Start(const Context& context, const Container& container) const;
  // No error when it has ended.
  Result<void> Signal(const Context& context, const Container& container,
                      const std::string& signal) const;

  // Ends the restarts of one that has ended and is started again and again: no process is there
  // that a signal could reach.
  Result<void> EndRestarts(const Context& context, const Container& container) const;

  // What it has written, both streams: its last `lines` lines, not older than `since` (seconds
  // since 1970; 0: from its beginning). kResourceExhausted: more than 1 MiB.
  Result<std::string> Logs(const Context& context, const Container& container, std::int64_t lines,
                           std::int64_t since) const;

 private:
  // The body. Errors: kUnavailable: nobody answers. kNotFound. kPermissionDenied. kInternal.
  Result<std::string> Call(const Context& context, const std::string& method,
                           const std::string& path) const;
  Result<Value> Get(const Context& context, const std::string& path) const;
  Result<Container> Inspect(const Context& context, const std::string& id) const;

  std::string socket_;
  std::unique_ptr<web::HttpClient> client_;
};

}  // namespace recourse::service

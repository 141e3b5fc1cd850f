// The gRPC server: services, health and reflection on a port, with TLS or without, and a local
// socket.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actions/registry.h"
#include "engine/base/clock.h"
#include "engine/base/signing.h"
#include "engine/journal/journal.h"
#include "engine/runtime/engine.h"
#include "server/principals.h"
#include "server/reloader.h"
#include "server/start_check.h"
#include "server/tls.h"

namespace recourse::notify {
class Courier;
}

namespace recourse::server {

struct ServerOptions {
  std::string listen = "127.0.0.1:0";  // see CheckListenAddress
  std::optional<TlsFiles> tls = {};    // none: the port speaks plain gRPC
  std::string socket;                  // path of the local socket; empty: none
  int readers = 4;                     // threads that read the journal for callers; 1 to 64
  int waiting_reads = 4096;            // calls that wait for them; more are RESOURCE_EXHAUSTED
  std::int64_t message_bytes_max = 4 * 1024 * 1024;  // a larger call is RESOURCE_EXHAUSTED
  int streams_max = 1024;  // calls at once on one connection; more of them wait
  // For GetInfo: what the start has found.
  JournalCheck journal_check = {};
  // What signs heads and tombstones, and outlives the server; null: nothing is signed, and no run
  // is removed.
  const SigningKey* journal_key = nullptr;
  // What brings notifications to their channels, and outlives the server; null: there are none.
  notify::Courier* courier = nullptr;
};

class Server {
 public:
  // Starts to serve. Everything given must outlive the server.
  // kUnavailable: the address or the socket cannot be had; the message says which, who has it if
  // that can be known, and what to do.
  // kInvalidArgument: a path too long for a socket. kFailedPrecondition: see CheckTls. Otherwise
  // the journal's errors.
  static Result<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                               runtime::Engine& engine, journal::Journal& journal,
                                               const Registry& registry,
                                               const Principals& principals, Reloader& reloader,
                                               const Clock& clock);

  // Stops as Stop(). REQUIRES: the engine has stopped, because its answers end the calls that wait.
  virtual ~Server() = default;

  // "127.0.0.1:41234", with the port that was really taken.
  virtual std::string address() const = 0;

  // Health says NOT_SERVING from here on; calls are still answered.
  virtual void Retire() = 0;

  // Ends every stream and call and closes the ports. REQUIRES: as the destructor. May be called
  // twice.
  virtual void Stop() = 0;
};

}  // namespace recourse::server

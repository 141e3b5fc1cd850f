// The server's settings: what stands in its configuration file, with defaults that work with none.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actions/action.h"
#include "engine/base/error.h"
#include "engine/runtime/engine.h"
#include "server/principals.h"
#include "server/secret_sources.h"
#include "server/tls.h"

namespace recourse::server {

struct Config {
  std::string data;                              // directory; empty: DefaultDataDirectory
  std::string listen = "127.0.0.1:7373";         // see CheckExposure; port 0: any free one
  std::string socket;                            // path; empty: <data>/recourse.sock
  std::vector<std::string> workflows;            // directories beside <data>/workflows
  std::vector<std::string> targets;              // directories beside <data>/targets
  std::vector<std::string> schedules;            // directories beside <data>/schedules
  std::vector<std::string> escalation_policies;  // beside <data>/escalation_policies
  Policy policy;
  runtime::Options engine;
  int readers = 4;                                   // threads that read the journal for callers
  int waiting_reads = 4096;                          // calls that wait for them
  std::int64_t message_bytes_max = 4 * 1024 * 1024;  // of a call
  int streams_max = 1024;                            // calls at once on one connection
  std::string journal_key;                           // what signs heads; empty: <data>/journal.key
  std::string journal_heads;  // where signed heads are kept; empty: <data>/heads.jsonl
  std::chrono::microseconds heads_every = std::chrono::minutes(10);  // when something has changed
  std::string log_level = "info";
  std::chrono::microseconds grace = std::chrono::seconds(10);  // for attempts, when stopping
  // One of the two, or neither: <data>/principals.yaml where it is, else DefaultPrincipals.
  std::vector<PrincipalConfig> principals;
  std::string principals_file;
  std::string
      notifications;  // the file of channels; empty: <data>/notifications.yaml, if it is there
  std::string local_operator;   // who calls over the socket without a token; empty: nobody
  std::optional<TlsFiles> tls;  // none: the port speaks plain gRPC
  bool insecure = false;        // it may do so beyond loopback
  std::string http_listen;      // the HTTP port, which is as safe as the other; empty: none
  std::string alert_rules;      // a file; empty: <data>/alert_rules.yaml where it is
  std::string command;          // the command line that starts this server again
  SecretConfigs secrets;
};

// A setting that is one value: what documentation and file have in common.
struct Setting {
  std::string_view name;  // "limits.workers"
  std::string_view unit;  // "threads"; empty: none
  std::int64_t min = 0;   // bounds of a number; of a duration in microseconds
  std::int64_t max = 0;
  std::int64_t (*get)(const Config&);
  void (*set)(Config&, std::int64_t);
};
// The settings that are numbers, sizes in bytes or durations.
std::span<const Setting> NumericSettings();

// Reads a configuration file's text. Relative paths in it are refused, because the server's current
// directory means nothing.
// kInvalidArgument: every mistake, a line each, as "file:line:column: message".
Result<Config> ParseConfig(std::string_view text, std::string_view file);

// The same from the file. Otherwise the system's error.
Result<Config> LoadConfig(const std::string& path);

// $XDG_STATE_HOME/recourse, else ~/.local/state/recourse; for root /var/lib/recourse where that, or
// what it would be made in, can be written.
// kFailedPrecondition: neither XDG_STATE_HOME nor HOME is set.
Result<std::string> DefaultDataDirectory();

// kInvalidArgument: `address` is not "host:port", as "127.0.0.1:7373" or "[::1]:0".
Result<void> CheckListenAddress(std::string_view address);

// Whether only this host can reach the address.
bool IsLoopback(std::string_view address);

// kInvalidArgument: the port could be reached from elsewhere, and tokens would cross the network in
// the clear. The local socket is out of question: only its owner can open it.
Result<void> CheckExposure(const Config& config);

}  // namespace recourse::server

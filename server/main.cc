// recoursed: the server. This file alone knows every part and puts them together.
//
// Exit codes: 0 stopped as asked; 1 could not start or go on; 2 wrong command line or
// configuration; 3 the journal may not be used (another server has it, or it is newer than this
// program); 4 the journal is damaged.

#include <grpc/support/log.h>
#include <malloc.h>
#include <signal.h>
#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "actions/all.h"
#include "engine/base/file.h"
#include "engine/base/flag_meant.h"
#include "engine/base/text.h"
#include "engine/journal/sqlite/sqlite_journal.h"
#include "engine/machine/state.h"
#include "engine/runtime/engine.h"
#include "server/alerts/intake.h"
#include "server/arguments.h"
#include "server/config.h"
#include "server/config_check.h"
#include "server/definition_files.h"
#include "server/head_signer.h"
#include "server/http/hooks.h"
#include "server/notify/courier.h"
#include "server/principals_file.h"
#include "server/reloader.h"
#include "server/run_reads.h"
#include "server/server.h"
#include "server/start_check.h"
#include "server/start_report.h"
#include "server/transition_log.h"
#include "server/version.h"

namespace recourse::server {
namespace {

constexpr std::size_t kLogLinesMax =
    4096;  // that wait to be written; the oldest make room. Each costs 400 bytes

int Fail(int exit_code, const Error& error) {
  std::cerr << "recoursed did not start: " << error.message << std::endl;
  return exit_code;
}

// Where what failed reads the journal: one that is damaged is told with what to do about it.
int FailOver(const Config& config, const Error& error) {
  if (error.code != Code::kDataLoss) return Fail(kExitFailed, error);
  return Fail(kExitJournalDamaged, WithAdvice(error, config.data + "/journal.db"));
}

// Lines are written by a thread of their own, so that a terminal that stands still never holds the
// core loop; when too many wait, the oldest are lost. The journal has them all.
void StartLog(const std::string& level) {
  spdlog::init_thread_pool(kLogLinesMax, 1);
  spdlog::set_default_logger(spdlog::create_async_nb<spdlog::sinks::stderr_sink_mt>("recoursed"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  spdlog::set_level(spdlog::level::from_str(level));
  // What gRPC has to say of a failure is told in words of ours; its own are for who looks into it.
  gpr_set_log_function([](gpr_log_func_args* line) { spdlog::debug("gRPC: {}", line->message); });
}

// What goes wrong where no caller hears of it stands in the log.
runtime::Options WithReports(runtime::Options options) {
  options.report = [](const Error& error) { spdlog::error("{}", error.ToString()); };
  return options;
}

// The runs that the journal left open: those at work are resumed, the others go on waiting.
Result<OpenRuns> LookAtOpenRuns(journal::Journal& journal, int open_runs_max, TransitionLog& log) {
  using machine::RunStatus;
  journal::RunFilter filter;
  filter.limit = open_runs_max;
  filter.statuses = OpenStatuses();
  auto rows = journal.reader().ListRuns(filter);
  if (!rows) return std::move(rows).error();
  OpenRuns open;
  for (const journal::RunRow& row : *rows) {
    const auto status = static_cast<RunStatus>(row.status);
    const bool at_work = status == RunStatus::kRunning || status == RunStatus::kRollingBack;
    ++(at_work ? open.resumed : open.waiting);
    log.Remember(row.run, row.status);
  }
  return open;
}

sigset_t Signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  return signals;
}

int WaitForSignal() {
  const sigset_t signals = Signals();
  int number = 0;
  while (sigwait(&signals, &number) != 0) {
  }
  return number;
}

// What stands in the files of principals and tokens now; what was there before stays when they have
// a mistake.
void ReloadPrincipals(const Config& config, const Principals& principals) {
  auto who = FindPrincipals(config.data, config.principals, config.principals_file);
  auto replaced = who ? principals.Replace(who->principals, who->revoked_certificates)
                      : Result<void>(who.error());
  if (replaced) {
    spdlog::info("principals: {}", who->principals.size());
  } else {
    spdlog::error("the principals stay as they were: {}", replaced.error().message);
  }
}

// SIGHUP reads the definitions and the principals again; the others stop the server.
int WaitForStop(Reloader& reloader, const Config& config, const Principals& principals) {
  for (;;) {
    const int number = WaitForSignal();
    if (number != SIGHUP) return number;
    spdlog::info("SIGHUP: reading the definitions, the notifications and the principals again");
    ReloadPrincipals(config, principals);
    (void)reloader.Reload();  // It logs what came of it.
  }
}

// From here on a second signal to stop ends the process at once; the journal then is as after a
// crash.
void EndAtNextSignal() {
  std::thread([] {
    int number = SIGHUP;
    while (number == SIGHUP) number = WaitForSignal();
    std::fprintf(stderr, "recoursed: signal %d again, ending at once\n", number);
    _exit(128 + number);
  }).detach();  // It waits as long as the process lives.
}

// Puts the address into its file. Answers what to tell when that fails, or nothing: the file of a
// server that was killed is gone then, so that nobody asks at a wrong address.
std::string WriteAddress(const std::string& file, const std::string& address) {
  auto written = WriteFileAtomically(file, address + "\n", 0600);
  if (written) return "";
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  spdlog::error("the address {} is not in its file, which is removed: {}", address,
                written.error().message);
  return " (not in its file " + file + ": " + written.error().message +
         "; name it with --address, or use the socket)";
}

// The port for hooks; null: the configuration has none.
Result<std::unique_ptr<web::Listener>> StartHttp(const Config& config, const Principals& principals,
                                                 alerts::Intake& intake) {
  if (config.http_listen.empty()) return std::unique_ptr<web::Listener>();
  return http::StartHooks(config.http_listen, config.tls, principals, intake);
}

// Serves until a signal comes, then stops in the order that lets attempts finish: first the engine,
// whose answers end the calls that wait, then the server.
int Serve(const Config& config, journal::Journal& journal, const SigningKey& key,
          const Principals& principals, const Registry& registry, notify::ChannelFile& channels) {
  const SystemClock clock;
  TransitionLog log;
  auto open = LookAtOpenRuns(journal, config.engine.open_runs_max, log);
  if (!open) return FailOver(config, open.error());

  DefinitionFiles files(DirectoriesOf(config), registry);
  const Definitions definitions = files.Load();
  for (const std::string& problem : definitions.problems) {
    spdlog::error("left out: {}", problem);
  }
  auto check = CheckTail(journal.reader(), clock.Now());
  if (!check) return FailOver(config, check.error());
  if (check->problems > 0) spdlog::error("the journal is damaged: {}", check->first_problem);
  const runtime::Catalogue& catalogue = definitions.catalogue;
  const SecretSources secrets(config.secrets, clock);
  runtime::Options engine_options = WithReports(config.engine);
  engine_options.secrets = &secrets;
  engine_options.route = channels.Router();
  auto engine =
      runtime::Engine::Open(std::move(engine_options), journal, registry, catalogue.workflows,
                            catalogue.inventory, config.policy, clock, catalogue.schedules);
  if (!engine) return FailOver(config, engine.error());
  notify::Courier courier(channels, journal, **engine, &secrets, clock);
  Reloader reloader(std::move(files), **engine, clock, definitions, &courier);
  (*engine)->AddListener(&log);

  // Before anything happens in the world: a server that cannot be reached must not act, and what
  // it goes on with must be logged.
  const ServerOptions options{config.listen,
                              config.tls,
                              config.socket,
                              config.readers,
                              config.waiting_reads,
                              config.message_bytes_max,
                              config.streams_max,
                              *std::move(check),
                              &key,
                              &courier};
  auto server = Server::Start(options, **engine, journal, registry, principals, reloader, clock);
  if (!server) return Fail(kExitFailed, server.error());
  auto intake = alerts::Intake::Open(**engine, journal, clock,
                                     [&reloader] { return reloader.alert_rules(); });
  if (!intake) return FailOver(config, intake.error());
  auto http = StartHttp(config, principals, **intake);
  if (!http) return Fail(kExitFailed, http.error());
  if (auto begun = (*engine)->Run(); !begun) {
    return FailOver(config, begun.error().In("go on with the journal's runs"));
  }
  if (auto sends = courier.Start(); !sends) return Fail(kExitFailed, sends.error());
  auto signer = HeadSigner::Start({config.journal_heads, config.heads_every}, journal, key, clock);
  if (!signer) return Fail(kExitFailed, signer.error().In("sign the journal's heads"));
  const std::string address_file = config.data + "/address";
  const std::string address_problem = WriteAddress(address_file, (*server)->address());
  PrintStart({config, (*server)->address(), *http == nullptr ? "" : (*http)->address(),
              address_problem, journal.path(), *open, options.journal_check, definitions.problems},
             *(*engine)->catalogue(), principals);

  const int number = WaitForStop(reloader, config, principals);
  spdlog::info("signal {}: stopping; a second one ends at once", number);
  EndAtNextSignal();
  (*server)->Retire();
  courier.Stop();
  (*engine)->Stop(std::chrono::duration_cast<std::chrono::milliseconds>(config.grace));
  if (*http != nullptr) (*http)->Stop();
  (*server)->Stop();
  (*signer)->Stop();
  (*engine)->RemoveListener(&log);
  unlink(address_file.c_str());
  return kExitStopped;
}

int Run(const Config& config) {
  if (config.insecure) {
    spdlog::warn(
        "insecure: true: {} may be reached from elsewhere, and speaks plain gRPC: whoever "
        "reads along has every token. Set \"tls:\" instead",
        config.listen);
  }
  for (const std::string& directory : {config.data, config.engine.blob_directory}) {
    if (auto made = MakeDirectories(directory, 0700); !made) {
      return Fail(kExitFailed, made.error().In("data directory"));
    }
  }
  auto journal = journal::OpenSqliteJournal(config.data + "/journal.db", SystemClock().Now());
  if (!journal) {
    const bool held = journal.error().code == Code::kFailedPrecondition;
    return held ? Fail(kExitJournalHeld, journal.error()) : FailOver(config, journal.error());
  }
  // Also where the start goes no further: it is asked for again with the same.
  if (auto noted = NoteCommand(config); !noted) spdlog::warn("{}", noted.error().message);
  auto who = FindPrincipals(config.data, config.principals, config.principals_file);
  if (!who) return Fail(kExitUsage, who.error());
  PrincipalOptions options;
  options.tokens_file = config.data + "/tokens.json";
  options.local_operator = config.local_operator;
  options.revoked_certificates = who->revoked_certificates;
  auto principals = Principals::Load(std::move(who->principals), options);
  if (!principals) return Fail(kExitUsage, principals.error());

  auto key = SigningKey::LoadOrMake(config.journal_key);
  if (!key) return Fail(kExitUsage, key.error().In("the key that signs the journal's heads"));

  auto channels = notify::ChannelFile::Open(config.data, config.notifications);
  if (!channels) return Fail(kExitUsage, channels.error());
  Registry registry;
  AddAllActions(registry, channels->get());
  const int exit_code = Serve(config, **journal, *key, *principals, registry, **channels);
  if (exit_code == kExitStopped) {
    std::cout << "recoursed stopped; the journal is " << (*journal)->path() << std::endl;
  }
  return exit_code;
}

// recoursed --check: whether a start with this configuration would come up.
int Check(const Config& config) {
  const ConfigCheck check = CheckConfiguration(config, AddAllActions);
  for (const std::string& problem : check.wrong) std::cerr << "wrong: " << problem << "\n";
  for (const std::string& problem : check.left_out) std::cerr << "left out: " << problem << "\n";
  if (!check.wrong.empty() || !check.left_out.empty()) {
    std::cerr << "recoursed "
              << (check.wrong.empty() ? "would start without what is left out" : "would not start")
              << "; nothing was changed" << std::endl;
    return kExitUsage;
  }
  std::cout << "recoursed would start with " << check.summary << "; nothing was changed"
            << std::endl;
  return kExitStopped;
}

// What is wrong with the command line, with the flag that may have been meant.
std::string Complaint(const CLI::App* app, const CLI::Error& error) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app->get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
  return "recoursed: " + (error.what() + FlagMeant(error.what(), flags)) +
         "; see: recoursed --help\n";
}

}  // namespace
}  // namespace recourse::server

int main(int argc, char** argv) {
  using namespace recourse::server;  // NOLINT: this is the program
  // The C library gives each thread a heap of its own, of which a burst leaves most behind unused;
  // two are enough for two dozen threads that mostly wait, and halve what a parked run costs.
  mallopt(M_ARENA_MAX, 2);
  // Before any thread is made: all threads leave these signals to the one that waits for them.
  const sigset_t signals = Signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  Arguments arguments;
  CLI::App app("Runs incident procedures as durable state machines.", "recoursed");
  app.add_option("--config", arguments.config, "Configuration file (YAML)");
  app.add_option("--data", arguments.data, "Directory of the journal and the tokens");
  app.add_option("--listen", arguments.listen, "Address on loopback, such as 127.0.0.1:7373");
  app.add_option("--workflows", arguments.workflows, "Directory of workflows; may be repeated");
  app.add_option("--targets", arguments.targets, "Directory of targets; may be repeated");
  app.add_option("--schedules", arguments.schedules, "Directory of schedules; may be repeated");
  app.add_option("--escalation-policies", arguments.escalation_policies,
                 "Directory of escalation policies; may be repeated");
  bool check = false;
  app.add_flag("--check", check,
               "Read and check all that a start reads before its journal, and start nothing");
  app.set_version_flag("--version", std::string("recoursed ") + Version());
  app.failure_message(Complaint);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitStopped : kExitUsage;
  }
  auto config = Settle(arguments);
  if (!config) return Fail(kExitUsage, config.error());
  StartLog(config->log_level);
  const int exit_code = check ? Check(*config) : Run(*config);
  spdlog::shutdown();
  return exit_code;
}

// recourse-bot: people drive runs from a chat.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>

#include "client/chatops/bot.h"
#include "client/chatops/surfaces.h"
#include "client/report/clean.h"
#include "engine/base/file.h"

namespace recourse::chatops {
namespace {

constexpr std::int64_t kConfigMax = 1 << 20;
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

void Tell(const std::string& problem) {
  std::fprintf(stderr, "recourse-bot: %s\n", report::OneLine(problem).c_str());
}

int Fail(const Error& error, int exit_code) {
  std::fprintf(stderr, "recourse-bot: %s\n", report::Clean(error.message).c_str());
  return exit_code;
}

Result<Settings> Load(const std::string& path) {
  auto text = ReadFile(path, kConfigMax);
  if (!text) return std::move(text).error();
  auto settings = ParseSettings(*text, path);
  if (!settings) return settings;
  client::Options& server = settings->config.server;
  if (server.address.empty() && server.data.empty()) server.data = client::FindData();
  return settings;
}

// Whether the token can do what the bot needs. kUnavailable and others of IsUnanswered(): no server
// is there.
Result<void> CheckRoles(const client::Connection& server) {
  const Asking asking(server, "", std::chrono::seconds(5));
  const auto who =
      asking.Call(&v1::IdentityService::Stub::WhoAmI, server.identity(), v1::WhoAmIRequest());
  if (!who) return who.error();
  for (const char* role : {"viewer", "delegate"}) {
    if (std::find(who->roles().begin(), who->roles().end(), role) != who->roles().end()) continue;
    return FailedPrecondition("the token is that of " + who->principal() +
                              ", which lacks the role " + role +
                              "; the bot's principal has the roles viewer and delegate");
  }
  return {};
}

int Serve(const Settings& settings) {
  // Before any thread is made, so that they all leave these to WaitForStop.
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGTERM);
  sigaddset(&stops, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stops, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  auto server = client::Connection::Open(settings.config.server);
  if (!server) return Fail(server.error(), kExitUsage);
  if (auto may = CheckRoles(*server); !may) {
    // A server that is not there comes later.
    if (!IsUnanswered(may.error())) return Fail(may.error(), kExitFailed);
    Tell("no server yet: " + may.error().message);
  }
  const Report report = Tell;
  auto surfaces = MakeSurfaces(settings.surfaces, *server, report);
  if (!surfaces) return Fail(surfaces.error(), kExitUsage);
  Bot bot(*server, settings.config, *std::move(surfaces), report);
  if (auto started = bot.Start(); !started) return Fail(started.error(), kExitFailed);
  std::printf("recourse-bot is there\n");
  std::fflush(stdout);
  int number = 0;
  sigwait(&stops, &number);
  bot.Stop();
  return 0;
}

// All that would keep the bot from its work, and begins nothing.
int Check(const Settings& settings, const std::string& path) {
  auto server = client::Connection::Open(settings.config.server);
  if (!server) return Fail(server.error(), kExitUsage);
  const Report report = Tell;
  auto surfaces = MakeSurfaces(settings.surfaces, *server, report);
  if (!surfaces) return Fail(surfaces.error(), kExitUsage);
  int problems = 0;
  const auto count = [&](const Result<void>& checked, const std::string& what) {
    if (checked) return;
    Tell(what + ": " + checked.error().message);
    ++problems;
  };
  count(CheckRoles(*server), "server");
  for (const auto& surface : *surfaces) count(surface->Check(), surface->name());
  if (problems > 0) {
    std::fprintf(
        stderr,
        "recourse-bot: %s reads well, but the bot could not do its work; nothing was begun\n",
        report::Clean(path).c_str());
    return kExitFailed;
  }
  std::printf("%s is sound\n", path.c_str());
  return 0;
}

int Main(int argc, char** argv) {
  CLI::App app{"Drives runs from a chat: see docs/chat.md"};
  std::string path;
  bool check = false;
  app.add_option("--config", path, "The configuration, in YAML")->required();
  app.add_flag("--check", check,
               "Check the configuration, its files, the server, the chats and the ports, and end");
  app.set_version_flag("--version", "recourse-bot " RECOURSE_VERSION);
  CLI11_PARSE(app, argc, argv);
  auto settings = Load(path);
  if (!settings) return Fail(settings.error(), kExitUsage);
  return check ? Check(*settings, path) : Serve(*settings);
}

}  // namespace
}  // namespace recourse::chatops

int main(int argc, char** argv) { return recourse::chatops::Main(argc, argv); }

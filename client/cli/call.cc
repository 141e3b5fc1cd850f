#include "client/cli/call.h"

#include <unistd.h>

#include <cstdio>

#include "client/cli/contexts.h"
#include "engine/base/ids.h"
#include "engine/base/text.h"

namespace recourse::cli {
namespace {

// The verb that lists what was not found, unless the server has named the nearest one.
std::string ListerFor(const Error& error) {
  if (error.code != Code::kNotFound || error.message.find("did you mean") != std::string::npos) {
    return "";
  }
  for (const auto& [thing, verb] : {std::pair("there is no run ", "runs"),
                                    std::pair("there is no approval ", "approvals --all"),
                                    std::pair("there is no workflow ", "workflows list"),
                                    std::pair("there is no target ", "targets list"),
                                    std::pair("there is no action ", "actions list")}) {
    if (error.message.find(thing) != std::string::npos) return verb;
  }
  return "";
}

}  // namespace

std::string OtherThing(const Common& common, const Error& error) {
  constexpr std::string_view kAsked = "run: \"";  // as the server words an id that is none
  if (error.code != Code::kInvalidArgument || !error.message.starts_with(kAsked)) return "";
  const std::string rest = error.message.substr(kAsked.size());
  const std::string id = rest.substr(0, rest.find('"'));
  const bool of_approval = id.size() > 2 && (id.starts_with("A-") || id.starts_with("a-"));
  if (!of_approval || !ApprovalId::Parse(id)) return "";
  return "\nit is an approval: " + Prefix(common) + " approval " + id;
}

int Tell(const Error& error, int exit_code) {
  std::fprintf(stderr, "recourse: %s\n", Clean(error.message).c_str());
  return exit_code;
}

Result<Server> ServerOf(const Common& common) {
  auto chosen = ChooseContext(common.server, common.context);
  if (!chosen) return std::move(chosen).error();
  Server server;
  if (!*chosen) {
    server.options = client::WithEnvironment(common.server);
  } else {
    const Context& context = (*chosen)->context;
    server.options = OptionsFor(**chosen, common.server);
    server.context = context.name;
    server.described = Described(**chosen);
  }
  if (server.options.principal.empty()) server.options.principal = client::Options().principal;
  return server;
}

void NameServer(const Common& common) {
  if (isatty(STDERR_FILENO) != 1) return;
  const auto server = ServerOf(common);
  if (!server || server->context.empty()) return;
  std::fprintf(stderr, "server: %s\n", Clean(server->described).c_str());
}

int WithServer(const Common& common,
               const std::function<Result<int>(const client::Connection&)>& verb) {
  const auto chosen = ServerOf(common);
  if (!chosen) return Tell(chosen.error(), kUsage);
  const std::string which =
      chosen->described.empty() ? "" : "\nit was asked for by " + chosen->described;
  auto server = client::Connection::Open(chosen->options);
  if (!server) {
    Error error = std::move(server).error();
    error.message += which;
    return Tell(error, kNoServer);
  }
  auto code = verb(*server);
  if (code) return *code;
  Error error = std::move(code).error();
  if (server->unanswered() || error.code == Code::kUnauthenticated) error.message += which;
  if (const std::string list = ListerFor(error); !list.empty()) {
    error.message += "\nwhat there is: " + Prefix(common) + " " + list;
  }
  error.message += OtherThing(common, error);
  // A server that answers UNAVAILABLE is there, and said why it refused.
  return Tell(error, server->unanswered() ? kNoServer : kRefused);
}

std::string Prefix(const Common& common) {
  std::string prefix = "recourse";
  if (!common.context.empty()) prefix += " --context " + ShellWord(common.context);
  if (!common.server.data.empty()) prefix += " --data " + ShellWord(common.server.data);
  if (!common.server.address.empty()) prefix += " --address " + ShellWord(common.server.address);
  if (!common.server.tls_ca.empty()) prefix += " --tls-ca " + ShellWord(common.server.tls_ca);
  return prefix;
}

std::string AsCaller(const Common& common) {
  const client::Options& given = common.server;
  std::string options;
  for (const auto& [flag, value] :
       {std::pair(" --as ", &given.principal), std::pair(" --token-file ", &given.token_file),
        std::pair(" --tls-cert ", &given.tls_cert), std::pair(" --tls-key ", &given.tls_key)}) {
    if (!value->empty()) options += flag + ShellWord(*value);
  }
  return options + (given.insecure ? " --insecure" : "");
}

std::string AsApprover(const Common& common) {
  const auto server = ServerOf(common);
  const bool is_there =
      server && access((server->options.data + "/approver.token").c_str(), F_OK) == 0;
  return is_there ? " --as approver" : " --token-file FILE";
}

std::string StatusName(v1::RunStatus status) {
  const std::string name = v1::RunStatus_Name(status);
  constexpr std::string_view kPrefix = "RUN_STATUS_";
  return name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name;
}

Colour ColourOf(v1::RunStatus status) {
  switch (status) {
    case v1::RUN_STATUS_SUCCEEDED:
      return Colour::kGood;
    case v1::RUN_STATUS_RUNNING:
      return Colour::kBusy;
    case v1::RUN_STATUS_FAILED:
    case v1::RUN_STATUS_ROLLED_BACK:
    case v1::RUN_STATUS_NEEDS_ATTENTION:
    case v1::RUN_STATUS_ROLLING_BACK:
      return Colour::kBad;
    case v1::RUN_STATUS_CANCELLED:
      return Colour::kFaint;
    default:
      return Colour::kWaits;
  }
}

bool IsOver(v1::RunStatus status) {
  return status == v1::RUN_STATUS_SUCCEEDED || status == v1::RUN_STATUS_FAILED ||
         status == v1::RUN_STATUS_CANCELLED || status == v1::RUN_STATUS_ROLLED_BACK;
}

int ExitCodeOf(const v1::Run& run) {
  if (run.status() == v1::RUN_STATUS_SUCCEEDED) return kOk;
  if (IsOver(run.status())) return kRunNotSucceeded;
  return run.waiting().for_person() ? kNeedsPerson : kOk;
}

}  // namespace recourse::cli

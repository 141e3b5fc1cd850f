// What the verbs share: the settings of the call, the connection, and how a failure is told.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>

#include "client/cli/output.h"
#include "client/connection.h"

namespace recourse::cli {

inline constexpr std::int64_t kDefinitionMax = 2 << 20;  // bytes; what is larger is no definition

// Of every verb: which server, as whom, and for whom the output is.
struct Common {
  client::Options server;  // as the flags say it; empty where they say nothing
  std::string context;     // --context
  bool json = false;       // for programs, in JSON or YAML
};

// The server of this call, by flags, environment and contexts, with what people are told of it.
struct Server {
  client::Options options;
  std::string context;    // the name of the context; empty: none was used
  std::string described;  // where the context came from; empty: none was used
};
// kInvalidArgument, kNotFound...: what says which server cannot be used; see ChooseContext.
Result<Server> ServerOf(const Common& common);

// On a terminal, and where a context was used: says which server a verb is about to change.
void NameServer(const Common& common);

// Prints the error to standard error and answers `exit_code`.
int Tell(const Error& error, int exit_code);

// Opens the connection and lets `verb` do its work; tells what went wrong, if something did.
int WithServer(const Common& common,
               const std::function<Result<int>(const client::Connection&)>& verb);

// How long a call may take that the server answers soon unless something is wrong.
inline std::chrono::milliseconds Patience(const client::Connection& server) {
  return server.options().timeout.value_or(client::kTimeout);
}

// One unary call: `Unary(server, &Stub::Method, stub, request)`. `timeout` none: it waits as long
// as the connection holds.
template <class Stub, class Request, class Response>
Result<Response> Unary(const client::Connection& server,
                       grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                    Response*),
                       Stub& stub, const Request& request,
                       std::optional<std::chrono::milliseconds> timeout) {
  const auto context = server.NewContext(timeout);
  Response response;
  const grpc::Status status = (stub.*method)(context.get(), request, &response);
  if (!status.ok()) return server.ErrorOf(status);
  return response;
}
template <class Stub, class Request, class Response>
Result<Response> Unary(const client::Connection& server,
                       grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                    Response*),
                       Stub& stub, const Request& request) {
  return Unary(server, method, stub, request, Patience(server));
}

// The pages of a list as one answer: all of them, or at most `limit` entries; next_page_token is
// set when there may be more. `entries(answer)` answers the list in it.
template <class Stub, class Request, class Response, class Entries>
Result<Response> AllPages(const client::Connection& server,
                          grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                       Response*),
                          Stub& stub, Request request, Entries entries,
                          int limit = std::numeric_limits<int>::max()) {
  constexpr int kPageMax = 1000;
  Response all;
  for (;;) {
    request.set_page_size(std::min(kPageMax, limit - entries(all)->size()));
    auto page = Unary(server, method, stub, request);
    if (!page) return std::move(page).error();
    entries(all)->MergeFrom(*entries(*page));
    all.set_next_page_token(page->next_page_token());
    if (page->next_page_token().empty() || entries(all)->size() >= limit) return all;
    request.set_page_token(page->next_page_token());
  }
}

// How this call was spelled, for commands that it suggests: "recourse --context prod".
std::string Prefix(const Common& common);

// The options that say as whom it was called: " --as ana --insecure"; empty: none was given.
std::string AsCaller(const Common& common);

// The option that lets somebody else decide: the default approver where there is one.
std::string AsApprover(const Common& common);

// What else than a run the id is that was refused as none, with the command that shows it; empty:
// nothing.
std::string OtherThing(const Common& common, const Error& error);

// "RUN_STATUS_WAITING" as "WAITING".
std::string StatusName(v1::RunStatus status);
Colour ColourOf(v1::RunStatus status);
bool IsOver(v1::RunStatus status);
// kOk, kRunNotSucceeded, or kNeedsPerson for one that waits for a person.
int ExitCodeOf(const v1::Run& run);

}  // namespace recourse::cli

// What the verbs share: the settings of the call, the connection, and how a failure is told.
#pragma once

#include <functional>
#include <string>

#include "client/cli/output.h"
#include "client/connection.h"

namespace recourse::cli {

// Of every verb: which server, as whom, and for whom the output is.
struct Common {
  client::Options server;
  bool json = false;
};

// Prints the error to standard error and answers the exit code that fits it.
int Tell(const Error& error);

// Opens the connection and lets `verb` do its work; tells what went wrong, if something did.
int WithServer(const Common& common,
               const std::function<Result<int>(const client::Connection&)>& verb);

// One unary call: `Unary(server, &Stub::Method, stub, request)`.
template <class Stub, class Request, class Response>
Result<Response> Unary(const client::Connection& server,
                       grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                       Stub& stub, const Request& request) {
  const auto context = server.NewContext();
  Response response;
  const grpc::Status status = (stub.*method)(context.get(), request, &response);
  if (!status.ok()) return server.ErrorOf(status);
  return response;
}

// How this call was spelled, for commands that it suggests: "recourse --data /x".
std::string Prefix(const Common& common);

// "RUN_STATUS_WAITING" as "WAITING".
std::string StatusName(v1::RunStatus status);
Colour ColourOf(v1::RunStatus status);
bool IsOver(v1::RunStatus status);
// kOk, kRunNotSucceeded, or kNeedsPerson for one that waits for a person.
int ExitCodeOf(const v1::Run& run);

}  // namespace recourse::cli

// What every service works with. All of it outlives the services.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <exception>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actions/registry.h"
#include "engine/base/signing.h"
#include "engine/journal/journal.h"
#include "engine/runtime/engine.h"
#include "server/access.h"
#include "server/reader_pool.h"
#include "server/start_check.h"
#include "server/status.h"

namespace recourse::notify {
class Courier;
}

namespace recourse::server {

class Reloader;
class SettledWaits;
class WatchHub;

struct Core {
  runtime::Engine& engine;
  journal::Journal& journal;
  const Registry& registry;
  const Principals& principals;
  ReaderPool& readers;       // for what callers read
  ReaderPool& long_readers;  // one thread, for checks and copies of the whole journal
  ReaderPool& plan_readers;  // for plans, which take as long as the actions that they ask
  WatchHub& hub;
  SettledWaits& waits;
  Reloader& reloader;
  std::stop_token stopping;  // requested when the server stops: for what takes long
  Time started;
  const Clock& clock;
  JournalCheck start_check = {};            // of the journal, at the start
  const SigningKey* journal_key = nullptr;  // null: nothing is signed
  notify::Courier* courier = nullptr;       // null: there are no channels
};

// Answers the call with `error`.
inline grpc::ServerUnaryReactor* Refuse(grpc::CallbackServerContext* context, const Error& error) {
  grpc::ServerUnaryReactor* call = context->DefaultReactor();
  call->Finish(ToStatus(error));
  return call;
}

// A call that is answered at once from memory: `read` is given nothing and answers the message.
template <class Message, class Read>
grpc::ServerUnaryReactor* AnswerNow(Core& core, grpc::CallbackServerContext* context,
                                    std::string_view rpc, Message* response, Read read) {
  if (auto caller = Admit(core.principals, *context, rpc); !caller) {
    return Refuse(context, caller.error());
  }
  Result<Message> answer = read();
  if (!answer) return Refuse(context, answer.error());
  *response = *std::move(answer);
  grpc::ServerUnaryReactor* call = context->DefaultReactor();
  call->Finish(grpc::Status::OK);
  return call;
}

// A call that reads the journal: `read` is given a reader, on a thread of `pool`, and answers the
// message. REQUIRES: the caller is admitted.
template <class Message, class Read>
grpc::ServerUnaryReactor* AnswerFrom(ReaderPool& pool, grpc::CallbackServerContext* context,
                                     Message* response, Read read) {
  grpc::ServerUnaryReactor* call = context->DefaultReactor();
  auto posted = pool.PostForCaller(
      [context, call, response, read = std::move(read)](journal::Reader* reader) {
        if (reader == nullptr) return call->Finish(ToStatus(StoppingError()));
        // Who has left would only make those wait who are still there.
        if (context->IsCancelled()) {
          return call->Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the caller left"));
        }
        const auto guarded = [&]() -> Result<Message> {
          try {
            return read(*reader);
          } catch (const std::exception& thrown) {  // a mistake of ours must not end the server
            return Internal(std::string("the answer could not be made: ") + thrown.what());
          }
        };
        Result<Message> answer = guarded();
        if (!answer) return call->Finish(ToStatus(answer.error()));
        *response = *std::move(answer);
        call->Finish(grpc::Status::OK);
      });
  if (!posted) call->Finish(ToStatus(posted.error()));
  return call;
}

// The same for who may call `rpc`.
template <class Message, class Read>
grpc::ServerUnaryReactor* AnswerFrom(Core& core, ReaderPool& pool,
                                     grpc::CallbackServerContext* context, std::string_view rpc,
                                     Message* response, Read read) {
  if (auto caller = Admit(core.principals, *context, rpc); !caller) {
    return Refuse(context, caller.error());
  }
  return AnswerFrom(pool, context, response, std::move(read));
}

}  // namespace recourse::server

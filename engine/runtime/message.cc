#include "engine/runtime/message.h"

namespace recourse::runtime {
namespace {

template <class Done>
void Call(Done& done, const Error& error) {
  if (done) std::exchange(done, nullptr)(error);
}

}  // namespace

void Refuse(Message& message, const Error& error) {
  std::visit(
      [&](auto& of) {
        if constexpr (requires { of.done; }) Call(of.done, error);
      },
      message);
}

bool IsCallers(const Message& message) {
  return std::holds_alternative<StartMessage>(message) ||
         std::holds_alternative<SubmitMessage>(message) ||
         std::holds_alternative<VoteMessage>(message) ||
         std::holds_alternative<WaitMessage>(message) ||
         std::holds_alternative<SteerMessage>(message) ||
         std::holds_alternative<ReloadMessage>(message) ||
         std::holds_alternative<RemoveMessage>(message) ||
         std::holds_alternative<NoteMessage>(message);
}

}  // namespace recourse::runtime

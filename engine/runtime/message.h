// What reaches the core loop: the wishes of callers, and what the engine tells itself.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "engine/runtime/engine.h"

namespace recourse::runtime {

class Job;

struct StartMessage {
  StartRequest request;
  Caller caller;
  RunCallback done;
};
struct SubmitMessage {
  RunId run;
  machine::Input input;
  std::optional<std::int64_t> revision;
  Caller caller;
  RunCallback done;
};
struct VoteMessage {
  machine::CastVote vote;
  Caller caller;
  Engine::ApprovalCallback done;
};
struct WaitMessage {
  RunId run;
  RunCallback done;
};

// An input that the engine itself makes: kept until the journal takes it.
struct EngineMessage {
  RunId run;
  machine::Input input;
  std::shared_ptr<Job> ended;              // the job whose outcome this is; null when it goes on
  std::function<void(Result<void>)> done;  // may be empty
};
// A timer is due. Read from the journal again when it cannot be dealt with now.
struct TimerMessage {
  journal::TimerRow timer;
};
// A schedule has, or may have, something to do. Found again from its row when it cannot be dealt
// with now.
struct ScheduleMessage {
  std::string schedule;
};
// Pauses or resumes a schedule.
struct SteerMessage {
  std::string schedule;
  bool pause = false;
  std::string reason;
  Caller caller;
  Engine::ScheduleCallback done;
};
// Takes the place of what runs are started from.
struct ReloadMessage {
  std::shared_ptr<const Catalogue> catalogue;
  std::function<void(Result<void>)> done;
};
// Removes a run that was exported.
struct RemoveMessage {
  journal::Removal removal;
  Engine::RemovalCallback done;
};
// Stores what has come of notifications.
struct NoteMessage {
  std::vector<journal::OutboxRow> notes;
  std::function<void(Result<void>)> done;
};
// The lock may be free: grants it to the run that has waited longest, if it is.
struct GrantMessage {
  std::string lock;
};

using Message = std::variant<StartMessage, SubmitMessage, VoteMessage, WaitMessage, EngineMessage,
                             TimerMessage, GrantMessage, ScheduleMessage, SteerMessage,
                             ReloadMessage, RemoveMessage, NoteMessage>;

// Answers a caller, whatever it is that he waits for.
void Refuse(Message& message, const Error& error);

// Whether it comes from a caller, who is answered when the journal refuses; the engine's own are
// kept and tried again.
bool IsCallers(const Message& message);

}  // namespace recourse::runtime

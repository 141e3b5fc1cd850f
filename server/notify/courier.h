// Brings what stands in the outbox to its channels, at least once each.
//
// A notification is stored with the event that causes it, and sent after that commit by its
// channel's own thread: a channel that hangs holds up no other, and never the engine. In a channel
// they go in their order. What was sent is noted in the journal afterwards: after a crash in between
// it is sent again, with the same key. One that is refused is tried again, ever more seldom; one that
// the other side will never take, or that has not been taken for a day, is given up and stays
// visible until somebody asks for it again.
//
// Thread safety: every function may be called from any thread.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/clock.h"
#include "engine/journal/journal.h"
#include "engine/runtime/engine.h"
#include "server/notify/channel.h"
#include "server/notify/settings.h"

namespace recourse::notify {

// How long a channel waits after so many failures in a row: 1 s, doubled up to 5 min.
std::chrono::seconds DelayAfter(int failures);

// What has come of a notification whose sending failed now; given up when the error is for good, or
// when it was tried for about a day.
journal::OutboxRow AfterFailure(journal::OutboxRow row, const Error& error, Time now);

class Courier final : public runtime::Listener {
 public:
  // Listens to the engine until Stop(). What it works with outlives it. Sends nothing before Start().
  Courier(Settings settings, journal::Journal& journal, runtime::Engine& engine,
          const runtime::SecretSource* secrets, const Clock& clock);
  ~Courier() override;

  // Begins to send, also what a former server left. Errors are the journal's.
  Result<void> Start();
  // Ends what is being sent within a second or so; what was not sent is sent by the next server.
  void Stop();

  // Tries the given up ones of a channel again. Answers how many there were. kNotFound: no such
  // channel. Otherwise as runtime::Engine::NoteNotifications.
  Result<int> Retry(const std::string& channel);
  // Sends a test message, now. kNotFound: no such channel. Otherwise the channel's error.
  Result<void> Test(const std::string& channel, const std::string& by);

  const Settings& settings() const { return settings_; }

  void Committed(journal::Position position, std::span<const journal::RunChange> changes) override;
  void News(const runtime::AttemptNews&) override {}

 private:
  class Round;
  void Work(const ChannelSettings& settings);
  // Waits for something new to send, or for `delay`. False: it is to stop.
  bool WaitForWork(std::uint64_t& seen, std::optional<std::chrono::seconds> delay);
  Result<void> Note(std::vector<journal::OutboxRow> rows);

  const Settings settings_;
  journal::Journal& journal_;
  runtime::Engine& engine_;
  const runtime::SecretSource* secrets_;
  const Clock& clock_;
  std::string identity_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t stored_ = 0;  // guarded by mutex_; counts what may be new
  std::stop_source stopping_;
  std::vector<std::thread> threads_;
};

}  // namespace recourse::notify

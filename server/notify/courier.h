// Brings what stands in the outbox to its channels, at least once each.
//
// A notification is stored with the event that causes it, and sent after that commit by its
// channel's own thread: a channel that hangs holds up no other, and never the engine. In a channel
// they go in their order. What was sent is noted in the journal afterwards: after a crash in
// between it is sent again, with the same key. One that is refused is tried again, ever more
// seldom; one that the other side will never take, or that has not been taken for a day, is given
// up and stays visible until somebody asks for it again. So is what waits for a channel that is no
// longer there.
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
#include "server/notify/channel_file.h"

namespace recourse::notify {

// How long a channel waits after so many failures in a row: 1 s, doubled up to 5 min.
std::chrono::seconds DelayAfter(int failures);

class Courier final : public runtime::Listener {
 public:
  // Listens to the engine until Stop(). What it works with outlives it. Sends nothing before
  // Start().
  Courier(ChannelFile& file, journal::Journal& journal, runtime::Engine& engine,
          const runtime::SecretSource* secrets, const Clock& clock);
  ~Courier() override;

  // Begins to send, also what a former server left, and looks whether each channel can be reached;
  // what is wrong stands in the log. Errors are the journal's.
  Result<void> Start();
  // Ends what is being sent within a second or so; what was not sent is sent by the next server.
  void Stop();

  // Reads the file again. Channels that stand there as before are not disturbed. Errors as
  // ChannelFile::Reload: all stays as it was.
  Result<void> Reload();

  // Tries what waits in a channel now, and again what was given up. Answers how many there are.
  // kNotFound: no such channel. Otherwise as runtime::Engine::NoteNotifications.
  Result<int> Retry(const std::string& channel);
  // Sends a test message, now; when it arrives, what waits in the channel is sent too. kNotFound:
  // no such channel. Otherwise the channel's error.
  Result<void> Test(const std::string& channel, const std::string& by);

  std::shared_ptr<const Settings> settings() const { return file_.settings(); }
  const ChannelNames& names() const { return file_; }
  // Why nothing reaches the channel as far as is known; empty: nothing is wrong.
  std::string TroubleWith(const std::string& channel) const;
  // What else is wrong with the file, a line each; see ProblemsWith.
  std::vector<std::string> Problems() const;

  void Committed(journal::Position position, std::span<const journal::RunChange> changes) override;
  void News(const runtime::AttemptNews&) override {}

 private:
  struct Lane;
  void StartLanes();
  void StopLanes(std::vector<std::unique_ptr<Lane>> lanes);
  void Work(Lane& lane);
  // Waits for something new to send, for `delay`, or for somebody who wants it now: then `failures`
  // is none. False: it is to stop.
  bool WaitForWork(Lane& lane, std::uint64_t& seen, std::optional<std::chrono::seconds> delay,
                   int& failures);
  void SetTrouble(Lane& lane, std::string trouble);
  // Sees to what waits for channels that there are not.
  void WorkForLost();
  Result<void> GiveUpLost();
  void Hurry(const std::string& channel);
  Result<void> Note(std::vector<journal::OutboxRow> rows);

  ChannelFile& file_;
  journal::Journal& journal_;
  runtime::Engine& engine_;
  const runtime::SecretSource* secrets_;
  const Clock& clock_;
  std::string identity_;
  std::mutex reload_mutex_;  // held while lanes are started or stopped

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t stored_ = 0;                  // guarded by mutex_; counts what may be new
  std::uint64_t lost_ = 1;                    // the same, for channels that there are not
  std::vector<std::unique_ptr<Lane>> lanes_;  // guarded by mutex_
  std::stop_source stopping_;
  std::thread lost_thread_;
};

}  // namespace recourse::notify

// The messages of one surface, kept in line with the journal: one for each run and one for each
// approval, whatever surface or command has changed it.
//
// Where a message stands is stored in its run (RunService.AddReference), so that it is found again
// after a restart; of a surface that cannot change messages, with what was said last, so that it is
// not said again. When a run is over and all its messages say so, that is stored too. Nothing else
// is remembered.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "client/chatops/calls.h"
#include "client/chatops/config.h"
#include "client/chatops/shown.h"
#include "client/chatops/surface.h"

namespace recourse::chatops {

// Told what went wrong that no person in a chat hears of; from any thread.
using Report = std::function<void(const std::string& problem)>;

// Thread safety: any.
class Board {
 public:
  // All of them outlive this.
  Board(const client::Connection& server, Surface& surface, const Config& config, Shown& shown,
        const Report& report)
      : server_(server), surface_(surface), config_(config), shown_(shown), report_(report) {}
  ~Board() { Stop(); }

  void Start();
  void Stop();

  // Something may have happened to the run: its messages are looked at soon. What has happened now
  // comes before what is only looked at again.
  void Touch(const std::string& run, bool news);
  // A person clicked a message. One that is not known (the bot ended before it could store where it
  // had posted it) is taken in, and kept in line from then on.
  void Clicked(const std::string& about, const MessagePlace& place);
  // The journal is another one.
  void Forget();

 private:
  using Steady = std::chrono::steady_clock;

  struct Told {
    MessagePlace place;
    std::string content;  // what stands there; empty: not known
    bool stored = false;  // its place, in the run
  };
  using Messages = std::map<std::string, std::vector<Told>>;  // by what they are about

  void Work();
  void TakeIn(const std::string& about, const MessagePlace& place);
  Result<void> Refresh(const std::string& run);
  Messages& MessagesOf(const v1::Run& run);
  // `since`: when what it is about began, in seconds since 1970.
  Result<void> Show(const v1::Run& run, const ChatMessage& message, std::int64_t since,
                    Messages& messages);
  Result<void> PostFirst(const v1::Run& run, const ChatMessage& message, std::int64_t since,
                         Messages& messages);
  Result<void> Change(const v1::Run& run, const ChatMessage& message, Told& told);
  Result<void> Store(const std::string& run, const std::string& about,
                     const std::string& place) const;
  void Again(const std::string& run, const Error& error);

  const client::Connection& server_;
  Surface& surface_;
  const Config& config_;
  Shown& shown_;
  const Report& report_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // under mutex_
  bool forget_ = false;    // under mutex_
  struct Due {
    Steady::time_point at;
    bool news = true;
  };
  std::map<std::string, Due>::iterator Next();
  std::map<std::string, Due> due_;                            // runs to look at; under mutex_
  std::deque<std::pair<std::string, MessagePlace>> clicked_;  // under mutex_

  std::int64_t started_ = 0;  // in seconds since 1970

  // Of the thread alone.
  std::map<std::string, Messages> runs_;
  std::map<std::string, int> failures_;  // in a row, by run
  std::set<std::string> may_be_posted_;  // what a surface was to post and has not answered
  std::thread thread_;
};

// "#incidents" or "C024BE7LD 1700000000.000100": a place as it is stored in a run, and back.
std::string StoredPlace(const MessagePlace& place);
MessagePlace PlaceFrom(const std::string& stored);

}  // namespace recourse::chatops

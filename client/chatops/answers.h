// What people hear when they write or click: each gets an answer, and nothing is guessed.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include "client/chatops/calls.h"
#include "client/chatops/command.h"
#include "client/chatops/shown.h"
#include "client/chatops/surface.h"

namespace recourse::chatops {

// Thread safety: any.
class Answers {
 public:
  // Both outlive this.
  Answers(const client::Connection& server, Shown& shown) : server_(server), shown_(shown) {}

  ChatAnswer To(const ChatCommand& said);
  ChatAnswer To(const ChatClick& click);

 private:
  // One thing that a person wants done.
  struct Wish {
    const ChatUser& user;
    std::string channel;
    std::string verb;
    std::string about;
    std::string reason;
    std::string code;
    // Of an approval: the digest that was shown; of a run that is clicked: the step.
    std::string shown = {};
    std::string delivery = {};
  };

  ChatAnswer Do(const ChatCommand& said, const Command& command);
  ChatAnswer Help(const Command& command) const;

  // --- looking ---
  ChatAnswer Runs(const Asking& asking, const Command& command) const;
  ChatAnswer Attention(const Asking& asking) const;
  ChatAnswer Show(const Asking& asking, const ChatCommand& said, const std::string& about);
  ChatAnswer Graph(const Asking& asking, const std::string& run);
  // Lists what could have been meant.
  ChatAnswer Which(const Asking& asking, const Verb& verb) const;

  // --- changing ---
  ChatAnswer Start(const Asking& asking, const ChatCommand& said, const Command& command);
  ChatAnswer Steer(const Asking& asking, const Wish& wish) const;
  ChatAnswer AnswerItem(const Asking& asking, const Command& command) const;
  ChatAnswer Resolve(const Asking& asking, const Command& command) const;
  ChatAnswer DecideByText(const Asking& asking, const ChatCommand& said, const Command& command);
  // The digest that was shown where the wish was said; empty: none was.
  Result<std::string> DigestShown(const Asking& asking, const Wish& wish) const;
  ChatAnswer Vote(const Asking& asking, const Wish& wish);
  // What an approval asks now, with `first` before it; it counts as shown from then on.
  ChatAnswer ShowApproval(const Asking& asking, const Wish& wish, const std::string& first);

  // The id of a start: the same for the same words again while they were not answered, and for some
  // time after that, because who was left in the dark may have said them more than twice.
  std::string RequestIdFor(const ChatCommand& said);
  void Unanswered(const ChatCommand& said, const std::string& id);

  const client::Connection& server_;
  Shown& shown_;
  std::mutex picture_mutex_;  // one is drawn at a time
  std::mutex mutex_;
  struct Said {
    std::string id;
    std::chrono::steady_clock::time_point last;
  };
  std::map<std::string, Said> unanswered_;  // by person and words; under mutex_
};

// What went wrong, for a person: without what only an administrator can use.
std::string TextOf(const Error& error);

}  // namespace recourse::chatops

// What waits in one channel, worked off once.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/journal/journal.h"
#include "server/notify/channel.h"

namespace recourse::notify {

// What has come of a notification whose sending failed now; given up when the error is for good, or
// when it was tried for about a day.
journal::OutboxRow AfterFailure(journal::OutboxRow row, const Error& error, Time now);

class Round {
 public:
  using Rows = std::vector<journal::OutboxRow>;
  struct Means {
    const ChannelSettings& settings;
    Channel& channel;
    journal::Reader& reader;
    const Clock& clock;
    std::stop_token stop;
    std::function<Result<void>(Rows)> note;  // makes durable what has come of some
    Rows& notes;  // what has come of letters and is not in the journal yet, from round to round
  };
  explicit Round(Means means) : means_(std::move(means)) {}

  // Whether all that waits was sent or given up, and is noted so. Errors are the journal's.
  Result<bool> Work();

  // Why the last one that was tried was not sent; empty: it was. Nothing: none was tried.
  const std::optional<std::string>& trouble() const { return trouble_; }

 private:
  using Letters = std::vector<Letter>;

  Result<Letters> Waiting() const;
  // What was sent is not sent again while the journal cannot take that it was.
  Result<void> NoteAll();
  // One after the other; of a run none is sent before an earlier one of it that waits. Whether none
  // need be sent again: so with all that follow.
  bool SendEach(const Letters& letters);
  // As few messages as may be, in order, up to the first that has to be sent again.
  bool SendStorm(const Letters& letters);
  bool SendAsOne(const Letters& letters);
  bool Send(const Letters& letters);
  // Whether they need not be sent again.
  bool TakeNote(const Letters& letters, const Result<void>& sent);

  Means means_;
  std::optional<std::string> trouble_;
};

}  // namespace recourse::notify

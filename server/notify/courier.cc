#include "server/notify/courier.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>
#include <set>

namespace recourse::notify {
namespace {

constexpr int kAtOnce = 500;
constexpr int kTriesInOrder = 5;  // then it is passed by the others of its channel
constexpr int kTriesMax = 300;  // with delays of up to 5 minutes: a day
constexpr std::chrono::seconds kDelayMax{300};
constexpr std::chrono::seconds kReadAgain{10};
constexpr int kRetryMax = 100'000;

}  // namespace

std::chrono::seconds DelayAfter(int failures) {
  const int doublings = std::clamp(failures - 1, 0, 9);
  return std::min(std::chrono::seconds(1 << doublings), kDelayMax);
}

journal::OutboxRow AfterFailure(journal::OutboxRow row, const Error& error, Time now) {
  ++row.tries;
  row.error = Plain(error.message);
  if (error.code == Code::kInvalidArgument || row.tries >= kTriesMax) row.given_up = now;
  return row;
}

// What waits in one channel, worked off once.
class Courier::Round {
 public:
  // `notes`: what has come of letters and is not in the journal yet, from round to round.
  Round(Courier& courier, const ChannelSettings& settings, Channel& channel, journal::Reader& reader,
        std::vector<journal::OutboxRow>& notes)
      : courier_(courier), settings_(settings), channel_(channel), reader_(reader), notes_(notes) {}

  // Whether all that waits was sent or given up, and is noted so. Errors are the journal's.
  Result<bool> Work() {
    if (auto noted = NoteAll(); !noted) return std::move(noted).error();
    auto rows = reader_.UnsentNotifications(settings_.name, kAtOnce);
    if (!rows) return std::move(rows).error();
    std::vector<Letter> letters;
    for (journal::OutboxRow& row : *rows) {
      if (IsNoted(row)) continue;
      auto run = reader_.FindRun(row.run);
      if (!run) return std::move(run).error();
      letters.push_back({std::move(row), run->value_or(journal::RunRow())});
    }
    const auto digest = static_cast<std::size_t>(settings_.digest_after);
    const bool storm = digest > 0 && letters.size() > digest && channel_.CanDigest();
    const bool all = letters.size() < kAtOnce;
    const bool done = storm ? Send(letters) : SendEach(letters);
    return done && all && notes_.empty();
  }

  // What was sent is not sent again while the journal cannot take that it was.
  Result<void> NoteAll() {
    if (notes_.empty()) return {};
    auto noted = courier_.Note(notes_);
    if (noted) notes_.clear();
    return noted;
  }

 private:
  bool IsNoted(const journal::OutboxRow& row) const {
    return std::any_of(notes_.begin(), notes_.end(), [&](const journal::OutboxRow& note) {
      return note.position == row.position && note.number == row.number;
    });
  }

  // One after the other; of a run none is sent before an earlier one of it that waits.
  bool SendEach(const std::vector<Letter>& letters) {
    bool all = true;
    std::set<RunId> waiting;
    for (const Letter& letter : letters) {
      if (waiting.contains(letter.row.run) || Send({letter})) {
        all = all && !waiting.contains(letter.row.run);
        continue;
      }
      all = false;
      waiting.insert(letter.row.run);
      if (letter.row.tries < kTriesInOrder) break;
    }
    return all;
  }

  // Whether they need not be sent again.
  bool Send(const std::vector<Letter>& letters) {
    const std::stop_token stop = courier_.stopping_.get_token();
    if (stop.stop_requested()) return false;
    auto sent = channel_.Send(letters, stop);
    if (!sent && stop.stop_requested()) return false;
    const Time now = courier_.clock_.Now();
    bool done = true;
    for (const Letter& letter : letters) {
      journal::OutboxRow row = letter.row;
      if (sent) {
        row.sent = now;
      } else {
        row = AfterFailure(std::move(row), sent.error(), now);
        done = done && row.given_up.has_value();
      }
      notes_.push_back(std::move(row));
    }
    if (!sent) {
      spdlog::warn("notification: channel={} run={} tries={}{}: {}", settings_.name,
                   letters.front().row.run.ToString(), notes_.back().tries,
                   done ? " given up" : "", sent.error().message);
    }
    // What the journal does not take now is noted by the next round, which tells why.
    (void)NoteAll();
    return done;
  }

  Courier& courier_;
  const ChannelSettings& settings_;
  Channel& channel_;
  journal::Reader& reader_;
  std::vector<journal::OutboxRow>& notes_;
};

Courier::Courier(Settings settings, journal::Journal& journal, runtime::Engine& engine,
                 const runtime::SecretSource* secrets, const Clock& clock)
    : settings_(std::move(settings)), journal_(journal), engine_(engine), secrets_(secrets), clock_(clock) {
  engine_.AddListener(this);
}

Courier::~Courier() { Stop(); }

Result<void> Courier::Start() {
  auto reader = journal_.OpenReader();
  if (!reader) return std::move(reader).error();
  auto identity = (*reader)->Identity();
  if (!identity) return std::move(identity).error();
  identity_ = *std::move(identity);
  for (const ChannelSettings& channel : settings_.channels) {
    threads_.emplace_back([this, &channel] { Work(channel); });
  }
  return {};
}

void Courier::Stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_.stop_requested()) return;
    stopping_.request_stop();
  }
  engine_.RemoveListener(this);
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void Courier::Work(const ChannelSettings& settings) {
  const auto channel = NewChannel(settings, identity_, secrets_, clock_);
  std::unique_ptr<journal::Reader> reader;
  std::vector<journal::OutboxRow> notes;
  std::uint64_t seen = 0;
  int failures = 0;
  std::optional<std::chrono::seconds> delay(0);
  while (WaitForWork(seen, delay)) {
    if (reader == nullptr) {
      if (auto opened = journal_.OpenReader()) reader = *std::move(opened);
    }
    auto done = reader == nullptr ? Result<bool>(Unavailable("the journal cannot be read"))
                                  : Round(*this, settings, *channel, *reader, notes).Work();
    if (!done) {
      spdlog::error("notifications for {} wait: {}", settings.name, done.error().message);
      delay = kReadAgain;
      continue;
    }
    failures = *done ? 0 : failures + 1;
    delay = *done ? std::nullopt : std::optional(DelayAfter(failures));
  }
}

bool Courier::WaitForWork(std::uint64_t& seen, std::optional<std::chrono::seconds> delay) {
  std::unique_lock lock(mutex_);
  const auto stopping = [this] { return stopping_.stop_requested(); };
  if (delay) {
    // A channel that fails is not asked more often because more comes.
    changed_.wait_for(lock, *delay, stopping);
  } else {
    changed_.wait(lock, [&] { return stopping() || stored_ != seen; });
  }
  seen = stored_;
  return !stopping();
}

void Courier::Committed(journal::Position, std::span<const journal::RunChange> changes) {
  const bool news = std::any_of(changes.begin(), changes.end(),
                                [](const auto& change) { return !change.notifications.empty(); });
  if (!news) return;
  {
    const std::lock_guard lock(mutex_);
    ++stored_;
  }
  changed_.notify_all();
}

Result<void> Courier::Note(std::vector<journal::OutboxRow> rows) {
  const auto noted = std::make_shared<std::promise<Result<void>>>();
  engine_.NoteNotifications(std::move(rows), [noted](Result<void> result) { noted->set_value(std::move(result)); });
  return noted->get_future().get();
}

Result<int> Courier::Retry(const std::string& channel) {
  const bool known = std::any_of(settings_.channels.begin(), settings_.channels.end(),
                                 [&](const auto& one) { return one.name == channel; });
  if (!known) return NotFound("there is no channel \"" + channel + "\"");
  auto reader = journal_.OpenReader();
  if (!reader) return std::move(reader).error();
  auto rows = (*reader)->UndeliveredNotifications(kRetryMax);
  if (!rows) return std::move(rows).error();
  std::vector<journal::OutboxRow> again;
  for (journal::OutboxRow& row : *rows) {
    if (row.channel != channel || !row.given_up) continue;
    row.given_up.reset();
    row.tries = 1;
    again.push_back(std::move(row));
  }
  const int count = static_cast<int>(again.size());
  if (count > 0) {
    if (auto noted = Note(std::move(again)); !noted) return std::move(noted).error();
    {
      const std::lock_guard lock(mutex_);
      ++stored_;
    }
    changed_.notify_all();
  }
  return count;
}

Result<void> Courier::Test(const std::string& channel, const std::string& by) {
  for (const ChannelSettings& settings : settings_.channels) {
    if (settings.name != channel) continue;
    Letter letter;
    letter.row.channel = channel;
    letter.row.event = "test";
    letter.row.text = "a test of the channel " + channel + ", asked for by " + by;
    letter.row.created = clock_.Now();
    return NewChannel(settings, identity_, secrets_, clock_)->Send({letter}, stopping_.get_token());
  }
  return NotFound("there is no channel \"" + channel + "\"");
}

}  // namespace recourse::notify

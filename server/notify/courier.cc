#include "server/notify/courier.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>

#include "server/notify/problems.h"
#include "server/notify/round.h"

namespace recourse::notify {
namespace {

constexpr int kLostAtOnce = 500;
constexpr std::chrono::seconds kDelayMax{300};
constexpr std::chrono::seconds kReadAgain{10};
constexpr int kRetryMax = 100'000;

}  // namespace

// One channel's thread.
struct Courier::Lane {
  ChannelSettings settings;
  std::stop_source stopping{};
  bool hurry = false;     // guarded by the courier's mutex
  std::string trouble{};  // the same
  std::thread thread{};
};

std::chrono::seconds DelayAfter(int failures) {
  const int doublings = std::clamp(failures - 1, 0, 9);
  return std::min(std::chrono::seconds(1 << doublings), kDelayMax);
}

Courier::Courier(ChannelFile& file, journal::Journal& journal, runtime::Engine& engine,
                 const runtime::SecretSource* secrets, const Clock& clock)
    : file_(file), journal_(journal), engine_(engine), secrets_(secrets), clock_(clock) {
  engine_.AddListener(this);
}

Courier::~Courier() { Stop(); }

Result<void> Courier::Start() {
  auto reader = journal_.OpenReader();
  if (!reader) return std::move(reader).error();
  auto identity = (*reader)->Identity();
  if (!identity) return std::move(identity).error();
  identity_ = *std::move(identity);
  for (const std::string& problem : Problems()) spdlog::warn("notifications: {}", problem);
  const std::lock_guard reloading(reload_mutex_);
  StartLanes();
  lost_thread_ = std::thread([this] { WorkForLost(); });
  return {};
}

void Courier::Stop() {
  const std::lock_guard reloading(reload_mutex_);
  std::vector<std::unique_ptr<Lane>> lanes;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_.stop_requested()) return;
    stopping_.request_stop();
    lanes = std::move(lanes_);
  }
  engine_.RemoveListener(this);
  StopLanes(std::move(lanes));
  if (lost_thread_.joinable()) lost_thread_.join();
}

Result<void> Courier::Reload() {
  const std::lock_guard reloading(reload_mutex_);
  if (auto read = file_.Reload(); !read) return read;
  const auto now = file_.settings();
  std::vector<std::unique_ptr<Lane>> ended;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_.stop_requested()) return {};
    const auto changed = std::stable_partition(lanes_.begin(), lanes_.end(), [&](const auto& lane) {
      return std::any_of(now->channels.begin(), now->channels.end(),
                         [&](const auto& one) { return one.written == lane->settings.written; });
    });
    std::move(changed, lanes_.end(), std::back_inserter(ended));
    lanes_.erase(changed, lanes_.end());
    ++lost_;
  }
  StopLanes(std::move(ended));
  StartLanes();
  for (const std::string& problem : Problems()) spdlog::warn("notifications: {}", problem);
  return {};
}

void Courier::StartLanes() {
  const std::lock_guard lock(mutex_);
  for (const ChannelSettings& settings : file_.settings()->channels) {
    const bool there = std::any_of(lanes_.begin(), lanes_.end(), [&](const auto& lane) {
      return lane->settings.name == settings.name;
    });
    if (there) continue;
    Lane& lane = *lanes_.emplace_back(std::make_unique<Lane>(Lane{.settings = settings}));
    lane.thread = std::thread([this, &lane] { Work(lane); });
  }
}

void Courier::StopLanes(std::vector<std::unique_ptr<Lane>> lanes) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& lane : lanes) lane->stopping.request_stop();
  }
  changed_.notify_all();
  for (const auto& lane : lanes) lane->thread.join();
}

void Courier::Work(Lane& lane) {
  const auto channel = NewChannel(lane.settings, identity_, secrets_, clock_);
  if (auto reached = channel->Reach(lane.stopping.get_token());
      !reached && !lane.stopping.stop_requested()) {
    spdlog::warn("notifications: channel={} cannot be reached: {}", lane.settings.name,
                 reached.error().message);
    SetTrouble(lane, reached.error().message);
  }
  std::unique_ptr<journal::Reader> reader;
  std::vector<journal::OutboxRow> notes;
  std::uint64_t seen = 0;
  int failures = 0;
  std::optional<std::chrono::seconds> delay(0);
  while (WaitForWork(lane, seen, delay, failures)) {
    if (reader == nullptr) {
      if (auto opened = journal_.OpenReader()) reader = *std::move(opened);
    }
    Result<bool> done = Unavailable("the journal cannot be read");
    if (reader != nullptr) {
      Round round({lane.settings, *channel, *reader, clock_, lane.stopping.get_token(),
                   [this](auto rows) { return Note(std::move(rows)); }, notes});
      done = round.Work();
      if (round.trouble()) SetTrouble(lane, *round.trouble());
    }
    if (!done) {
      spdlog::error("notifications for {} wait: {}", lane.settings.name, done.error().message);
      delay = kReadAgain;
      continue;
    }
    failures = *done ? 0 : failures + 1;
    delay = *done ? std::nullopt : std::optional(DelayAfter(failures));
  }
}

bool Courier::WaitForWork(Lane& lane, std::uint64_t& seen,
                          std::optional<std::chrono::seconds> delay, int& failures) {
  std::unique_lock lock(mutex_);
  const auto wanted = [&] { return lane.stopping.stop_requested() || lane.hurry; };
  if (delay) {
    // A channel that fails is not asked more often because more comes.
    changed_.wait_for(lock, *delay, wanted);
  } else {
    changed_.wait(lock, [&] { return wanted() || stored_ != seen; });
  }
  if (std::exchange(lane.hurry, false)) failures = 0;
  seen = stored_;
  return !lane.stopping.stop_requested();
}

void Courier::SetTrouble(Lane& lane, std::string trouble) {
  const std::lock_guard lock(mutex_);
  lane.trouble = std::move(trouble);
}

void Courier::WorkForLost() {
  std::uint64_t seen = 0;
  for (std::unique_lock lock(mutex_);;) {
    changed_.wait(lock, [&] { return stopping_.stop_requested() || lost_ != seen; });
    if (stopping_.stop_requested()) return;
    seen = lost_;
    lock.unlock();
    // It is done by the next reload or start when the journal cannot take it now.
    if (auto done = GiveUpLost(); !done) spdlog::error("notifications: {}", done.error().message);
    lock.lock();
  }
}

Result<void> Courier::GiveUpLost() {
  auto reader = journal_.OpenReader();
  if (!reader) return std::move(reader).error();
  auto channels = (*reader)->UnsentChannels();
  if (!channels) return std::move(channels).error();
  for (const std::string& channel : *channels) {
    while (!file_.KindOf(channel)) {
      auto rows = (*reader)->UnsentNotifications(channel, kLostAtOnce);
      if (!rows) return std::move(rows).error();
      if (rows->empty()) break;
      for (journal::OutboxRow& row : *rows) {
        row.tries = std::max(row.tries, 1);
        row.given_up = clock_.Now();
        row.error = "the channel is no longer in the file of notifications" +
                    (row.error.empty() ? "" : "; before that: " + row.error);
      }
      spdlog::warn(
          "notifications: channel={} is no longer in the file; given up: {}, the oldest about {}",
          channel, rows->size(), rows->front().run.ToString());
      if (auto noted = Note(*std::move(rows)); !noted) return noted;
    }
  }
  return {};
}

void Courier::Committed(journal::Position, std::span<const journal::RunChange> changes) {
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    for (const journal::RunChange& change : changes) {
      for (const journal::OutboxRow& row : change.notifications) {
        news = true;
        const bool known = std::any_of(lanes_.begin(), lanes_.end(), [&](const auto& lane) {
          return lane->settings.name == row.channel;
        });
        ++(known ? stored_ : lost_);
      }
    }
  }
  if (news) changed_.notify_all();
}

Result<void> Courier::Note(std::vector<journal::OutboxRow> rows) {
  const auto noted = std::make_shared<std::promise<Result<void>>>();
  engine_.NoteNotifications(std::move(rows),
                            [noted](Result<void> result) { noted->set_value(std::move(result)); });
  return noted->get_future().get();
}

void Courier::Hurry(const std::string& channel) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& lane : lanes_) lane->hurry = lane->hurry || lane->settings.name == channel;
  }
  changed_.notify_all();
}

Result<int> Courier::Retry(const std::string& channel) {
  if (auto known = file_.KindOf(channel); !known) return std::move(known).error();
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
  if (!again.empty()) {
    if (auto noted = Note(std::move(again)); !noted) return std::move(noted).error();
  }
  auto waiting = (*reader)->UnsentNotifications(channel, kRetryMax);
  if (!waiting) return std::move(waiting).error();
  Hurry(channel);
  return static_cast<int>(waiting->size());
}

Result<void> Courier::Test(const std::string& channel, const std::string& by) {
  const auto settings = file_.settings();
  for (const ChannelSettings& one : settings->channels) {
    if (one.name != channel) continue;
    Letter letter;
    letter.row.channel = channel;
    letter.row.event = "test";
    letter.row.text = "a test of the channel " + channel + ", asked for by " + by;
    letter.row.created = clock_.Now();
    auto sent = NewChannel(one, identity_, secrets_, clock_)->Send({letter}, stopping_.get_token());
    {
      const std::lock_guard lock(mutex_);
      for (const auto& lane : lanes_) {
        if (lane->settings.name == channel) lane->trouble = sent ? "" : sent.error().message;
      }
    }
    if (sent) Hurry(channel);
    return sent;
  }
  return std::move(file_.KindOf(channel)).error();
}

std::string Courier::TroubleWith(const std::string& channel) const {
  const std::lock_guard lock(mutex_);
  for (const auto& lane : lanes_) {
    if (lane->settings.name == channel) return Plain(lane->trouble);
  }
  return "";
}

std::vector<std::string> Courier::Problems() const {
  return ProblemsWith(*file_.settings(), *engine_.catalogue(), file_, secrets_);
}

}  // namespace recourse::notify

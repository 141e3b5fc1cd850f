#include "server/notify/round.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>

namespace recourse::notify {
namespace {

constexpr int kAtOnce = 500;
constexpr int kTriesInOrder = 5;  // then it is passed by the others of its channel
constexpr int kTriesMax = 300;    // with delays of up to 5 minutes: a day

}  // namespace

journal::OutboxRow AfterFailure(journal::OutboxRow row, const Error& error, Time now) {
  ++row.tries;
  row.error = Plain(error.message);
  if (error.code == Code::kInvalidArgument || row.tries >= kTriesMax) row.given_up = now;
  return row;
}

Result<bool> Round::Work() {
  if (auto noted = NoteAll(); !noted) return std::move(noted).error();
  auto letters = Waiting();
  if (!letters) return std::move(letters).error();
  const auto digest = static_cast<std::size_t>(means_.settings.digest_after);
  const bool storm = digest > 0 && letters->size() > digest && means_.channel.CanDigest();
  const bool all = letters->size() < kAtOnce;
  const bool done = storm ? SendStorm(*letters) : SendEach(*letters);
  return done && all && means_.notes.empty();
}

Result<Round::Letters> Round::Waiting() const {
  auto rows = means_.reader.UnsentNotifications(means_.settings.name, kAtOnce);
  if (!rows) return std::move(rows).error();
  Letters letters;
  for (journal::OutboxRow& row : *rows) {
    const bool noted = std::any_of(means_.notes.begin(), means_.notes.end(), [&](const auto& note) {
      return note.position == row.position && note.number == row.number;
    });
    if (noted) continue;
    auto run = means_.reader.FindRun(row.run);
    if (!run) return std::move(run).error();
    letters.push_back({std::move(row), run->value_or(journal::RunRow())});
  }
  return letters;
}

Result<void> Round::NoteAll() {
  if (means_.notes.empty()) return {};
  auto noted = means_.note(means_.notes);
  if (noted) means_.notes.clear();
  return noted;
}

bool Round::SendEach(const Letters& letters) {
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

bool Round::SendStorm(const Letters& letters) {
  Letters together;
  for (const Letter& letter : letters) {
    // What a step says is said in its own words.
    if (!IsMessage(letter)) {
      together.push_back(letter);
      continue;
    }
    if (!SendAsOne(std::exchange(together, {})) || !Send({letter})) return false;
  }
  return SendAsOne(together);
}

// What the other side refuses as a whole, because it is too large or because of one of them, is
// sent by halves: nothing is given up but what is refused by itself.
bool Round::SendAsOne(const Letters& letters) {
  if (letters.size() < 2) return letters.empty() || Send(letters);
  auto sent = means_.channel.Send(letters, means_.stop);
  const bool refused = !sent && sent.error().code == Code::kInvalidArgument;
  if (!refused) return TakeNote(letters, sent);
  spdlog::warn(
      "notification: channel={} refuses {} as one message, so that they are sent in two: {}",
      means_.settings.name, letters.size(), sent.error().message);
  const auto middle = letters.begin() + static_cast<std::ptrdiff_t>(letters.size() / 2);
  return SendAsOne({letters.begin(), middle}) && SendAsOne({middle, letters.end()});
}

bool Round::Send(const Letters& letters) {
  if (means_.stop.stop_requested()) return false;
  return TakeNote(letters, means_.channel.Send(letters, means_.stop));
}

bool Round::TakeNote(const Letters& letters, const Result<void>& sent) {
  if (!sent && means_.stop.stop_requested()) return false;
  const Time now = means_.clock.Now();
  bool done = true;
  for (const Letter& letter : letters) {
    journal::OutboxRow row = letter.row;
    if (sent) {
      row.sent = now;
    } else {
      row = AfterFailure(std::move(row), sent.error(), now);
      done = done && row.given_up.has_value();
    }
    means_.notes.push_back(std::move(row));
  }
  trouble_ = sent ? "" : sent.error().message;
  if (!sent) {
    spdlog::warn("notification: channel={} run={} tries={}{}: {}", means_.settings.name,
                 letters.front().row.run.ToString(), means_.notes.back().tries,
                 done ? " given up" : "", sent.error().message);
  }
  // What the journal does not take now is noted by the next round, which tells why.
  (void)NoteAll();
  return done;
}

}  // namespace recourse::notify

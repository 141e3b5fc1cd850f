#include "engine/record/heads.h"

#include "engine/base/digest.h"
#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/journal/absence.h"

namespace recourse::record {
namespace {

constexpr std::int64_t kTombstonesAtOnce = 500;

std::string MessageOf(const SignedHead& head) {
  return "recourse head\n" + head.journal + "\n" + std::to_string(head.position) + "\n" +
         head.hash + "\n" + FormatTimestamp(ToTimestamp(head.time)) + "\n";
}

class Checker {
 public:
  Checker(journal::Reader& reader, const PublicKey& key, std::string identity,
          journal::Position last)
      : reader_(reader), key_(key), identity_(std::move(identity)), last_(last) {}

  Result<void> CheckTombstones() {
    for (std::int64_t after = 0;;) {
      auto page = reader_.EventsOfRun(journal::kJournalItself, after, kTombstonesAtOnce);
      if (!page) return std::move(page).error();
      if (page->empty()) return {};
      for (const journal::StoredEvent& event : *page) {
        after = event.sequence;
        CheckTombstone(event);
      }
    }
  }

  Result<void> CheckHead(const SignedHead& head) {
    const std::string name = "the head at position " + std::to_string(head.position) +
                             ", signed at " + FormatTimestamp(ToTimestamp(head.time)) + ",";
    if (!key_.Verify(MessageOf(head), head.signature)) {
      return Problem(name + " is not signed with this key: it or the key is not the server's");
    }
    if (head.journal != identity_) {
      return Problem(name + " is of the journal " + head.journal + ", this is " + identity_);
    }
    if (imported_ && head.position < *imported_) {
      return Problem(name + " is from before position " + std::to_string(*imported_) +
                     ", where the "
                     "journal says that it was made of an archive: events were removed");
    }
    if (head.position > last_) {
      return Problem(name + " is not in the journal, which ends at position " +
                     std::to_string(last_) +
                     ": events were cut off its end, unless this is a copy that was made before");
    }
    auto found = reader_.EventsAfter(head.position - 1, 1);
    if (!found) return std::move(found).error();
    if (!found->empty() && found->front().position == head.position) {
      return Compare(name, head, ToHex(found->front().hash));
    }
    return CompareRemoved(name, head);
  }

  SignatureCheck Take() && { return std::move(found_); }

 private:
  Result<void> Problem(std::string sentence) {
    found_.problems.push_back(std::move(sentence));
    return {};
  }

  Result<void> Compare(const std::string& name, const SignedHead& head, const std::string& hash) {
    if (hash != head.hash) {
      return Problem(name + " has the hash " + head.hash + ", the journal has " + hash +
                     " there: an event up to there was changed, added or removed");
    }
    ++found_.heads;
    return {};
  }

  Result<void> CompareRemoved(const std::string& name, const SignedHead& head) {
    auto gaps = journal::ReadGaps(reader_);
    if (!gaps && gaps.error().code == Code::kDataLoss) return Problem(gaps.error().message);
    if (!gaps) return std::move(gaps).error();
    auto gap = gaps->upper_bound(head.position);
    const bool inside = gap != gaps->begin() && head.position <= std::prev(gap)->second.last;
    if (!inside) return Problem(name + " is not in the journal: its event is missing");
    --gap;
    if (head.position == gap->second.last) return Compare(name, head, ToHex(gap->second.after));
    ++found_.heads_removed;
    return {};
  }

  void CheckTombstone(const journal::StoredEvent& event) {
    if (event.type == journal::kRunsImported) imported_ = event.position;
    if (event.type != journal::kRunRemoved) return;
    auto absence = journal::ReadAbsence(event);
    if (!absence) {
      found_.problems.push_back(absence.error().message);
      return;
    }
    const std::string message = TombstoneMessage(identity_, journal::UnsignedPayloadOf(*absence));
    if (key_.Verify(message, absence->signature)) {
      ++found_.tombstones;
      return;
    }
    found_.problems.push_back("the tombstone of " + absence->run.ToString() + " at position " +
                              std::to_string(event.position) +
                              " is not signed with this key: the server did not remove the run");
  }

  journal::Reader& reader_;
  const PublicKey& key_;
  const std::string identity_;
  const journal::Position last_;
  std::optional<journal::Position>
      imported_;  // where the journal says that it was made of an archive
  SignatureCheck found_;
};

}  // namespace

std::string LineOf(const SignedHead& head) {
  return ToJson(Value::Object({{"journal", head.journal},
                               {"position", head.position},
                               {"hash", head.hash},
                               {"time", ToTimestamp(head.time)},
                               {"signature", Hex(head.signature)}}));
}

Result<SignedHead> ParseHead(std::string_view line) {
  auto value = ParseJson(line);
  if (!value) return std::move(value).error();
  SignedHead head;
  head.journal = value->StringOr("journal", "");
  head.position = value->IntOr("position", 0);
  head.hash = value->StringOr("hash", "");
  auto time = ParseTimestamp(value->StringOr("time", ""));
  auto signature = FromHex(value->StringOr("signature", ""));
  const bool whole = !head.journal.empty() && head.position > 0 && DigestFromHex(head.hash);
  if (!whole || !time || !signature) return InvalidArgument("this is no signed head");
  head.time = FromTimestamp(*time);
  head.signature = *std::move(signature);
  return head;
}

Result<std::vector<SignedHead>> ParseHeads(std::string_view text) {
  std::vector<SignedHead> heads;
  int number = 0;
  while (!text.empty()) {
    ++number;
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.empty() || line.back() != '}') continue;  // what a crash cut off
    auto head = ParseHead(line);
    if (!head) return std::move(head).error().In("line " + std::to_string(number));
    heads.push_back(*std::move(head));
  }
  return heads;
}

Result<SignedHead> SignHead(journal::Reader& reader, const SigningKey& key, Time now) {
  auto last = reader.LastPosition();
  if (!last) return std::move(last).error();
  if (*last == 0) return NotFound("the journal is empty: there is no head to sign yet");
  auto event = reader.EventsAfter(*last - 1, 1);
  if (!event) return std::move(event).error();
  auto identity = reader.Identity();
  if (!identity) return std::move(identity).error();
  if (event->empty()) return DataLoss("the last event of the journal is missing");
  SignedHead head{
      *std::move(identity), event->front().position, ToHex(event->front().hash), now, {}};
  head.signature = key.Sign(MessageOf(head));
  return head;
}

std::string TombstoneMessage(const std::string& journal, const std::string& payload) {
  return "recourse tombstone\n" + journal + "\n" + payload;
}

Result<SignatureCheck> CheckSignatures(journal::Reader& reader, std::span<const SignedHead> heads,
                                       const PublicKey& key) {
  auto identity = reader.Identity();
  if (!identity) return std::move(identity).error();
  auto last = reader.LastPosition();
  if (!last) return std::move(last).error();
  Checker checker(reader, key, *std::move(identity), *last);
  if (auto checked = checker.CheckTombstones(); !checked) return checked.error();
  for (const SignedHead& head : heads) {
    if (auto checked = checker.CheckHead(head); !checked) return checked.error();
  }
  return std::move(checker).Take();
}

}  // namespace recourse::record

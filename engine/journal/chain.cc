#include "engine/journal/chain.h"

#include <array>
#include <string_view>

namespace recourse::journal {
namespace {

std::string_view View(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::array<char, 8> BigEndian(std::int64_t number) {
  std::array<char, 8> bytes;
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(number >> (56 - 8 * i));
  return bytes;
}

Error Refusal(const StoredEvent& event, const std::string& finding) {
  return DataLoss("the event at position " + std::to_string(event.position) + " of run " +
                  event.run.ToString() + " does not follow those before it: " + finding);
}

}  // namespace

Digest ChainHash(const Digest& previous, const StoredEvent& event) {
  thread_local Sha256 sha;  // making a context costs more than a short event's hash
  thread_local std::string head;
  head.assign(View(previous));
  for (const std::int64_t number :
       {event.position, event.run.number, event.sequence,
        std::int64_t{event.time.time_since_epoch().count()}, std::int64_t{event.type},
        static_cast<std::int64_t>(event.principal.size())}) {
    const auto bytes = BigEndian(number);
    head.append(bytes.data(), bytes.size());
  }
  const auto payload_size = BigEndian(static_cast<std::int64_t>(event.payload.size()));
  head.append(event.principal).append(payload_size.data(), payload_size.size());
  sha.Add(head);
  sha.Add(event.payload);
  return sha.Finish();
}

void ChainCheck::BeginAfter(Position last, const Digest& hash) {
  last_ = last;
  hash_ = hash;
  from_beginning_ = false;
}

// Goes over the positions before `event` that have none.
Result<void> ChainCheck::Cross(const StoredEvent& event) {
  bool asked = reader_ == nullptr;
  while (event.position > last_ + 1) {
    const auto gap = gaps_.find(last_ + 1);
    if (gap == gaps_.end()) {
      if (asked) {
        return Refusal(event, "position " + std::to_string(last_ + 1) +
                                  " is expected, and no tombstone says that it was removed");
      }
      auto gaps = ReadGaps(*reader_);
      if (!gaps) return std::move(gaps).error();
      gaps_ = *std::move(gaps);
      asked = true;
      continue;
    }
    if (gap->second.before != hash_) {
      return Refusal(event, "the tombstone of the positions " + std::to_string(last_ + 1) + " to " +
                                std::to_string(gap->second.last) +
                                " does not follow the event before them");
    }
    absent_ += gap->second.last - last_;
    last_ = gap->second.last;
    hash_ = gap->second.after;
  }
  return {};
}

Result<void> ChainCheck::Add(const StoredEvent& event) {
  if (auto crossed = Cross(event); !crossed) return crossed;
  if (event.position != last_ + 1) {
    return Refusal(event, "position " + std::to_string(last_ + 1) + " is expected");
  }
  const auto known = sequences_.find(event.run);
  const bool begun = known != sequences_.end();
  if (begun || from_beginning_) {
    const std::int64_t sequence = begun ? known->second + 1 : 1;
    if (event.sequence != sequence) {
      return Refusal(event, "it is number " + std::to_string(event.sequence) + " of its run, " +
                                std::to_string(sequence) + " is expected");
    }
  }
  if (const Digest hash = ChainHash(hash_, event); hash != event.hash) {
    return Refusal(event,
                   "its hash is " + ToHex(event.hash) + ", its content gives " + ToHex(hash));
  }
  last_ = event.position;
  hash_ = event.hash;
  sequences_[event.run] = event.sequence;
  return {};
}

}  // namespace recourse::journal

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

Result<void> ChainCheck::Add(const StoredEvent& event) {
  const auto refuse = [&](const std::string& finding) {
    return DataLoss("the event at position " + std::to_string(event.position) + " of run " +
                    event.run.ToString() + " does not follow those before it: " + finding);
  };
  if (event.position != last_ + 1) {
    return refuse("position " + std::to_string(last_ + 1) + " is expected");
  }
  const auto known = sequences_.find(event.run);
  const std::int64_t sequence = known == sequences_.end() ? 1 : known->second + 1;
  if (event.sequence != sequence) {
    return refuse("it is number " + std::to_string(event.sequence) + " of its run, " +
                  std::to_string(sequence) + " is expected");
  }
  if (ChainHash(hash_, event) != event.hash) {
    return refuse("its hash is " + ToHex(event.hash) + ", its content gives " +
                  ToHex(ChainHash(hash_, event)));
  }
  last_ = event.position;
  hash_ = event.hash;
  sequences_[event.run] = sequence;
  return {};
}

}  // namespace recourse::journal

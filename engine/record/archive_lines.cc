#include "engine/record/archive_lines.h"

#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse::record {

std::string EventLine(const journal::StoredEvent& event, const Digest& previous,
                      const TimelineEntry& entry) {
  return ToJson(Value::Object({{"kind", "event"},
                               {"position", event.position},
                               {"run", event.run.number},
                               {"sequence", event.sequence},
                               {"time", event.time.time_since_epoch().count()},
                               {"type", event.type},
                               {"principal", event.principal},
                               {"payload", Hex(event.payload)},
                               {"previous", ToHex(previous)},
                               {"hash", ToHex(event.hash)},
                               {"at", ToTimestamp(event.time)},
                               {"name", entry.type},
                               {"step", entry.step},
                               {"text", entry.text},
                               {"details", entry.details}})) +
         "\n";
}

std::optional<ArchivedEvent> ReadEventLine(const Value& line) {
  ArchivedEvent archived;
  journal::StoredEvent& event = archived.event;
  event.position = line.IntOr("position", 0);
  event.run = RunId{line.IntOr("run", 0)};
  event.sequence = line.IntOr("sequence", 0);
  event.time = Time(std::chrono::microseconds(line.IntOr("time", 0)));
  event.type = static_cast<int>(line.IntOr("type", 0));
  event.principal = line.StringOr("principal", "");
  auto payload = FromHex(line.StringOr("payload", "?"));
  const auto previous = DigestFromHex(line.StringOr("previous", ""));
  const auto hash = DigestFromHex(line.StringOr("hash", ""));
  const bool numbered = event.position > 0 && event.run.number > 0 && event.sequence > 0;
  if (!payload || !previous || !hash || !numbered) return std::nullopt;
  event.payload = *std::move(payload);
  event.hash = *hash;
  archived.previous = *previous;
  return archived;
}

}  // namespace recourse::record

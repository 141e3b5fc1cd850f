// The lines of an archive. Private to engine/record.
#pragma once

#include <string>

#include "engine/record/archive.h"

namespace recourse::record {

inline constexpr int kArchiveVersion = 1;

std::string EventLine(const journal::StoredEvent& event, const Digest& previous,
                      const TimelineEntry& entry);

struct ArchivedEvent {
  journal::StoredEvent event;
  Digest previous{};
};
// Nothing: the line is no event.
std::optional<ArchivedEvent> ReadEventLine(const Value& line);

}  // namespace recourse::record

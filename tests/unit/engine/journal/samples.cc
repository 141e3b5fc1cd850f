#include "tests/unit/engine/journal/samples.h"

namespace recourse::journal {

Time At(std::int64_t seconds) { return Time(std::chrono::seconds(1'790'000'000 + seconds)); }

RunChange ChangeOf(const Heads& heads, RunId run, int events, std::int64_t before) {
  RunChange change;
  for (int i = 1; i <= events; ++i) {
    StoredEvent event;
    event.position = heads.position + i;
    event.run = run;
    event.sequence = before + i;
    event.time = At(event.position);
    event.type = 10 + i;
    event.principal = "ada";
    event.payload = std::string("\x08\x00payload ", 10) + std::to_string(event.position);
    change.events.push_back(event);
  }
  change.row.run = run;
  change.row.workflow = "recovery";
  change.row.digest = std::string(64, 'd');
  change.row.target = "health";
  change.row.status = kStatusRunning;
  change.row.step = "restore";
  change.row.severity = "critical";
  change.row.requester = "ada";
  change.row.started = At(0);
  change.row.changed = change.events.back().time;
  change.row.revision = before + events;
  return change;
}

}  // namespace recourse::journal

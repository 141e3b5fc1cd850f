// Alerts as they are sent to the server: what Prometheus Alertmanager's webhook says, and what any
// other program says in the form of docs/alerts.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/error.h"

namespace recourse::server::alerts {

using Labels = std::map<std::string, std::string, std::less<>>;

struct Alert {
  std::string source;  // "alertmanager" or "alert": the hook to which it was sent
  std::string key;     // the same each time that it fires: Alertmanager's fingerprint
  bool firing = true;
  Labels labels;
  Labels annotations;
  Time started;               // since when it fires: another time is another alert
  std::optional<Time> ended;  // of one that is resolved, where that was said

  // How people call it: the label `alertname`, else its key. One line, not long.
  std::string Name() const;
  // The request_id of the run that it starts, and what those of all its runs begin with. Below one
  // prefix they are in the order of time.
  std::string RequestId() const;
  std::string RequestPrefix() const;

  bool operator==(const Alert&) const = default;
};

// What one message says.
struct Delivery {
  std::vector<Alert> alerts;
  std::int64_t truncated = 0;  // alerts of the group that the sender has left out
  std::string group;           // Alertmanager's key of the group; empty: none
};

inline constexpr std::size_t kAlertsMax = 10'000;  // of one message

// The body of Alertmanager's webhook, version "4".
// kInvalidArgument: it is none; the message names the member: "alerts[2].startsAt: ...".
Result<Delivery> ParseAlertmanager(std::string_view body);

// One alert of docs/alerts.md's own form, or a list of them. Errors as above; a member that is not
// known is one.
Result<Delivery> ParseAlerts(std::string_view body);

// RFC 3339, as messages have it.
std::string TextOf(Time time);

// `text` for a line that people read: without control characters, and cut when it is long.
std::string OneLine(std::string_view text, std::size_t bytes_max = 200);

}  // namespace recourse::server::alerts

// Who is told of what: the channels, and which notifications go to which.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/expression/expression.h"
#include "engine/journal/journal.h"
#include "engine/machine/decide.h"

namespace recourse::notify {

struct ChannelSettings {
  enum class Kind { kSlack, kMattermost, kMail, kWebhook, kPagerDuty };
  std::string name;  // of lower-case letters, digits and hyphens
  Kind kind = Kind::kWebhook;
  std::string url;  // of a webhook, and of PagerDuty where it is not the usual one
  // The name of a secret: the URL (Slack, Mattermost), the key that signs (webhook), the routing
  // key (PagerDuty), the password (mail).
  std::string secret;
  std::string server;  // of mail: "smtp://mail.example.net:587", "smtps://..."
  bool starttls = false;
  std::string user;
  std::string from;
  std::vector<std::string> to;
  std::string ca_file;  // the authorities to believe; empty: the system's
  // How it says one, of `event`, `text` and `run`; none: as the engine does.
  std::optional<expression::Template> text;
  std::string written;    // how it stands in the file: what has not changed is the same text
  int digest_after = 20;  // more than so many that wait are told as one; 0: never
};

// "slack", "mattermost", "mail", "webhook" or "pagerduty".
std::string NameOf(ChannelSettings::Kind kind);

// Those for which every condition holds; an empty one always does.
struct Route {
  std::vector<std::string> to;  // channels
  std::vector<std::string> severities;
  std::vector<std::string> events;  // empty: all but run_succeeded
  std::vector<std::string> targets;
  std::vector<std::string> workflows;
};

struct Settings {
  std::vector<ChannelSettings> channels;
  std::vector<Route> routes;

  // The channels that are told, each once, in the order of `channels`.
  std::vector<std::string> ChannelsFor(const machine::Notify& notify,
                                       const journal::RunRow& run) const;
};

// kInvalidArgument: every mistake, a line each, as "file:line:column: message".
Result<Settings> ParseSettings(std::string_view text, std::string_view file);

// What stands in `file`, or, when that is empty, in <data>/notifications.yaml if it exists; else no
// channels. The system's error, or as ParseSettings.
Result<Settings> FindSettings(const std::string& data, const std::string& file);

// The variables that a channel's `text` sees, for a run.
Value VariablesOf(const std::string& event, const std::string& text, const journal::RunRow& run);

}  // namespace recourse::notify

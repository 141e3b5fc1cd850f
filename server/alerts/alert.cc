#include "server/alerts/alert.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse::server::alerts {
namespace {

constexpr std::size_t kKeyMax = 64;

Error Wrong(const std::string& where, std::string_view expected) {
  return InvalidArgument(where + ": expected " + std::string(expected));
}

std::string Below(const std::string& where, std::string_view member) {
  return where.empty() ? std::string(member) : where + "." + std::string(member);
}

Result<std::string> TextAt(const Value& from, std::string_view member, const std::string& where) {
  const Value& value = from[member];
  if (value.is_string()) return value.as_string();
  return Wrong(Below(where, member), "a text");
}

Result<Labels> LabelsAt(const Value& from, std::string_view member, const std::string& where) {
  const Value& map = from[member];
  if (!map.is_map()) return Wrong(Below(where, member), "a map of texts");
  Labels labels;
  for (const auto& [name, value] : map.as_map()) {
    const std::string place = Below(where, member) + "." + OneLine(name.as_string(), kKeyMax);
    if (!value.is_string()) return Wrong(place, "a text");
    labels.emplace(name.as_string(), value.as_string());
  }
  return labels;
}

Result<Time> TimeAt(const Value& from, std::string_view member, const std::string& where) {
  auto text = TextAt(from, member, where);
  if (!text) return std::move(text).error();
  auto time = ParseTimestamp(*text);
  if (!time) return Wrong(Below(where, member), "a time such as 2026-11-26T03:04:05Z");
  return FromTimestamp(*time);
}

// It stands in request ids, between two "/".
Result<std::string> KeyAt(const Value& from, std::string_view member, const std::string& where) {
  auto key = TextAt(from, member, where);
  if (!key) return key;
  const bool plain = std::all_of(key->begin(), key->end(),
                                 [](unsigned char c) { return c >= 0x20 && c < 0x7f && c != '/'; });
  if (!key->empty() && key->size() <= kKeyMax && plain) return key;
  return Wrong(Below(where, member), "1 to " + std::to_string(kKeyMax) +
                                         " characters of ASCII that can be printed, without \"/\"");
}

struct Words {
  std::string_view source, key, started, ended;
  bool annotations_needed = false;
};
constexpr Words kAlertmanager = {"alertmanager", "fingerprint", "startsAt", "endsAt", true};
constexpr Words kOwn = {"alert", "key", "started", "ended", false};

Result<Alert> ReadAlert(const Value& from, const Words& words, const std::string& where) {
  if (!from.is_map()) return Wrong(where, "an object");
  Alert alert;
  alert.source = words.source;
  auto status = TextAt(from, "status", where);
  if (!status) return std::move(status).error();
  if (*status != "firing" && *status != "resolved") {
    return Wrong(Below(where, "status"), "firing or resolved");
  }
  alert.firing = *status == "firing";
  auto key = KeyAt(from, words.key, where);
  if (!key) return std::move(key).error();
  alert.key = *std::move(key);
  auto labels = LabelsAt(from, "labels", where);
  if (!labels) return std::move(labels).error();
  alert.labels = *std::move(labels);
  if (words.annotations_needed || !from["annotations"].is_null()) {
    auto annotations = LabelsAt(from, "annotations", where);
    if (!annotations) return std::move(annotations).error();
    alert.annotations = *std::move(annotations);
  }
  auto started = TimeAt(from, words.started, where);
  if (!started) return std::move(started).error();
  alert.started = *started;
  if (alert.firing || from[words.ended].is_null()) return alert;
  auto ended = TimeAt(from, words.ended, where);
  if (!ended) return std::move(ended).error();
  // The year 1 is how Alertmanager says that it does not know.
  if (*ended >= alert.started) alert.ended = *ended;
  return alert;
}

Result<std::vector<Alert>> ReadAlerts(const Value& list, const Words& words,
                                      const std::string& where) {
  if (list.as_list().size() > kAlertsMax) {
    return Wrong(where.empty() ? "the list" : where,
                 "at most " + std::to_string(kAlertsMax) + " alerts");
  }
  std::vector<Alert> alerts;
  for (const Value& one : list.as_list()) {
    auto alert = ReadAlert(one, words, where + "[" + std::to_string(alerts.size()) + "]");
    if (!alert) return std::move(alert).error();
    alerts.push_back(*std::move(alert));
  }
  return alerts;
}

// A slip such as "label" would change which rule fits.
Result<void> RefuseUnknown(const Value& from, const std::string& where) {
  constexpr std::array<std::string_view, 6> kKnown = {"key",         "status",  "labels",
                                                      "annotations", "started", "ended"};
  if (!from.is_map()) return {};
  for (const auto& [name, value] : from.as_map()) {
    const std::string& member = name.as_string();
    if (std::find(kKnown.begin(), kKnown.end(), member) != kKnown.end()) continue;
    const std::string nearest = Nearest(member, kKnown);
    return InvalidArgument(Below(where, OneLine(member, kKeyMax)) + ": is not known" +
                           (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?"));
  }
  return {};
}

}  // namespace

std::string TextOf(Time time) { return FormatTimestamp(ToTimestamp(time)); }

std::string OneLine(std::string_view text, std::size_t bytes_max) {
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (line.size() >= bytes_max && (byte & 0xc0) != 0x80) return line + "...";
    line += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
  return line;
}

std::string Alert::Name() const {
  const auto name = labels.find("alertname");
  return OneLine(name == labels.end() || name->second.empty() ? key : name->second, 100);
}

std::string Alert::RequestPrefix() const { return source + "/" + key + "/"; }

std::string Alert::RequestId() const {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(started);
  std::string text = TextOf(seconds);
  text.pop_back();
  char fraction[16];
  std::snprintf(fraction, sizeof(fraction), ".%06dZ",
                static_cast<int>((started - seconds).count()));
  return RequestPrefix() + text + fraction;
}

Result<Delivery> ParseAlertmanager(std::string_view body) {
  auto root = ParseJson(body);
  if (!root) return std::move(root).error().In("the body");
  if (!root->is_map()) return Wrong("the body", "an object");
  auto version = TextAt(*root, "version", "");
  if (!version) return std::move(version).error();
  if (*version != "4") return Wrong("version", "\"4\", which is the one that is understood");
  if (!(*root)["alerts"].is_list()) return Wrong("alerts", "a list");
  auto alerts = ReadAlerts((*root)["alerts"], kAlertmanager, "alerts");
  if (!alerts) return std::move(alerts).error();
  const Value& truncated = (*root)["truncatedAlerts"];
  const std::int64_t count = root->IntOr("truncatedAlerts", -1);
  if (!truncated.is_null() && count < 0) return Wrong("truncatedAlerts", "a count");
  return Delivery{*std::move(alerts), std::max<std::int64_t>(count, 0),
                  root->StringOr("groupKey", "")};
}

Result<Delivery> ParseAlerts(std::string_view body) {
  auto root = ParseJson(body);
  if (!root) return std::move(root).error().In("the body");
  if (!root->is_list() && !root->is_map()) return Wrong("the body", "an object, or a list of them");
  const Value list = root->is_list() ? *root : Value(Value::List{*root});
  for (std::size_t i = 0; i < list.as_list().size(); ++i) {
    if (auto known = RefuseUnknown(list.as_list()[i], "[" + std::to_string(i) + "]"); !known) {
      return std::move(known).error();
    }
  }
  auto alerts = ReadAlerts(list, kOwn, "");
  if (!alerts) return std::move(alerts).error();
  return Delivery{*std::move(alerts), 0, ""};
}

}  // namespace recourse::server::alerts

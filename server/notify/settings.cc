#include "server/notify/settings.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/base/file.h"
#include "engine/machine/state.h"
#include "engine/settings/yaml_reader.h"

namespace recourse::notify {
namespace {

using Kind = ChannelSettings::Kind;

const std::map<std::string, Kind, std::less<>> kKinds = {{"slack", Kind::kSlack},
                                                         {"mattermost", Kind::kMattermost},
                                                         {"mail", Kind::kMail},
                                                         {"webhook", Kind::kWebhook},
                                                         {"pagerduty", Kind::kPagerDuty}};
constexpr const char* kSeverities[] = {"critical", "high", "medium", "low"};
constexpr int kDigestMax = 10'000;
constexpr std::int64_t kFileMax = 1024 * 1024;

bool IsChannelName(std::string_view name) {
  return !name.empty() && name.size() <= 40 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool StandsIn(const std::vector<std::string>& list, std::string_view one) {
  return std::find(list.begin(), list.end(), one) != list.end();
}

class File {
 public:
  explicit File(std::string_view name) : reader_(name, "the file of notifications") {}

  Result<Settings> Read(std::string_view text) {
    auto read = reader_.Read(text, [this](const YAML::Node& root) {
      reader_.Map(
          root, "",
          {{"channels", [this](const auto& name, const auto& node) { ReadChannels(name, node); }},
           {"routes", [this](const auto&, const auto& node) { routes_ = node; }}});
      if (routes_) ReadRoutes("routes", *routes_);  // which name channels, wherever those stand
    });
    if (!read) return std::move(read).error();
    return std::move(settings_);
  }

 private:
  void ReadChannels(const std::string& name, const YAML::Node& node) {
    reader_.Each(name, node, [&](const YAML::Node& item) {
      const std::string here = name + "[" + std::to_string(settings_.channels.size()) + "]";
      settings_.channels.push_back(ReadChannel(here, item));
      const std::string& channel = settings_.channels.back().name;
      if (!channel.empty() && !names_.insert(channel).second) {
        reader_.Report(item.Mark(), here + ": there are two channels \"" + channel + "\"");
      }
    });
  }

  ChannelSettings ReadChannel(const std::string& here, const YAML::Node& item) {
    ChannelSettings channel;
    channel.written = YAML::Dump(item);
    std::string kind;
    std::string url_secret, signing_secret, routing_key, password;
    reader_.Map(
        item, here,
        {{"name", reader_.Text(channel.name)},
         {"kind", reader_.Text(kind)},
         {"url", reader_.Text(channel.url)},
         {"url_secret", reader_.Text(url_secret)},
         {"signing_secret", reader_.Text(signing_secret)},
         {"routing_key", reader_.Text(routing_key)},
         {"password", reader_.Text(password)},
         {"server", reader_.Text(channel.server)},
         {"starttls", reader_.Flag(channel.starttls)},
         {"user", reader_.Text(channel.user)},
         {"from", reader_.Text(channel.from)},
         {"to", reader_.Texts(channel.to)},
         {"ca_file", reader_.Path(channel.ca_file)},
         {"text", [&](const auto& name, const auto& node) { ReadText(name, node, channel); }},
         {"digest_after",
          [&](const auto& name, const auto& node) { ReadDigest(name, node, channel); }}});
    if (!IsChannelName(channel.name)) {
      reader_.Report(item.Mark(), here +
                                      ": a channel needs a name, of lower-case letters, digits and "
                                      "hyphens, at most 40");
    }
    const auto known = kKinds.find(kind);
    if (known == kKinds.end()) {
      reader_.Report(item.Mark(), here +
                                      ": kind: expected one of mail, mattermost, pagerduty, slack, "
                                      "webhook, found \"" +
                                      kind + "\"");
      return channel;
    }
    channel.kind = known->second;
    CheckKeys(here, item, kind, channel, {url_secret, signing_secret, routing_key, password});
    return channel;
  }

  struct Secrets {
    std::string url, signing, routing, password;
  };

  // Each kind has keys of its own, and needs some of them.
  void CheckKeys(const std::string& here, const YAML::Node& item, const std::string& kind,
                 ChannelSettings& channel, const Secrets& secrets) {
    static const std::map<Kind, std::set<std::string>> kOwn = {
        {Kind::kSlack, {"url_secret"}},
        {Kind::kMattermost, {"url_secret"}},
        {Kind::kMail, {"server", "starttls", "user", "password", "from", "to"}},
        {Kind::kWebhook, {"url", "signing_secret"}},
        {Kind::kPagerDuty, {"url", "routing_key"}}};
    static const std::map<Kind, std::set<std::string>> kNeeded = {
        {Kind::kSlack, {"url_secret"}},
        {Kind::kMattermost, {"url_secret"}},
        {Kind::kMail, {"server", "from", "to"}},
        {Kind::kWebhook, {"url", "signing_secret"}},
        {Kind::kPagerDuty, {"routing_key"}}};
    static const std::set<std::string> kAll = {"name", "kind", "ca_file", "text", "digest_after"};
    for (const auto& member : item) {
      const std::string key = member.first.as<std::string>("");
      const bool other = std::any_of(kOwn.begin(), kOwn.end(),
                                     [&](const auto& of) { return of.second.contains(key); });
      if (other && !kAll.contains(key) && !kOwn.at(channel.kind).contains(key)) {
        reader_.Report(member.first.Mark(),
                       here + ": a channel of the kind " + kind + " has no " + key);
      }
    }
    for (const std::string& key : kNeeded.at(channel.kind)) {
      if (!item[key])
        reader_.Report(item.Mark(), here + ": a channel of the kind " + kind + " needs " + key);
    }
    for (const std::string& url : {channel.url, channel.server}) {
      const bool mail = channel.kind == Kind::kMail;
      const bool fits = url.empty() || url.starts_with(mail ? "smtp://" : "http://") ||
                        url.starts_with(mail ? "smtps://" : "https://");
      if (!fits) {
        reader_.Report(item.Mark(), here + ": \"" + url + "\" is no " +
                                        (mail ? "smtp:// or smtps://" : "http:// or https://") +
                                        " URL");
      }
    }
    channel.secret = secrets.url + secrets.signing + secrets.routing + secrets.password;
    if (!channel.user.empty() && secrets.password.empty()) {
      reader_.Report(item.Mark(), here + ": user needs password, the name of a secret");
    }
  }

  void ReadText(const std::string& name, const YAML::Node& node, ChannelSettings& channel) {
    const std::string text = reader_.Scalar(name, node);
    if (text.empty()) return;
    auto parsed = expression::Template::Parse(Value(text));
    if (!parsed) return reader_.Report(node.Mark(), name + ": " + parsed.error().message);
    // What it names is found out here, and not in the middle of an incident.
    const expression::MapScope sample(VariablesOf("needs_attention", "text", {}).as_map());
    if (auto tried = parsed->Evaluate(sample); !tried) {
      return reader_.Report(node.Mark(), name + ": " + tried.error().message);
    }
    channel.text = *std::move(parsed);
  }

  void ReadDigest(const std::string& name, const YAML::Node& node, ChannelSettings& channel) {
    const std::string text = reader_.Scalar(name, node);
    int number = -1;
    try {
      number = std::stoi(text);
    } catch (const std::exception&) {
    }
    if (number < 0 || number > kDigestMax || std::to_string(number) != text) {
      return reader_.Report(node.Mark(),
                            name + ": expected a number of 0 to 10000, found \"" + text + "\"");
    }
    channel.digest_after = number;
  }

  void ReadRoutes(const std::string& name, const YAML::Node& node) {
    reader_.Each(name, node, [&](const YAML::Node& item) {
      const std::string here = name + "[" + std::to_string(settings_.routes.size()) + "]";
      Route route;
      reader_.Map(item, here,
                  {{"to", reader_.Texts(route.to)},
                   {"severities", reader_.Texts(route.severities)},
                   {"events", reader_.Texts(route.events)},
                   {"targets", reader_.Texts(route.targets)},
                   {"workflows", reader_.Texts(route.workflows)}});
      if (route.to.empty())
        reader_.Report(item.Mark(), here + ": a route needs \"to\", a list of channels");
      CheckWords(here + ".to", item, route.to, {names_.begin(), names_.end()}, "channel");
      CheckWords(here + ".severities", item, route.severities,
                 {std::begin(kSeverities), std::end(kSeverities)}, "severity");
      CheckWords(here + ".events", item, route.events,
                 {std::begin(machine::kNotifications), std::end(machine::kNotifications)}, "event");
      settings_.routes.push_back(std::move(route));
    });
  }

  void CheckWords(const std::string& name, const YAML::Node& item,
                  const std::vector<std::string>& words, const std::vector<std::string>& known,
                  const std::string& what) {
    for (const std::string& word : words) {
      if (word.empty() || StandsIn(known, word)) continue;
      std::string all;
      for (const std::string& one : known) all += (all.empty() ? "" : ", ") + one;
      reader_.Report(item.Mark(), name + ": there is no " + what + " \"" + word +
                                      "\"; known are: " + (all.empty() ? "none" : all));
    }
  }

  YamlReader reader_;
  Settings settings_;
  std::set<std::string> names_;
  std::optional<YAML::Node> routes_;
};

}  // namespace

std::string NameOf(ChannelSettings::Kind kind) {
  for (const auto& [name, known] : kKinds) {
    if (known == kind) return name;
  }
  return "";
}

Result<Settings> ParseSettings(std::string_view text, std::string_view file) {
  return File(file).Read(text);
}

Result<Settings> FindSettings(const std::string& data, const std::string& file) {
  const std::string path = file.empty() ? data + "/notifications.yaml" : file;
  auto text = ReadFile(path, kFileMax);
  if (!text) {
    if (file.empty() && text.error().code == Code::kNotFound) return Settings();
    return std::move(text).error().In("the file of notifications");
  }
  return ParseSettings(*text, path);
}

std::vector<std::string> Settings::ChannelsFor(const machine::Notify& notify,
                                               const journal::RunRow& run) const {
  const auto fits = [](const std::vector<std::string>& list, const std::string& one) {
    return list.empty() || StandsIn(list, one);
  };
  std::set<std::string> told;
  for (const Route& route : routes) {
    const bool event = route.events.empty() ? notify.event != "run_succeeded"
                                            : StandsIn(route.events, notify.event);
    if (event && fits(route.severities, run.severity) && fits(route.targets, run.target) &&
        fits(route.workflows, run.workflow)) {
      told.insert(route.to.begin(), route.to.end());
    }
  }
  std::vector<std::string> names;
  for (const ChannelSettings& channel : channels) {
    if (told.contains(channel.name)) names.push_back(channel.name);
  }
  return names;
}

Value VariablesOf(const std::string& event, const std::string& text, const journal::RunRow& run) {
  const auto status = static_cast<machine::RunStatus>(run.status);
  return Value::Object(
      {{"event", event},
       {"text", text},
       {"run",
        Value::Object({{"id", run.run.ToString()},
                       {"workflow", run.workflow},
                       {"target", run.target},
                       {"severity", run.severity},
                       {"status", std::string(run.status == 0 ? "" : machine::ToString(status))},
                       {"step", run.step},
                       {"requester", run.requester},
                       {"waits_for", run.waits_for},
                       {"error", run.error_message}})}});
}

}  // namespace recourse::notify

#include "client/chatops/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

namespace recourse::chatops {
namespace {

// An unquoted # behind a colon begins a comment, and takes the name of a channel with it. A
// sentence for each, with its place.
std::string LostChannels(std::string_view text, std::string_view file) {
  std::string lost;
  int line = 1;
  for (std::size_t begin = 0; begin < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view one = text.substr(begin, end - begin);
    const auto key = one.find("channel:");
    const auto value = key == one.npos ? one.npos : one.find_first_not_of(" \t", key + 8);
    const bool comment = one.find_first_not_of(" \t") == one.find('#');
    if (value != one.npos && one[value] == '#' && !comment) {
      const std::string_view name = one.substr(value, one.find_first_of(" ,}\t", value) - value);
      lost +=
          "\n" + std::string(file) + ":" + std::to_string(line) + ":" + std::to_string(value + 1) +
          ": channel: an unquoted # begins a comment; write channel: \"" + std::string(name) + "\"";
    }
    begin = end + 1;
  }
  return lost;
}

bool Has(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

class BotConfigParser {
 public:
  BotConfigParser(YamlReader& reader, const SurfaceReaders& surfaces,
                  const WrongChannel& wrong_channel)
      : reader_(reader), surfaces_(surfaces), wrong_channel_(wrong_channel) {}

  void Read(const YAML::Node& root) {
    reader_.Map(root, "",
                {{"server", Own(&BotConfigParser::Server)},
                 {"surfaces", Own(&BotConfigParser::Surfaces)},
                 {"routes", Own(&BotConfigParser::Routes)}});
    if (!root.IsMap()) return;
    for (const std::string& surface : configured_) {
      const bool used = std::any_of(config.routes.begin(), config.routes.end(),
                                    [&](const Route& route) { return route.surface == surface; });
      if (used) continue;
      reader_.Report(root["surfaces"].Mark(),
                     "surfaces." + surface +
                         ": no route goes there, so that "
                         "nobody would be told anything; add one to routes");
    }
    if (!root["surfaces"])
      reader_.Report(root.Mark(), "surfaces: must be there, or nobody could speak");
  }

  Config config;

 private:
  using Reader = void (BotConfigParser::*)(const std::string& name, const YAML::Node& node);
  YamlReader::Reader Own(Reader read) {
    return [this, read](const auto& name, const auto& node) { (this->*read)(name, node); };
  }

  void Server(const std::string& name, const YAML::Node& node) {
    client::Options& server = config.server;
    reader_.Map(node, name,
                {{"data", reader_.Path(server.data)},
                 {"address", reader_.Text(server.address)},
                 {"token_file", reader_.Path(server.token_file)},
                 {"tls_ca", reader_.Text(server.tls_ca)},
                 {"tls_cert", reader_.Path(server.tls_cert)},
                 {"tls_key", reader_.Path(server.tls_key)},
                 {"insecure", reader_.Flag(server.insecure)}});
    if (server.token_file.empty() && server.tls_cert.empty()) {
      reader_.Report(node.Mark(),
                     name + ": token_file must be there: the token of the bot's principal");
    }
  }

  void Surfaces(const std::string& name, const YAML::Node& node) {
    reader_.Map(node, name, surfaces_);
    if (!node.IsMap()) return;
    for (const auto& entry : node) configured_.push_back(entry.first.Scalar());
    if (configured_.empty()) reader_.Report(node.Mark(), name + ": has none");
  }

  void Routes(const std::string& name, const YAML::Node& node) {
    reader_.Each(name, node, [&](const YAML::Node& item) {
      Route route;
      const std::string own = name + "[" + std::to_string(config.routes.size()) + "]";
      reader_.Map(item, own,
                  {{"surface", reader_.Text(route.surface)},
                   {"channel", reader_.Text(route.channel)},
                   {"targets", reader_.Texts(route.targets)},
                   {"severities", reader_.Texts(route.severities)},
                   {"workflows", reader_.Texts(route.workflows)}});
      if (route.surface.empty() || route.channel.empty()) {
        reader_.Report(item.Mark(), own + ": a route needs surface and channel");
      } else if (!surfaces_.contains(route.surface)) {
        reader_.Report(item.Mark(), own + ": there is no surface \"" + route.surface + "\"");
      } else if (const std::string wrong = wrong_channel_(route.surface, route.channel);
                 !wrong.empty()) {
        reader_.Report(item["channel"].Mark(), own + ".channel: " + wrong);
      }
      for (std::size_t i = 0; i < config.routes.size(); ++i) {
        const Route& before = config.routes[i];
        if (before.surface != route.surface || route.surface.empty() || !before.Covers(route))
          continue;
        reader_.Report(item.Mark(), own + ": counts for no run, because routes[" +
                                        std::to_string(i) + "] before it fits all of them");
        break;
      }
      for (const std::string& severity : route.severities) {
        if (Has({"critical", "high", "medium", "low"}, severity)) continue;
        reader_.Report(item.Mark(), own + ": \"" + severity +
                                        "\" is no severity; there are critical, "
                                        "high, medium and low");
      }
      config.routes.push_back(std::move(route));
    });
  }

  YamlReader& reader_;
  const SurfaceReaders& surfaces_;
  const WrongChannel& wrong_channel_;
  std::vector<std::string> configured_;
};

}  // namespace

bool Route::Fits(const v1::Run& run) const {
  return Has(targets, run.target()) && Has(severities, run.severity()) &&
         Has(workflows, run.workflow());
}

const Route* Config::RouteOf(const std::string& surface, const v1::Run& run) const {
  const auto found = std::find_if(routes.begin(), routes.end(), [&](const Route& route) {
    return route.surface == surface && route.Fits(run);
  });
  return found == routes.end() ? nullptr : &*found;
}

bool Route::Covers(const Route& other) const {
  const auto wider = [](const std::vector<std::string>& all, const std::vector<std::string>& some) {
    return all.empty() ||
           (!some.empty() && std::all_of(some.begin(), some.end(),
                                         [&](const std::string& one) { return Has(all, one); }));
  };
  return wider(targets, other.targets) && wider(severities, other.severities) &&
         wider(workflows, other.workflows);
}

Result<Config> ParseConfig(std::string_view text, YamlReader& reader,
                           const SurfaceReaders& surfaces, const WrongChannel& wrong_channel) {
  BotConfigParser parser(reader, surfaces, wrong_channel);
  auto read = reader.Read(text, [&](const YAML::Node& root) { parser.Read(root); });
  if (!read) {
    Error error = std::move(read).error();
    error.message += LostChannels(text, reader.file());
    return error;
  }
  return std::move(parser.config);
}

}  // namespace recourse::chatops

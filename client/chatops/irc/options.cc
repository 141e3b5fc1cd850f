#include <yaml-cpp/yaml.h>

#include "client/chatops/irc/irc.h"
#include "engine/base/text.h"

namespace recourse::chatops::irc {
namespace {

using namespace std::chrono_literals;

// Less would keep the bot awake for nothing, more make people wait who ask it.
constexpr auto kIntervalMin = 10ms;
constexpr auto kIntervalMax = 10s;

void ReadInterval(YamlReader& reader, const std::string& name, const YAML::Node& node,
                  std::chrono::milliseconds& into) {
  std::string text;
  reader.Text(text)(name, node);
  const auto interval = ParseDuration(text);
  if (!interval || *interval < kIntervalMin || *interval > kIntervalMax) {
    return reader.Report(node.Mark(),
                         name + ": \"" + text + "\" is no time from 10ms to 10s, such as 500ms");
  }
  into = std::chrono::duration_cast<std::chrono::milliseconds>(*interval);
}

}  // namespace

YamlReader::Reader ReadOptions(YamlReader& reader, Options& into) {
  return [&reader, &into](const std::string& name, const YAML::Node& node) {
    std::string server;
    reader.Map(node, name,
               {{"network", reader.Text(into.network)},
                {"server", reader.Text(server)},
                {"tls", reader.Flag(into.server.tls)},
                {"ca_file", reader.Path(into.server.ca_file)},
                {"nick", reader.Text(into.identity.nick)},
                {"password_file", reader.Path(into.password_file)},
                {"sasl_user", reader.Text(into.identity.sasl_user)},
                {"channels", reader.Texts(into.channels)},
                {"line_interval", [&](const std::string& member, const YAML::Node& time) {
                   ReadInterval(reader, member, time, into.interval);
                 }}});
    if (!node.IsMap()) return;
    const auto colon = server.rfind(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == server.size()) {
      reader.Report(node.Mark(), name + ".server: expected HOST:PORT");
    } else {
      into.server.host = server.substr(0, colon);
      into.server.port = server.substr(colon + 1);
    }
    const auto word = [&](const char* member, const std::string& text) {
      if (!IsWord(text)) reader.Report(node.Mark(), name + "." + member + ": must be one word");
    };
    word("network", into.network);
    word("nick", into.identity.nick);
    if (!into.identity.sasl_user.empty()) word("sasl_user", into.identity.sasl_user);
    for (const std::string& channel : into.channels) word("channels", channel);
  };
}

}  // namespace recourse::chatops::irc

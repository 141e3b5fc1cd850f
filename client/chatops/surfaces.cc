#include "client/chatops/surfaces.h"

#include <sys/stat.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>

#include "client/chatops/mattermost/mattermost.h"
#include "client/chatops/prove.h"
#include "client/chatops/slack/slack.h"
#include "engine/base/file.h"
#include "engine/base/token.h"

namespace recourse::chatops {
namespace {

constexpr std::int64_t kSecretMax = 4096;

YamlReader::Reader ReadSlack(YamlReader& reader, SlackSettings& into) {
  return [&reader, &into](const std::string& name, const YAML::Node& node) {
    reader.Map(node, name,
               {{"bot_token_file", reader.Path(into.bot_token_file)},
                {"app_token_file", reader.Path(into.app_token_file)},
                {"listen", reader.Text(into.listen)},
                {"signing_secret_files", reader.Paths(into.signing_secret_files)},
                {"command", reader.Text(into.command)},
                {"api", reader.Text(into.api)},
                {"ca_file", reader.Path(into.ca_file)}});
    if (into.bot_token_file.empty())
      reader.Report(node.Mark(), name + ": bot_token_file must be there");
    if (into.listen.empty() == into.app_token_file.empty()) {
      reader.Report(node.Mark(), name +
                                     ": one of app_token_file (Socket Mode) and listen (HTTP) must "
                                     "be there");
    }
    if (!into.listen.empty() && into.signing_secret_files.empty()) {
      reader.Report(node.Mark(), name + ": listen needs signing_secret_files");
    }
  };
}

YamlReader::Reader ReadMattermost(YamlReader& reader, MattermostSettings& into) {
  return [&reader, &into](const std::string& name, const YAML::Node& node) {
    reader.Map(node, name,
               {{"url", reader.Text(into.url)},
                {"token_file", reader.Path(into.token_file)},
                {"listen", reader.Text(into.listen)},
                {"public_url", reader.Text(into.public_url)},
                {"command_token_files", reader.Paths(into.command_token_files)},
                {"button_key_file", reader.Path(into.button_key_file)},
                {"command", reader.Text(into.command)},
                {"ca_file", reader.Path(into.ca_file)}});
    for (const auto& [member, text] :
         {std::pair("url", &into.url), std::pair("token_file", &into.token_file),
          std::pair("listen", &into.listen), std::pair("public_url", &into.public_url),
          std::pair("button_key_file", &into.button_key_file)}) {
      if (text->empty()) reader.Report(node.Mark(), name + ": " + member + " must be there");
    }
    if (into.command_token_files.empty()) {
      reader.Report(node.Mark(), name + ": command_token_files must be there");
    }
  };
}

// Reads the section of a surface, if there is one.
template <class Section>
YamlReader::Reader Into(YamlReader& reader, std::optional<Section>& into,
                        YamlReader::Reader (*read)(YamlReader&, Section&)) {
  return [&reader, &into, read](const std::string& name, const YAML::Node& node) {
    read(reader, into.emplace())(name, node);
  };
}

std::string WrongChannelOf(const std::string& surface, const std::string& channel) {
  const auto all = [&](std::string_view known) {
    return channel.find_first_not_of(known) == std::string::npos;
  };
  if (surface == "irc" && (!irc::IsWord(channel) ||
                           std::string_view("#&+!").find(channel[0]) == std::string_view::npos)) {
    return "\"" + channel + "\" is no channel of IRC, such as \"#incidents\"";
  }
  if (surface == "slack" && (!all("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") ||
                             std::string_view("CGD").find(channel[0]) == std::string_view::npos)) {
    return "\"" + channel +
           "\" is no id of a channel in Slack, such as C024BE91L; names change, so they are not "
           "taken";
  }
  if (surface == "mattermost" &&
      (!all("abcdefghijklmnopqrstuvwxyz0123456789") || channel.size() != 26)) {
    return "\"" + channel +
           "\" is no id of a channel in Mattermost: 26 letters and digits, from its View Info";
  }
  return "";
}

// The bot is in the channels that it tells.
void JoinRoutes(const Config& config, irc::Options& irc) {
  for (const Route& route : config.routes) {
    const bool known =
        std::find(irc.channels.begin(), irc.channels.end(), route.channel) != irc.channels.end();
    if (route.surface == "irc" && !known) irc.channels.push_back(route.channel);
  }
}

// Reads a secret into a setting. Nothing where no file is named.
Result<void> ReadSecret(const std::string& path, std::string& into) {
  if (path.empty()) return {};
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) return ErrnoError(errno, path);
  if ((status.st_mode & 077) != 0) {
    return FailedPrecondition(path +
                              " can be read by others than its owner; replace the secret in it, "
                              "then: chmod 600 " +
                              path);
  }
  auto text = ReadFile(path, kSecretMax);
  if (!text) return std::move(text).error();
  auto secret = TokenIn(*text);
  if (!secret) return std::move(secret).error().In(path);
  into = *std::move(secret);
  return {};
}

Result<void> ReadSecrets(const std::vector<std::string>& paths, std::vector<std::string>& into) {
  for (const std::string& path : paths) {
    if (auto read = ReadSecret(path, into.emplace_back()); !read) return read;
  }
  return {};
}

Result<std::unique_ptr<Surface>> MakeSlack(const SlackSettings& settings, const Report& report) {
  SlackOptions options;
  if (auto read = ReadSecret(settings.bot_token_file, options.bot_token); !read)
    return read.error();
  if (auto read = ReadSecret(settings.app_token_file, options.app_token); !read)
    return read.error();
  if (auto read = ReadSecrets(settings.signing_secret_files, options.signing_secrets); !read) {
    return read.error();
  }
  options.listen = settings.listen;
  if (!settings.command.empty()) options.command = settings.command;
  if (!settings.api.empty()) options.api = settings.api;
  options.ca_file = settings.ca_file;
  options.report = report;
  return NewSlack(std::move(options));
}

Result<std::unique_ptr<Surface>> MakeMattermost(const MattermostSettings& settings,
                                                const Report& report) {
  MattermostOptions options;
  if (auto read = ReadSecret(settings.token_file, options.token); !read) return read.error();
  if (auto read = ReadSecret(settings.button_key_file, options.button_key); !read)
    return read.error();
  if (auto read = ReadSecrets(settings.command_token_files, options.command_tokens); !read) {
    return read.error();
  }
  options.url = settings.url;
  options.listen = settings.listen;
  options.public_url = settings.public_url;
  if (!settings.command.empty()) options.command = settings.command;
  options.ca_file = settings.ca_file;
  options.report = report;
  return NewMattermost(std::move(options));
}

Result<std::unique_ptr<Surface>> MakeIrc(irc::Options options, const client::Connection& server,
                                         const Report& report) {
  if (auto read = ReadSecret(options.password_file, options.identity.password); !read) {
    return read.error();
  }
  const std::string network = options.network;
  auto prove = [&server, network](const std::string& token) {
    return ProveByToken(server, "irc", network, token);
  };
  std::unique_ptr<Surface> made =
      std::make_unique<irc::IrcSurface>(std::move(options), std::move(prove), report);
  return made;
}

}  // namespace

Result<Settings> ParseSettings(std::string_view text, std::string_view file) {
  YamlReader reader(file, "the configuration");
  Settings settings;
  SurfaceSettings& surfaces = settings.surfaces;
  auto config = ParseConfig(text, reader,
                            {{"irc", Into(reader, surfaces.irc, irc::ReadOptions)},
                             {"slack", Into(reader, surfaces.slack, ReadSlack)},
                             {"mattermost", Into(reader, surfaces.mattermost, ReadMattermost)}},
                            WrongChannelOf);
  if (!config) return std::move(config).error();
  settings.config = *std::move(config);
  if (surfaces.irc) JoinRoutes(settings.config, *surfaces.irc);
  return settings;
}

Result<std::vector<std::unique_ptr<Surface>>> MakeSurfaces(const SurfaceSettings& settings,
                                                           const client::Connection& server,
                                                           const Report& report) {
  std::vector<std::unique_ptr<Surface>> surfaces;
  const auto add = [&](Result<std::unique_ptr<Surface>> made) -> Result<void> {
    if (!made) return std::move(made).error();
    surfaces.push_back(*std::move(made));
    return {};
  };
  if (settings.irc) {
    if (auto added = add(MakeIrc(*settings.irc, server, report)); !added) return added.error();
  }
  if (settings.slack) {
    if (auto added = add(MakeSlack(*settings.slack, report)); !added) return added.error();
  }
  if (settings.mattermost) {
    if (auto added = add(MakeMattermost(*settings.mattermost, report)); !added)
      return added.error();
  }
  return surfaces;
}

}  // namespace recourse::chatops

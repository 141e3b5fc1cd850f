// The bot's configuration.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "client/connection.h"
#include "engine/settings/yaml_reader.h"
#include "recourse/v1/run.pb.h"

namespace recourse::chatops {

// Which channel of a surface tells of which runs. Of the routes of a surface the first one that
// fits a run counts.
struct Route {
  std::string surface;  // "irc"
  std::string channel;
  std::vector<std::string> targets;     // empty: any, also none
  std::vector<std::string> severities;  // empty: any
  std::vector<std::string> workflows;   // empty: any

  bool Fits(const v1::Run& run) const;
  // Whether it fits every run that the other one fits.
  bool Covers(const Route& other) const;
};

struct Config {
  client::Options server;
  std::vector<Route> routes;

  // The channel of the surface that tells of the run; null: none does.
  const Route* RouteOf(const std::string& surface, const v1::Run& run) const;
};

// The surfaces that the program has, by their names, each with the reader of its own settings.
using SurfaceReaders = YamlReader::Members;

// What is wrong with a channel's name on a surface; empty: nothing.
using WrongChannel =
    std::function<std::string(const std::string& surface, const std::string& channel)>;

// kInvalidArgument: every mistake, a line each, as "file:line:column: message". What the readers of
// the surfaces read is read then too.
Result<Config> ParseConfig(std::string_view text, YamlReader& reader,
                           const SurfaceReaders& surfaces, const WrongChannel& wrong_channel);

}  // namespace recourse::chatops

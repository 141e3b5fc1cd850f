#include "client/cli/complaint.h"

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "engine/base/flag_meant.h"

namespace recourse::cli {
namespace {

void AddFlags(const CLI::App& app, std::vector<std::string>& flags) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
}

}  // namespace

std::string Complaint(const CLI::App* app, const CLI::Error& error) {
  std::string path = "recourse";
  std::vector<std::string> flags;
  AddFlags(*app, flags);
  while (!app->get_subcommands().empty()) {
    app = app->get_subcommands().front();
    path += " " + app->get_name();
    AddFlags(*app, flags);
  }
  std::string choices;
  for (const CLI::App* sub : app->get_subcommands([](const CLI::App*) { return true; })) {
    choices += (choices.empty() ? "" : ", ") + sub->get_name();
  }
  const std::string what = choices.empty() ? error.what() + FlagMeant(error.what(), flags)
                                           : "say what to do: " + choices;
  return "recourse: " + what + "; see: " + path + " --help\n";
}

}  // namespace recourse::cli

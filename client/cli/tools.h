// Groups of verbs, each of which adds what it has to the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "client/cli/call.h"

namespace recourse::cli {

// Adds a verb below a parent; `verb` is called when the command line names it.
using AddVerb = std::function<CLI::App*(CLI::App& parent, const char* name, const char* what,
                                        std::function<int()> verb)>;

// context list, show, add, use, remove. `common` is read when a verb is called.
void AddContextVerbs(CLI::App& app, const Common& common, const AddVerb& add);

// attention, ack, quarantine, resolve, override, adopt, withdraw, notifications.
void AddIncidentVerbs(CLI::App& app, const Common& common, const AddVerb& add);

// notifications list, retry, test.
void AddNotificationVerbs(CLI::App& app, const Common& common, const AddVerb& add);

// schedules list, show, pause, resume.
void AddScheduleVerbs(CLI::App& app, const Common& common, const AddVerb& add);

// tokens create, list, revoke; whoami.
void AddIdentityVerbs(CLI::App& app, const Common& common, const AddVerb& add);

// completion, man. `app` must outlive the verbs.
void AddShellVerbs(CLI::App& app, const std::string& version, const AddVerb& add);

}  // namespace recourse::cli

// The manual, from the same tables as the command line: what --help ends with, and the man pages.
#pragma once

#include <CLI/CLI.hpp>
#include <span>
#include <string>

#include "client/cli/output.h"

namespace recourse::cli {

struct ExitMeaning {
  ExitCode code;
  const char* meaning;
};
// Every exit code, in their order; docs/command.md has the same.
std::span<const ExitMeaning> ExitMeanings();

struct Variable {
  const char* name;
  const char* meaning;
};
std::span<const Variable> Variables();

// What stands below the verbs in --help.
std::string Footer();

// A page for man(1), in roff: recourse(1) with all verbs, or, when `verb` names one ("start",
// "workflows"), the page of that alone.
// kNotFound: there is no such verb.
Result<std::string> ManualPage(const CLI::App& app, const std::string& verb,
                               const std::string& version);

}  // namespace recourse::cli

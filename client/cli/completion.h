// Completion in shells. What can stand next is found out in the command's own tables, so that it is
// never out of date; the scripts for the shells only ask for it.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "client/cli/call.h"

namespace recourse::cli {

struct Candidate {
  std::string text;
  std::string what;  // for people; may be empty
  bool operator==(const Candidate&) const = default;
};

struct Candidates {
  std::vector<Candidate> all;
  bool files = false;  // the name of a file may stand there
};

// The names of a kind: "run", "approval", "workflow", "target", "action", "schedule", "context",
// "status". Empty for other kinds, also for "".
using NamesOf = std::function<std::vector<Candidate>(const std::string& kind)>;

// What can stand for the last of `words`, which begin behind the command's name; the last one may
// be empty, and is only completed.
Candidates Complete(const CLI::App& app, const std::vector<std::string>& words,
                    const NamesOf& names);

// Asks the server that the words name, if it answers at once; silent when it does not.
NamesOf NamesFromServer(const std::vector<std::string>& words);

// The script for "bash", "zsh" or "fish".
std::string CompletionScript(const std::string& shell);

// The verb that the scripts call: a line for each candidate, "text<TAB>what", ":files" for names of
// files. Says nothing else, whatever is wrong.
int PrintCandidates(const CLI::App& app, std::vector<std::string> words);

}  // namespace recourse::cli

#include "client/cli/completion.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

namespace recourse::cli {
namespace {

// What a shell could take for something else does not come from a server into a command line.
bool IsHarmless(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("-_./@+=:,").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

// What an option or an argument names.
std::string KindOf(const CLI::App& app, const CLI::Option& option) {
  static const std::map<std::string, std::string> kKinds = {
      {"run", "run"},         {"approval", "approval"}, {"workflow", "workflow"},
      {"target", "target"},   {"context", "context"},   {"status", "status"},
      {"path", "file"},       {"file", "file"},         {"inputs-file", "file"},
      {"token-file", "file"}, {"data", "file"},         {"with", "file"},
      {"socket", "file"},     {"tls-ca", "file"},       {"tls-cert", "file"},
      {"tls-key", "file"},    {"verb", "verb"}};
  const std::string& name = option.get_single_name();
  // "name" is one of what its group is about: "workflows show NAME".
  if (name == "name" && app.get_parent() != nullptr && app.get_parent()->get_parent() != nullptr) {
    const std::string group = app.get_parent()->get_name();
    return group.substr(0, group.size() - 1);
  }
  if (name == "name" && app.get_name() == "graph") return "workflow";
  const auto found = kKinds.find(name);
  return found == kKinds.end() ? "" : found->second;
}

// The choices of an option that takes one of a few: CLI11 describes them as {a,b,c}.
std::vector<std::string> ChoicesOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const auto open = type.find('{');
  const auto close = type.find('}', open);
  std::vector<std::string> choices;
  if (open == std::string::npos || close == std::string::npos) return choices;
  std::string rest = type.substr(open + 1, close - open - 1) + ",";
  for (auto comma = rest.find(','); comma != std::string::npos; comma = rest.find(',')) {
    choices.push_back(rest.substr(0, comma));
    rest.erase(0, comma + 1);
  }
  return choices;
}

class Completion {
 public:
  Completion(const CLI::App& app, const NamesOf& names) : app_(&app), names_(names) {}

  Candidates For(const std::vector<std::string>& words) {
    for (std::size_t i = 0; i + 1 < words.size(); ++i) Pass(words[i]);
    std::string last = words.empty() ? "" : words.back();
    if (last == "=" && option_ != nullptr) last.clear();  // bash splits "--option=" there
    const auto equals = last.find('=');
    if (option_ != nullptr) {
      AddValues(*app_, *option_);
    } else if (last.starts_with("--") && equals != std::string::npos) {
      if (const CLI::Option* option = Find(last.substr(0, equals))) AddValues(*app_, *option);
      for (Candidate& candidate : found_.all) {
        candidate.text = last.substr(0, equals + 1) + candidate.text;
      }
    } else if (last.starts_with("-")) {
      AddOptions();
    } else {
      AddVerbs();
      AddArgument();
    }
    std::erase_if(found_.all, [&](const Candidate& each) { return !each.text.starts_with(last); });
    return std::move(found_);
  }

 private:
  using Options = std::vector<const CLI::Option*>;

  // A word before the one that is completed.
  void Pass(const std::string& word) {
    if (option_ != nullptr) {
      if (word != "=") option_ = nullptr;
    } else if (word.starts_with("-") && word.size() > 1) {
      const CLI::Option* option = word.find('=') == std::string::npos ? Find(word) : nullptr;
      if (option != nullptr && option->get_items_expected_max() > 0) option_ = option;
    } else if (const CLI::App* verb = VerbNamed(word); verb != nullptr) {
      app_ = verb;
      arguments_ = 0;
    } else {
      ++arguments_;
    }
  }

  const CLI::App* VerbNamed(const std::string& word) const {
    const auto found =
        app_->get_subcommands([&](const CLI::App* verb) { return verb->get_name() == word; });
    return found.empty() ? nullptr : found.front();
  }

  // The options of the verb and of what is above it.
  Options All() const {
    Options all;
    for (const CLI::App* app = app_; app != nullptr; app = app->get_parent()) {
      for (const CLI::Option* option : app->get_options()) {
        if (!option->get_positional()) all.push_back(option);
      }
    }
    return all;
  }
  const CLI::Option* Find(const std::string& word) const {
    for (const CLI::Option* option : All()) {
      if (option->check_name(word)) return option;
    }
    return nullptr;
  }

  void AddOptions() {
    std::set<std::string> seen;
    for (const CLI::Option* option : All()) {
      for (const std::string& name : option->get_lnames()) {
        if (seen.insert(name).second)
          found_.all.push_back({"--" + name, option->get_description()});
      }
    }
  }
  void AddVerbs() {
    for (const CLI::App* verb : app_->get_subcommands([](const CLI::App*) { return true; })) {
      found_.all.push_back({verb->get_name(), verb->get_description()});
    }
  }
  void AddArgument() {
    std::size_t place = arguments_;
    for (const CLI::Option* option : app_->get_options()) {
      if (!option->get_positional()) continue;
      if (place-- == 0 || option->get_items_expected_max() > 1) return AddValues(*app_, *option);
    }
  }
  void AddValues(const CLI::App& app, const CLI::Option& option) {
    for (const std::string& choice : ChoicesOf(option)) found_.all.push_back({choice, ""});
    const std::string kind = KindOf(app, option);
    if (kind == "file") found_.files = true;
    if (kind == "verb") {
      while (app_->get_parent() != nullptr) app_ = app_->get_parent();
      AddVerbs();
    }
    for (Candidate& name : names_(kind)) {
      if (IsHarmless(name.text)) found_.all.push_back({name.text, OneLine(name.what)});
    }
  }

  const CLI::App* app_;
  const NamesOf& names_;
  const CLI::Option* option_ = nullptr;  // the one whose value comes next
  std::size_t arguments_ = 0;            // that the verb has had
  Candidates found_;
};

}  // namespace

Candidates Complete(const CLI::App& app, const std::vector<std::string>& words,
                    const NamesOf& names) {
  return Completion(app, names).For(words);
}

int PrintCandidates(const CLI::App& app, std::vector<std::string> words) {
  if (!words.empty() && words.front() == "--") words.erase(words.begin());
  const Candidates found = Complete(app, words, NamesFromServer(words));
  for (const Candidate& candidate : found.all) {
    std::printf("%s\t%s\n", candidate.text.c_str(), candidate.what.c_str());
  }
  if (found.files) std::printf(":files\n");
  return kOk;
}

std::string CompletionScript(const std::string& shell) {
  if (shell == "bash") {
    return R"(# bash completion for recourse. Load it with: source <(recourse completion bash)
_recourse() {
  local text what
  COMPREPLY=()
  while IFS=$'\t' read -r text what; do
    if [[ $text == :files ]]; then
      compopt -o default
    else
      COMPREPLY+=("$text")
    fi
  done < <("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _recourse recourse
)";
  }
  if (shell == "zsh") {
    return R"(#compdef recourse
# zsh completion for recourse. Load it with: source <(recourse completion zsh)
_recourse() {
  local text what
  local -a found
  while IFS=$'\t' read -r text what; do
    if [[ $text == :files ]]; then
      _files
    else
      found+=("${text//:/\\:}${what:+:$what}")
    fi
  done < <("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
  (( $#found )) && _describe recourse found
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _recourse "$@"
else
  compdef _recourse recourse
fi
)";
  }
  return R"(# fish completion for recourse. Load it with: recourse completion fish | source
function __recourse_complete
  set -l words (commandline -opc)
  set -l last (commandline -ct)
  for line in ($words[1] complete -- $words[2..-1] "$last[1]" 2>/dev/null)
    if test "$line" = ":files"
      __fish_complete_path "$last[1]"
    else
      echo $line
    end
  end
end
complete -c recourse -f -a '(__recourse_complete)'
)";
}

}  // namespace recourse::cli

#include "client/cli/manual.h"

#include <algorithm>
#include <sstream>

#include "engine/base/no_such.h"

namespace recourse::cli {
namespace {

constexpr ExitMeaning kExitMeanings[] = {
    {kOk, "done; a run that was followed has succeeded"},
    {kRunNotSucceeded,
     "the run ended otherwise, the journal or its file has problems, or the expression has no "
     "value"},
    {kUsage,
     "the command was misspelt or lacks a reason that it needs, or a file that it names cannot be "
     "read"},
    {kNoServer, "no server, none that answers in time, or no token"},
    {kRefused,
     "refused, and the message says why: by the server, also because its disk fails; or by a "
     "check, "
     "because definitions, targets or cases have problems, or with `--strict` a warning"},
    {kNeedsPerson, "the run waits for a person; also: an approval was asked for and left open"},
    {kNotWritten,
     "what was printed could not be written, to a full disk, say; what the command did on the "
     "server is done, but that a token that could not be shown is revoked"},
};

constexpr Variable kVariables[] = {
    {"RECOURSE_DATA", "stands for --data"},
    {"RECOURSE_ADDRESS", "stands for --address"},
    {"RECOURSE_TOKEN_FILE", "stands for --token-file"},
    {"RECOURSE_TLS_CA", "stands for --tls-ca"},
    {"RECOURSE_TLS_CERT", "stands for --tls-cert"},
    {"RECOURSE_TLS_KEY", "stands for --tls-key"},
    {"RECOURSE_INSECURE", "true stands for --insecure"},
    {"RECOURSE_CONTEXT", "stands for --context"},
    {"XDG_CONFIG_HOME", "where recourse/contexts.yaml is, unless in ~/.config"},
    {"NO_COLOR", "turns colours off"},
};

// Text that roff takes for nothing else.
std::string Roff(const std::string& text) {
  std::string safe;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool first = i == 0 || text[i - 1] == '\n';
    if (first && (text[i] == '.' || text[i] == '\'')) safe += "\\&";
    if (text[i] == '\\') {
      safe += "\\e";
    } else if (text[i] == '-') {
      safe += "\\-";
    } else {
      safe += text[i];
    }
  }
  return safe;
}

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

// A term and what it means.
std::string Entry(const std::string& term, const std::string& meaning) {
  return ".TP\n" + term + "\n" + Roff(meaning.empty() ? "see docs/command.md" : meaning) + "\n";
}

std::string Bold(const std::string& text) { return "\\fB" + Roff(text) + "\\fR"; }
std::string Italic(const std::string& text) { return "\\fI" + Roff(text) + "\\fR"; }

// Lines of at most 80 columns, those behind the first below the text of it.
std::string Wrapped(const std::string& head, const std::string& text) {
  std::string lines = head;
  std::size_t column = head.size();
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (column + word.size() > 79) {
      lines += "\n" + std::string(head.size(), ' ');
      column = head.size();
    }
    lines += word + " ";
    column += word.size() + 1;
  }
  lines.back() = '\n';
  return lines;
}

using Options = std::vector<const CLI::Option*>;

Options OptionsOf(const CLI::App& app, bool positional) {
  Options options;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional() == positional) options.push_back(option);
  }
  return options;
}

std::vector<const CLI::App*> VerbsOf(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// "{svg,dot}" of an option with choices, its name in capitals of one with another value.
std::string ValueOf(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return "";
  const std::string type = option.get_type_name();
  const auto open = type.find('{');
  return open != std::string::npos ? type.substr(open) : Upper(option.get_single_name());
}

std::string TermOf(const CLI::Option& option) {
  std::string term;
  for (const std::string& name : option.get_snames()) term += Bold("-" + name) + ", ";
  for (const std::string& name : option.get_lnames()) term += Bold("--" + name) + ", ";
  term.resize(term.size() - 2);
  const std::string value = ValueOf(option);
  return value.empty() ? term : term + " " + Italic(value);
}

// "recourse start WORKFLOW [options]"
std::string Synopsis(const std::string& path, const CLI::App& verb) {
  std::string text = Bold(path);
  for (const CLI::Option* argument : OptionsOf(verb, true)) {
    std::string name = Italic(Upper(argument->get_single_name()));
    if (argument->get_items_expected_max() > 1) name += "...";
    text += argument->get_required() ? " " + name : " [" + name + "]";
  }
  return text + " [" + Italic("OPTION") + "...]\n";
}

// A verb with its arguments and options, or a group with those of each of its verbs.
std::string VerbText(const std::string& path, const CLI::App& verb) {
  std::string text;
  for (const CLI::App* below : VerbsOf(verb))
    text += VerbText(path + " " + below->get_name(), *below);
  if (!text.empty()) return text;
  text = ".SS " + Roff(path) + "\n" + Synopsis(path, verb) + ".PP\n" +
         Roff(verb.get_description()) + "\n";
  for (const CLI::Option* argument : OptionsOf(verb, true)) {
    text += Entry(Italic(Upper(argument->get_single_name())), argument->get_description());
  }
  for (const CLI::Option* option : OptionsOf(verb, false)) {
    if (!option->check_lname("help")) text += Entry(TermOf(*option), option->get_description());
  }
  return text;
}

std::string OptionsText(const CLI::App& app) {
  std::string text = ".SH OPTIONS\nThose of every verb:\n";
  for (const CLI::Option* option : OptionsOf(app, false)) {
    text += Entry(TermOf(*option), option->get_description());
  }
  return text;
}

std::string EndText() {
  std::string text = ".SH ENVIRONMENT\n";
  for (const Variable& variable : Variables()) text += Entry(Bold(variable.name), variable.meaning);
  text += ".SH EXIT STATUS\n";
  for (const ExitMeaning& exit : ExitMeanings()) {
    text += Entry(Bold(std::to_string(exit.code)), exit.meaning);
  }
  return text;
}

}  // namespace

std::span<const ExitMeaning> ExitMeanings() { return kExitMeanings; }
std::span<const Variable> Variables() { return kVariables; }

std::string Footer() {
  std::string text = "\nExit codes:\n";
  for (const ExitMeaning& exit : ExitMeanings()) {
    text += Wrapped("  " + std::to_string(exit.code) + "  ", exit.meaning);
  }
  text += "\nEnvironment:\n";
  for (const Variable& variable : Variables()) {
    const std::string name = variable.name;
    text += "  " + name + std::string(21 - name.size(), ' ') + variable.meaning + "\n";
  }
  return text;
}

Result<std::string> ManualPage(const CLI::App& app, const std::string& verb,
                               const std::string& version) {
  std::vector<std::string> names;
  std::vector<const CLI::App*> shown;
  for (const CLI::App* each : VerbsOf(app)) {
    names.push_back(each->get_name());
    if (verb.empty() || verb == each->get_name()) shown.push_back(each);
  }
  if (shown.empty()) return NoSuch("verb", verb, names);
  const std::string name = app.get_name() + (verb.empty() ? "" : "-" + verb);
  const std::string what = verb.empty() ? app.get_description() : shown[0]->get_description();
  std::string text = ".TH " + Upper(Roff(name)) + " 1 \"\" \"" +
                     Roff(app.get_name() + " " + version) + "\" \"Recourse\"\n.SH NAME\n" +
                     Roff(name) + " \\- " + Roff(what) + "\n";
  text += ".SH SYNOPSIS\n";
  text += verb.empty()
              ? Bold(app.get_name()) + " " + Italic("VERB") + " [" + Italic("OPTION") + "...]\n"
              : Bold(app.get_name() + " " + verb) + " [" + Italic("OPTION") + "...]\n";
  text += verb.empty() ? ".SH VERBS\n" : ".SH DESCRIPTION\n";
  for (const CLI::App* each : shown)
    text += VerbText(app.get_name() + " " + each->get_name(), *each);
  return text + OptionsText(app) + EndText();
}

}  // namespace recourse::cli

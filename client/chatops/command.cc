#include "client/chatops/command.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "engine/base/ids.h"
#include "engine/base/text.h"

namespace recourse::chatops {
namespace {

using Takes = Verb::Takes;

// A program that people write with may have made typographic characters of what they typed.
std::string Plain(std::string_view text) {
  static constexpr std::pair<std::string_view, std::string_view> kTypographic[] = {
      {"\u2010", "-"},  {"\u2011", "-"}, {"\u2012", "-"}, {"\u2013", "-"},
      {"\u2014", "-"},  {"\u2212", "-"}, {"\u00a0", " "}, {"\u201c", "\""},
      {"\u201d", "\""}, {"\u2018", "'"}, {"\u2019", "'"}};
  std::string plain;
  for (std::size_t at = 0; at < text.size();) {
    const auto found =
        std::find_if(std::begin(kTypographic), std::end(kTypographic),
                     [&](const auto& entry) { return text.substr(at).starts_with(entry.first); });
    plain += found == std::end(kTypographic) ? text.substr(at, 1) : found->second;
    at += found == std::end(kTypographic) ? 1 : found->first.size();
  }
  return plain;
}

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

// Cuts the first word off.
std::string_view TakeWord(std::string_view& text) {
  text = Trimmed(text);
  const auto end = std::find_if(text.begin(), text.end(), IsBlank);
  const std::string_view word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text = Trimmed(text.substr(word.size()));
  return word;
}

// An apostrophe within a word is one; quotes begin where a word or a value does.
Result<std::vector<std::string>> WordsOf(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool inside = false;
  char quote = 0;
  for (const char c : text) {
    const bool may_begin = !inside || word.ends_with('=');
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if ((c == '"' || c == '\'') && may_begin) {
      quote = c;
      inside = true;
    } else if (IsBlank(c)) {
      if (inside) words.push_back(std::exchange(word, ""));
      inside = false;
    } else {
      word += c;
      inside = true;
    }
  }
  if (quote != 0) {
    return InvalidArgument("a quote (" + std::string(1, quote) +
                           ") has no end, so nothing was done");
  }
  if (inside) words.push_back(word);
  return words;
}

// "R-1042" of r1042, #1042 or R-1042: . Nothing: it is no id. A number alone is of `bare`, if set.
std::optional<std::string> IdIn(std::string_view word, char bare) {
  while (!word.empty() && std::string_view(".,:;!?)").find(word.back()) != std::string_view::npos) {
    word.remove_suffix(1);
  }
  char kind = bare;
  if (word.starts_with('#')) word.remove_prefix(1);
  if (!word.empty() && std::isalpha(static_cast<unsigned char>(word.front())) != 0) {
    kind = static_cast<char>(std::toupper(static_cast<unsigned char>(word.front())));
    word.remove_prefix(1);
    if (word.starts_with('-')) word.remove_prefix(1);
  }
  if (word.empty() || !std::all_of(word.begin(), word.end(),
                                   [](unsigned char c) { return std::isdigit(c) != 0; })) {
    return std::nullopt;
  }
  if (kind == 'R') {
    if (auto run = RunId::Parse(word)) return run->ToString();
  } else if (kind == 'A') {
    if (auto approval = ApprovalId::Parse(word)) return approval->ToString();
  }
  return std::nullopt;
}

bool Fits(Takes takes, std::string_view id) {
  return takes == Takes::kRunOrApproval || (takes == Takes::kApproval) == id.starts_with('A');
}

Error NoSuchVerb(std::string_view word) {
  std::vector<std::string> names;
  for (const Verb& verb : Verbs()) names.emplace_back(verb.name);
  const std::string nearest = Nearest(word, names);
  return InvalidArgument("\"" + std::string(word) +
                         "\" is nothing that I know, so nothing was done" +
                         (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?") +
                         " \"help\" lists what I know.");
}

}  // namespace

const std::vector<Verb>& Verbs() {
  static const std::vector<Verb> kVerbs = {
      {"start", Takes::kNothing, "start WORKFLOW target=NAME key=value...", "starts a run"},
      {"runs", Takes::kNothing, "runs [WORKFLOW]", "what is open"},
      {"attention", Takes::kNothing, "attention", "what needs a person, the most urgent first"},
      {"show", Takes::kRunOrApproval, "show R-1042 | A-381", "a run or an approval as it is now"},
      {"approve", Takes::kApproval, "approve A-381 [CODE] [reason]",
       "says yes to what was shown; a one-time code by private message only"},
      {"reject", Takes::kApproval, "reject A-381 reason", "says no"},
      {"ack", Takes::kRun, "ack R-1042 [reason]", "you take care of it; nobody else is told"},
      {"pause", Takes::kRun, "pause R-1042 [reason]", "nothing more begins"},
      {"resume", Takes::kRun, "resume R-1042 [reason]", "goes on with a paused run"},
      {"retry", Takes::kRun, "retry R-1042 [reason]", "tries the failed step again"},
      {"skip", Takes::kRun, "skip R-1042 reason", "goes on without the failed step"},
      {"rollback", Takes::kRun, "rollback R-1042 reason", "puts back what the run has done"},
      {"cancel", Takes::kRun, "cancel R-1042 reason",
       "ends the run; what it has done stays (rollback undoes it)"},
      {"answer", Takes::kRun, "answer R-1042 ITEM [cannot-be-done] [note]",
       "answers an item of a checklist"},
      {"resolve", Takes::kRun, "resolve R-1042 applied|not_applied|partial reason",
       "says what is true of an effect that the run asks about, and how you know"},
      {"note", Takes::kRun, "note R-1042 text", "adds a line to the run's timeline"},
      {"graph", Takes::kRun, "graph R-1042", "the run as a picture of its steps"},
      {"help", Takes::kNothing, "help [VERB]", "this list, or one of it"},
  };
  return kVerbs;
}

const Verb* FindVerb(std::string_view name) {
  const auto found = std::find_if(Verbs().begin(), Verbs().end(),
                                  [&](const Verb& verb) { return verb.name == name; });
  return found == Verbs().end() ? nullptr : &*found;
}

Result<Command> ParseCommand(std::string_view text) {
  const std::string plain = Plain(text);
  std::string_view left = plain;
  std::string word(TakeWord(left));
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  Command command;
  command.verb = FindVerb(word.empty() ? "help" : word);
  if (command.verb == nullptr) return NoSuchVerb(word);
  const Takes takes = command.verb->takes;
  if (takes != Takes::kNothing && !left.empty()) {
    const char bare = takes == Takes::kRun ? 'R' : takes == Takes::kApproval ? 'A' : '\0';
    std::string_view behind = left;
    const std::string_view first = TakeWord(behind);
    const auto id = IdIn(first, bare);
    if (!id || !Fits(takes, *id)) {
      return InvalidArgument("\"" + std::string(first) + "\" is not the id of " +
                             (takes == Takes::kRun        ? "a run, such as R-1042"
                              : takes == Takes::kApproval ? "an approval, such as A-381"
                                                          : "a run or an approval: write R-1042 or "
                                                            "A-381") +
                             ", so nothing was done. Write: " + std::string(command.verb->usage));
    }
    command.about = *id;
    left = behind;
  }
  auto words = WordsOf(left);
  // What people write as a reason need not be quoted right.
  if (!words && command.verb->name == "start") return std::move(words).error();
  if (words) command.words = *std::move(words);
  command.rest = std::string(left);
  return command;
}

}  // namespace recourse::chatops

#include "actions/process/script_exchange.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>

#include "actions/process/ending.h"
#include "engine/base/json.h"

namespace recourse::process {
namespace {

constexpr std::size_t kAnswerMax = 1024 * 1024;
constexpr std::size_t kShownMax = 300;
constexpr std::string_view kControl = "recourse: ";  // begins a line of errors that is for us
constexpr std::string_view kCheckpoint = "checkpoint ";

// What an answer may hold, by phase.
const std::map<std::string_view, std::vector<std::string_view>> kMembers = {
    {"describe", {"phases"}},
    {"plan", {"lines", "bytes_needed", "irreversible"}},
    {"prepare", {"undo"}},
    {"apply", {"output"}},
    {"verify", {"verdict", "message", "evidence"}},
    {"probe", {"verdict", "message", "output"}},
    {"compensate", {}}};

void ReplaceAll(std::string& text, std::string_view what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

std::string Shown(const std::string& text) {
  return text.size() <= kShownMax ? text : text.substr(0, kShownMax) + "...";
}

// "recourse: progress 30 100 rows", "recourse: checkpoint {...}".
void Obey(std::string_view line, const Context& context) {
  const std::string_view order = line.substr(kControl.size());
  if (order.starts_with(kCheckpoint)) {
    auto checkpoint = ParseJson(order.substr(kCheckpoint.size()));
    auto saved = checkpoint ? context.save_progress(*std::move(checkpoint))
                            : Result<void>(std::move(checkpoint).error());
    if (!saved) context.log("the script's checkpoint was not saved: " + saved.error().ToString());
    return;
  }
  long long done = 0, total = 0;
  int read = 0;
  const std::string text(order);
  if (std::sscanf(text.c_str(), "progress %lld %lld %n", &done, &total, &read) == 2) {
    return context.progress(done, total, text.substr(static_cast<std::size_t>(read)));
  }
  context.log("not understood: " + std::string(line));
}

// A line that may go on in the next piece. What it asks for is not done, so the script must not end
// well: it would rely on it.
bool IsCutCheckpoint(std::string_view line) {
  return line.size() >= kLineMax && line.substr(kControl.size()).starts_with(kCheckpoint);
}

Value DocumentFor(std::string_view phase, const Value& output, const Context& context) {
  return Value::Object({{"phase", phase},
                        {"key", context.key},
                        {"inputs", context.inputs["inputs"]},
                        {"target", context.inputs["target"]},
                        {"undo", context.undo["undo"]},
                        {"checkpoint", context.checkpoint},
                        {"output", output["result"]}});
}

std::optional<LeftBehind> LeftFromString(const std::string& left) {
  if (left == "nothing") return LeftBehind::kNothing;
  if (left == "partial") return LeftBehind::kPartial;
  if (left == "unknown") return LeftBehind::kUnknown;
  return std::nullopt;
}

}  // namespace

Result<std::vector<std::string>> Script::Phases() const {
  std::vector<std::string> phases;
  if (!speaks()) {
    for (const auto& [name, arguments] : context_.inputs["phases"].as_map()) {
      phases.push_back(name.as_string());
    }
  } else {
    const Answer answer = Run("describe");
    if (answer.failure) {
      return answer.failure->error.In("ask " + program() + " which phases it has (describe)");
    }
    const Value& list = answer.document["phases"];
    for (const Value& name : list.is_list() ? list.as_list() : Value::List()) {
      const std::string text = name.is_string() ? name.as_string() : ToJson(name);
      if (text == "describe" || !kMembers.contains(text)) {
        return InvalidArgument(program() + " describes a phase \"" + text +
                               "\", which there is not: they are plan, prepare, apply, verify, "
                               "probe and compensate");
      }
      phases.push_back(text);
    }
  }
  if (std::find(phases.begin(), phases.end(), "apply") != phases.end()) return phases;
  return InvalidArgument(program() + " has no phase apply, so that it could do nothing");
}

Program Script::ProgramFor(std::string_view phase) const {
  const Value& inputs = context_.inputs;
  Program made = ProgramOf(inputs, "arguments");
  made.arguments.insert(made.arguments.begin(), program());
  if (speaks()) {
    made.arguments.emplace_back(phase);
  } else {
    for (const Value& argument : inputs["phases"][phase].as_list()) {
      std::string text = argument.as_string();
      ReplaceAll(text, "{key}", context_.key);
      ReplaceAll(text, "{undo}", context_.undo.StringOr("undo", ""));
      made.arguments.push_back(std::move(text));
    }
  }
  made.environment["RECOURSE_KEY"] = context_.key;
  made.environment["RECOURSE_SESSION"] = std::to_string(getsid(0));
  return made;
}

Script::Answer Script::Run(std::string_view phase, const Value& output) const {
  Answer answer;
  if (auto known = CheckExitCodes(context_.inputs); !known) {
    answer.failure = Failure{std::move(known).error(), {}, LeftBehind::kNothing};
    return answer;
  }
  bool cut = false;
  Context told = context_;
  told.log = [this, &cut](std::string_view line) {
    if (!line.starts_with(kControl)) return context_.log(line);
    if (!IsCutCheckpoint(line)) return Obey(line, context_);
    cut = true;
  };
  const ChildOptions options{.output_max = kAnswerMax,
                             .input = ToJson(DocumentFor(phase, output, context_)),
                             .log_output = !speaks()};
  auto finished = RunChild(ProgramFor(phase), options, told);
  if (!finished) {
    answer.failure = Failure{std::move(finished).error(), {}, LeftBehind::kNothing};
    return answer;
  }
  answer.started = true;
  answer.finished = *std::move(finished);
  Read(phase, answer);
  if (cut && !answer.failure) {
    answer.failure =
        Failure{InvalidArgument(
                    "run " + program() + " " + std::string(phase) +
                    ": a checkpoint of it was not saved, because its line is not shorter than " +
                    std::to_string(kLineMax) + " bytes. Let it keep more in a file of its own"),
                Describe(answer.finished), LeftBehind::kUnknown};
  }
  return answer;
}

// Takes the document, and finds what is wrong with it or with the end of the script.
void Script::Read(std::string_view phase, Answer& answer) const {
  const Finished& finished = answer.finished;
  const std::string doing = "run " + program() + " " + std::string(phase);
  if (finished.stopped) {
    answer.failure =
        Failure{context_.StopError().In(doing), Describe(finished), LeftBehind::kUnknown};
    return;
  }
  const bool failed = finished.signal != 0 || finished.exit_code != 0;
  const std::string& text = finished.output.text;
  const bool silent = text.find_first_not_of(" \t\r\n") == std::string::npos;
  const auto garbage = [&](const std::string& what) {
    answer.failure = Failure{InvalidArgument(doing + ": " + what + "; it wrote: " + Shown(text)),
                             Describe(finished), LeftBehind::kUnknown};
  };
  if (speaks() && !silent) {
    auto document =
        finished.output.cut ? Error{Code::kResourceExhausted, "more than 1 MiB"} : ParseJson(text);
    if (document && document->is_map())
      answer.document = *std::move(document);
    else if (!failed)
      return garbage("its answer is not one JSON object");
  }
  if (failed) {
    answer.failure = FailureOf(answer);
    answer.failure->error = std::move(answer.failure->error).In(doing);
    return;
  }
  if (answer.document.is_null()) return;
  const auto& members = kMembers.at(phase);
  for (const auto& [name, value] : answer.document.as_map()) {
    if (std::find(members.begin(), members.end(), name.as_string()) == members.end()) {
      return garbage("the answer has a member \"" + name.as_string() + "\", which it cannot have");
    }
  }
}

// Of a script that did not end well: what it says of that itself, or else its exit code.
Failure Script::FailureOf(const Answer& answer) const {
  Failure failure{FailedWith(context_.inputs, program(), answer.finished),
                  Describe(answer.finished), LeftBy(context_.inputs, answer.finished)};
  const Value& said = answer.document["error"];
  if (!said.is_map() || answer.finished.signal != 0) return failure;
  if (const auto code = CodeFromString(said.StringOr("code", ""))) failure.error.code = *code;
  if (const std::string message = said.StringOr("message", ""); !message.empty()) {
    failure.error.message = message;
  }
  if (const auto left = LeftFromString(said.StringOr("left", ""))) failure.left = *left;
  if (!said["evidence"].is_null()) failure.evidence = said["evidence"];
  return failure;
}

}  // namespace recourse::process

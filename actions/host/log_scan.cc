#include <re2/re2.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>

#include "actions/host/family.h"
#include "actions/host/log_files.h"
#include "actions/host/log_time.h"
#include "actions/inputs.h"
#include "actions/process/utf8.h"
#include "actions/thresholds.h"
#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/definition/checked_resources.h"

namespace recourse::host {
namespace {

constexpr std::size_t kMessagesMax = 10'000;  // different ones that are told apart, by pattern
constexpr std::size_t kLineTold = 500;
constexpr std::string_view kOtherMessages = "(more than 10,000 different messages: all others)";

constexpr std::string_view kLogScanOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "lines": {"type": "integer", "description": "how many were looked at"},
    "counts": {"type": "object", "additionalProperties": {"type": "integer"},
      "description": "by the pattern's name, how many lines match"},
    "top": {"type": "object", "description": "by the pattern's name, the most frequent messages",
      "additionalProperties": {"type": "array", "items": {
        "type": "object", "additionalProperties": false,
        "properties": {
          "message": {"type": "string",
            "description": "with <time>, <id>, <address> and <n> for what differs"},
          "count": {"type": "integer"},
          "example": {"type": "string", "description": "the last such line"}
        }
      }}},
    "last": {"type": "object", "additionalProperties": {"type": "string"},
      "description": "by the pattern's name, the last line that matches"},
    "files": {"type": "array", "items": {
      "type": "object", "additionalProperties": false,
      "properties": {
        "path": {"type": "string"},
        "bytes": {"type": "integer", "description": "read of it"},
        "lines": {"type": "integer", "description": "read of it"}
      }
    }},
    "truncated": {"type": "boolean", "description": "older lines were not read: see bytes_max"},
    "without_time": {"type": "integer",
      "description": "with since: lines that have no time of their own; that of the line before counts"}
  }
})";

// A line for people: text, and nothing that controls a terminal.
std::string ToldLine(std::string_view line) {
  std::string told(line.substr(0, kLineTold));
  std::replace_if(
      told.begin(), told.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return process::ToUtf8(told) + (line.size() > kLineTold ? "..." : "");
}

Result<std::unique_ptr<const RE2>> Compile(const std::string& what, const std::string& text) {
  auto pattern = std::make_unique<const RE2>(text, RE2::Quiet);
  if (pattern->ok()) return pattern;
  return InvalidArgument(what + ": \"" + text + "\" is no regular expression: " + pattern->error());
}

// One pattern, and what it has found.
struct Pattern {
  struct Message {
    std::int64_t count = 0;
    std::string example;
  };
  std::string name;
  std::unique_ptr<const RE2> regex;
  std::int64_t count = 0;
  std::string last;
  std::unordered_map<std::string, Message> messages;

  void Take(std::string_view line) {
    ++count;
    last = ToldLine(line);
    std::string folded = FoldMessage(last);
    if (messages.size() >= kMessagesMax && !messages.contains(folded)) folded = kOtherMessages;
    Message& message = messages[folded];
    ++message.count;
    message.example = last;
  }

  Value Top(std::size_t top) const {
    std::vector<std::pair<std::string, Message>> sorted(messages.begin(), messages.end());
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
      return a.second.count != b.second.count ? a.second.count > b.second.count : a.first < b.first;
    });
    if (sorted.size() > top) sorted.resize(top);
    Value::List list;
    for (const auto& [message, found] : sorted) {
      list.push_back(Value::Object(
          {{"message", message}, {"count", found.count}, {"example", found.example}}));
    }
    return list;
  }
};

class Scan {
 public:
  // kInvalidArgument: what an input says makes no sense.
  static Result<Scan> Make(const Value& inputs, Time now) {
    Scan scan(inputs);
    if (inputs["patterns"].is_map()) {
      for (const auto& [name, text] : inputs["patterns"].as_map()) {
        auto regex = Compile("patterns." + name.as_string(), text.as_string());
        if (!regex) return std::move(regex).error();
        scan.patterns_.push_back({name.as_string(), *std::move(regex), 0, "", {}});
      }
    }
    if (inputs["ignore"].is_list()) {
      for (const Value& text : inputs["ignore"].as_list()) {
        auto regex = Compile("ignore", text.as_string());
        if (!regex) return std::move(regex).error();
        scan.ignored_.push_back(*std::move(regex));
      }
    }
    if (auto known = scan.CheckThresholds(); !known) return std::move(known).error();
    if (auto since = scan.ReadSince(now); !since) return std::move(since).error();
    return scan;
  }

  // Whether something of a file that was written last at that time can count.
  bool Wants(Time written) const { return !since_ || written >= *since_; }

  void BeginFile() { line_time_.reset(); }

  void Take(std::string_view line) {
    if (since_ && !IsRecent(line)) return;
    if (last_lines_ == 0) return Look(line);
    kept_.emplace_back(line);
    if (kept_.size() > last_lines_) kept_.pop_front();
  }

  // When all lines are taken. kInvalidArgument: no line has a time, so that "since" means nothing.
  Result<void> Finish() {
    for (const std::string& line : kept_) Look(line);
    if (!since_ || with_time_ > 0 || without_time_ == 0) return {};
    return InvalidArgument(
        "since: no line has a time that is known here (docs/hosts.md names the forms). Nothing was "
        "counted. The last lines can be counted without times: \"lines\", in place of \"since\"");
  }

  Value Facts() const {
    Value::Map counts, top, last;
    for (const Pattern& pattern : patterns_) {
      counts[pattern.name] = pattern.count;
      top[pattern.name] = pattern.Top(static_cast<std::size_t>(inputs_.IntOr("top", 5)));
      if (pattern.count > 0) last[pattern.name] = pattern.last;
    }
    return Value::Object({{"lines", looked_at_},
                          {"counts", std::move(counts)},
                          {"top", std::move(top)},
                          {"last", std::move(last)},
                          {"without_time", without_time_}});
  }

  std::vector<Measure> Measures() const {
    std::vector<Measure> measures;
    for (const Pattern& pattern : patterns_) {
      std::string what = "lines match \"" + pattern.name + "\"";
      if (pattern.count > 0) what += " (the last: " + pattern.last + ")";
      measures.push_back({pattern.name, static_cast<double>(pattern.count), Unit::kNumber,
                          std::move(what), false, Code::kFailedPrecondition});
    }
    return measures;
  }

 private:
  explicit Scan(const Value& inputs)
      : inputs_(inputs), last_lines_(static_cast<std::size_t>(inputs.IntOr("lines", 0))) {}

  // A threshold of a pattern that is not there would never be reached.
  Result<void> CheckThresholds() const {
    for (const std::string_view level : {"warn", "fail"}) {
      const Value& limits = inputs_[level];
      if (!limits.is_map()) continue;
      for (const auto& [name, limit] : limits.as_map()) {
        if (inputs_["patterns"].Find(name.as_string()) != nullptr) continue;
        return InvalidArgument(std::string(level) + ": there is no pattern \"" + name.as_string() +
                               "\"");
      }
    }
    return {};
  }

  Result<void> ReadSince(Time now) {
    const auto offset = ParseUtcOffset(inputs_.StringOr("utc_offset", "+00:00"));
    if (!offset) return offset.error().In("utc_offset");
    clock_.emplace(*offset, now);
    const std::string since = inputs_.StringOr("since", "");
    if (since.empty()) return {};
    if (const auto duration = ParseDuration(since)) {
      since_ = now - *duration;
      return {};
    }
    const auto time = ParseTimestamp(since);
    if (!time) {
      return InvalidArgument(
          "since: expected a duration such as 24h, or a time such as "
          "2026-11-21T03:00:00Z, found \"" +
          since + "\"");
    }
    since_ = FromTimestamp(*time);
    return {};
  }

  // A line without a time belongs to the one before it, as those of a stack trace do.
  bool IsRecent(std::string_view line) {
    if (const auto time = clock_->TimeOf(line)) {
      line_time_ = time;
      ++with_time_;
    } else {
      ++without_time_;
    }
    return line_time_ && *line_time_ >= *since_;
  }

  void Look(std::string_view line) {
    const re2::StringPiece piece(line.data(), line.size());
    for (const auto& ignored : ignored_) {
      if (RE2::PartialMatch(piece, *ignored)) return;
    }
    ++looked_at_;
    for (Pattern& pattern : patterns_) {
      if (RE2::PartialMatch(piece, *pattern.regex)) pattern.Take(line);
    }
  }

  Value inputs_;
  std::vector<Pattern> patterns_;
  std::vector<std::unique_ptr<const RE2>> ignored_;
  std::optional<LogClock> clock_;
  std::optional<Time> since_;
  std::size_t last_lines_;  // 0: all
  std::deque<std::string> kept_;
  std::optional<Time> line_time_;  // of the line at hand, or of the last one that has one
  std::int64_t looked_at_ = 0, with_time_ = 0, without_time_ = 0;
};

// How much of each file is read: the newest come first. Of those that get nothing, the compressed
// ones are not measured.
Result<std::vector<std::int64_t>> Shares(std::vector<LogFile>& logs, std::int64_t bytes_max,
                                         const std::function<bool()>& go_on) {
  std::vector<std::int64_t> shares(logs.size());
  for (std::size_t i = logs.size(); i-- > 0 && bytes_max > 0;) {
    if (logs[i].compressed) {
      if (auto measured = MeasurePacked(logs[i], go_on); !measured) {
        return std::move(measured).error();
      }
    }
    shares[i] = std::min(logs[i].size, bytes_max);
    bytes_max -= shares[i];
  }
  return shares;
}

class LogScan final : public Action {
 public:
  LogScan() {
    spec_.name = "host.log_scan";
    spec_.summary = "Count what log files say, and tell the most frequent messages";
    spec_.inputs = LogScanInputs();
    spec_.output = WithLevel(kLogScanOutput);
    spec_.repeat = RepeatClass::kReadOnly;
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    auto scan = Scan::Make(context.inputs, context.clock.Now());
    if (!scan) return std::move(scan).error();
    auto logs = FindLogFiles(context.inputs["paths"].as_list(), context.policy);
    if (!logs) return std::move(logs).error();
    if (logs->empty() && !context.inputs.BoolOr("missing_ok", false)) {
      return NotFound(
          "no log file is there: " + ToJson(context.inputs["paths"]) +
          " names none. Correct the paths, or say missing_ok: true where the paths are named");
    }
    std::erase_if(*logs, [&](const LogFile& log) { return !scan->Wants(log.written); });
    auto files = ReadAll(*logs, *scan, context);
    if (!files) return std::move(files).error();
    if (auto finished = scan->Finish(); !finished) return std::move(finished).error();
    const Value facts =
        scan->Facts().With("files", (*files)["files"]).With("truncated", (*files)["truncated"]);
    return JudgeMeasures(context.inputs, facts, scan->Measures(), "the log tells of trouble");
  }

 private:
  static Result<Value> ReadAll(std::vector<LogFile>& logs, Scan& scan, const Context& context) {
    const auto measured =
        Shares(logs, context.inputs.IntOr("bytes_max", 64 << 20), [&] { return !IsOver(context); });
    if (!measured && IsOver(context)) return context.StopError().In("measure the packed log files");
    if (!measured) return measured.error();
    const std::vector<std::int64_t>& shares = *measured;
    Value::List files;
    bool truncated = false;
    for (std::size_t i = 0; i < logs.size(); ++i) {
      context.progress(static_cast<std::int64_t>(i), static_cast<std::int64_t>(logs.size()),
                       logs[i].path);
      scan.BeginFile();
      std::int64_t lines = 0;
      auto read = ReadLines(logs[i], shares[i], [&](std::string_view line) {
        scan.Take(line);
        return ++lines % 1000 != 0 || !IsOver(context);
      });
      if (!read) return std::move(read).error();
      if (IsOver(context)) return context.StopError().In("read " + logs[i].path);
      truncated = truncated || read->cut;
      files.push_back(
          Value::Object({{"path", logs[i].path}, {"bytes", read->bytes}, {"lines", read->lines}}));
    }
    return Value::Object({{"files", std::move(files)}, {"truncated", truncated}});
  }

  static bool IsOver(const Context& context) {
    return context.stop.stop_requested() || std::chrono::steady_clock::now() >= context.deadline;
  }

  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeLogScan() { return std::make_unique<LogScan>(); }

}  // namespace recourse::host

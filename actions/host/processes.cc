#include <re2/re2.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>

#include "actions/host/family.h"
#include "actions/host/proc.h"
#include "actions/inputs.h"
#include "actions/proc_stat.h"
#include "actions/process/listing.h"
#include "actions/stop_event.h"
#include "actions/thresholds.h"
#include "actions/users.h"
#include "engine/base/text.h"
#include "engine/definition/checked_resources.h"

namespace recourse::host {
namespace {

constexpr std::string_view kProcessesInputs = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "user": {"type": "string", "minLength": 1, "description": "only those of a user, by name or number"},
    "command": {"type": "string", "minLength": 1,
      "description": "only those whose command line this regular expression (RE2) finds"},
    "sort": {"type": "string", "enum": ["memory", "cpu", "age"], "default": "memory"},
    "top": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10,
      "description": "how many to tell"},
    "over": {"type": "string", "default": "500ms",
      "description": "how long the use of the processors is measured, up to 5m"}
  }
})";

constexpr std::string_view kProcessLimits = R"({
  "count": {"type": "integer", "minimum": 0, "description": "at least so many match"},
  "count_below": {"type": "integer", "minimum": 1,
    "description": "fewer than so many match; beyond fail it is UNAVAILABLE"},
  "memory_bytes": {"type": "integer", "minimum": 0,
    "description": "all that match have at least so much together"},
  "largest_bytes": {"type": "integer", "minimum": 0, "description": "one has at least so much"}
})";

constexpr std::string_view kProcessesOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "count": {"type": "integer", "description": "how many match"},
    "memory_bytes": {"type": "integer",
      "description": "of all that match; memory that they share counts for each"},
    "processes": {"type": "array", "items": {
      "type": "object", "additionalProperties": false,
      "properties": {
        "pid": {"type": "integer"},
        "start_time": {"type": "integer",
          "description": "clock ticks after boot: host.signal takes it with the pid"},
        "user": {"type": "string"},
        "command": {"type": "string"},
        "state": {"type": "string", "description": "as ps shows it: R, S, D, Z ..."},
        "memory_bytes": {"type": "integer"},
        "memory_percent": {"type": "number"},
        "cpu_percent": {"type": "number", "description": "100 is one core"},
        "age_seconds": {"type": "integer"}
      }
    }}
  }
})";

struct Found {
  pid_t pid = 0;
  ProcStat stat;
  std::string user, command;
  std::int64_t ticks_before = 0;
};

struct Filter {
  std::string user;                    // its name; empty: all
  std::unique_ptr<const RE2> command;  // null: all
};

Result<Filter> FilterOf(const Value& inputs) {
  Filter filter;
  if (const std::string user = inputs.StringOr("user", ""); !user.empty()) {
    const auto number = UserNumber(user);
    if (!number) return number.error();
    filter.user = UserName(*number);
  }
  const std::string command = inputs.StringOr("command", "");
  if (command.empty()) return filter;
  filter.command = std::make_unique<const RE2>(command, RE2::Quiet);
  if (!filter.command->ok()) {
    return InvalidArgument("command: \"" + command +
                           "\" is no regular expression: " + filter.command->error());
  }
  return filter;
}

std::vector<Found> FindProcesses(const Filter& filter) {
  std::vector<Found> all;
  for (const pid_t pid : process::AllPids()) {
    const auto stat = ReadProcStat(pid);
    if (!stat || stat->of_kernel) continue;
    Found found{pid, *stat, process::UserOfProcess(pid), process::CommandLine(pid),
                stat->cpu_ticks};
    if (!filter.user.empty() && found.user != filter.user) continue;
    if (filter.command && !RE2::PartialMatch(found.command, *filter.command)) continue;
    all.push_back(std::move(found));
  }
  return all;
}

// As they are now; those that have ended meanwhile, or whose number is another's now, are gone.
void Renew(std::vector<Found>& all) {
  std::erase_if(all, [](Found& found) {
    const auto stat = ReadProcStat(found.pid);
    if (!stat || stat->start_time != found.stat.start_time) return true;
    found.stat = *stat;
    return false;
  });
}

std::int64_t MemoryOf(const Found& found) {
  return found.stat.resident_pages * sysconf(_SC_PAGESIZE);
}

std::int64_t TicksOf(const Found& found) { return found.stat.cpu_ticks - found.ticks_before; }

void SortBy(const std::string& order, std::vector<Found>& all) {
  std::stable_sort(all.begin(), all.end(), [&](const Found& a, const Found& b) {
    if (order == "cpu") return TicksOf(a) > TicksOf(b);
    if (order == "age") return a.stat.start_time < b.stat.start_time;
    return a.stat.resident_pages > b.stat.resident_pages;
  });
}

Value Told(const Found& found, std::int64_t memory_total, std::chrono::microseconds over) {
  timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  const auto ticks_a_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  const double seconds = static_cast<double>(over.count()) / 1e6;
  const std::int64_t memory = MemoryOf(found);
  return Value::Object(
      {{"pid", std::int64_t{found.pid}},
       {"start_time", found.stat.start_time},
       {"user", found.user},
       {"command", found.command},
       {"state", std::string(1, found.stat.state)},
       {"memory_bytes", memory},
       {"memory_percent", 100 * static_cast<double>(memory) / static_cast<double>(memory_total)},
       {"cpu_percent", 100 * static_cast<double>(TicksOf(found)) / ticks_a_second / seconds},
       {"age_seconds",
        std::max<std::int64_t>(0, now.tv_sec - found.stat.start_time / sysconf(_SC_CLK_TCK))}});
}

class Processes final : public Action {
 public:
  Processes() {
    spec_.name = "host.processes";
    spec_.summary = "Tell which processes use most memory or processor time";
    spec_.inputs = WithThresholds(kProcessesInputs, kProcessLimits,
                                  "RESOURCE_EXHAUSTED when one of these is reached");
    spec_.output = WithLevel(kProcessesOutput);
    spec_.repeat = RepeatClass::kReadOnly;
    spec_.timeout = std::chrono::minutes(6);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    const auto over = DurationInput(context.inputs, "over", std::chrono::milliseconds(500));
    if (!over) return over.error();
    if (over->count() <= 0 || *over > std::chrono::minutes(5)) {
      return InvalidArgument("over: expected more than 0 and at most 5m, found " +
                             FormatDuration(*over));
    }
    const auto filter = FilterOf(context.inputs);
    if (!filter) return filter.error();
    const auto memory = MemoryNow();
    if (!memory) return memory.error();
    auto all = FindProcesses(*filter);
    if (!StopEvent(context).WaitFor(*over)) return context.StopError().In("measure processes");
    Renew(all);
    SortBy(context.inputs.StringOr("sort", "memory"), all);
    return Judged(context.inputs, all, memory->total_bytes, *over);
  }

 private:
  static Outcome Judged(const Value& inputs, const std::vector<Found>& all,
                        std::int64_t memory_total, std::chrono::microseconds over) {
    std::int64_t together = 0, largest = 0;
    Value::List told;
    const auto top = static_cast<std::size_t>(inputs.IntOr("top", 10));
    for (const Found& found : all) {
      together += MemoryOf(found);
      largest = std::max(largest, MemoryOf(found));
      if (told.size() < top) told.push_back(Told(found, memory_total, over));
    }
    const auto count = static_cast<std::int64_t>(all.size());
    const Value facts = Value::Object(
        {{"count", count}, {"memory_bytes", together}, {"processes", std::move(told)}});
    const auto number = static_cast<double>(count);
    const Measure measures[] = {
        {"count_below", number, Unit::kNumber, "processes match", true, Code::kUnavailable},
        {"count", number, Unit::kNumber, "processes match"},
        {"memory_bytes", static_cast<double>(together), Unit::kBytes,
         "of memory are used by them together"},
        {"largest_bytes", static_cast<double>(largest), Unit::kBytes,
         "of memory are used by one of them"}};
    return JudgeMeasures(inputs, facts, measures, "the processes are not as they should be");
  }

  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeProcesses() { return std::make_unique<Processes>(); }

}  // namespace recourse::host

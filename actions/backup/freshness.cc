#include <sys/statvfs.h>

#include <cerrno>

#include "actions/backup/catalogue.h"
#include "actions/backup/family.h"
#include "actions/backup/specs.h"
#include "actions/inputs.h"
#include "engine/base/text.h"

namespace recourse::backup {
namespace {

struct Freshness {
  const Entry* newest = nullptr;  // of the verified ones, its bytes still being those verified
  std::int64_t verified = 0;
  std::int64_t suspect = 0;
  std::int64_t bytes = 0;
  std::vector<std::string> refused;  // verified ones that are not good any more
};

// Verified once is not good for ever, and the newest is the one that is counted on: it is read.
Result<Freshness> MeasureFreshness(const Catalogue& catalogue, const Context& context) {
  Freshness measured;
  for (const Entry& entry : catalogue.entries) {
    measured.bytes += entry.size;
    measured.suspect += entry.state == State::kSuspect;
    if (entry.state != State::kVerified) continue;
    if (measured.newest == nullptr) {
      auto differ = WhyBytesDiffer(entry, context);
      if (!differ) return std::move(differ).error();
      if (*differ) {
        measured.refused.push_back(entry.name + ": " + **differ);
        continue;
      }
      measured.newest = &entry;
    }
    ++measured.verified;
  }
  return measured;
}

// The thresholds that are reached, a sentence each. Without an age of its own, `age` is one.
Result<Value::List> ReachedBy(const Freshness& measured, const Value& thresholds, const Value& age,
                              Time now) {
  Value::List reasons;
  const Value limits =
      thresholds["age"].is_null() && !age.is_null() ? thresholds.With("age", age) : thresholds;
  if (!limits["age"].is_null() && measured.newest != nullptr) {
    auto allowed = DurationInput(limits, "age", {});
    if (!allowed) return std::move(allowed).error();
    if (const auto old = now - measured.newest->taken_at; old > *allowed) {
      reasons.push_back("the newest verified backup, " + measured.newest->name + ", is " +
                        HumanDuration(old) + " old; the threshold is " + HumanDuration(*allowed));
    }
  }
  if (const std::int64_t count = limits.IntOr("count", 0); measured.verified < count) {
    reasons.push_back("there are " + std::to_string(measured.verified) +
                      " verified backups; the threshold is " + std::to_string(count));
  }
  if (limits.Find("bytes") != nullptr && measured.bytes >= limits.IntOr("bytes", 0)) {
    reasons.push_back("the backups have " + HumanBytes(measured.bytes) + "; the threshold is " +
                      HumanBytes(limits.IntOr("bytes", 0)));
  }
  return reasons;
}

Result<std::int64_t> FreeBytes(const std::string& directory) {
  struct statvfs info;
  if (statvfs(directory.c_str(), &info) != 0) return ErrnoError(errno, "look at " + directory);
  return static_cast<std::int64_t>(info.f_bavail * info.f_frsize);
}

class FreshnessAction final : public Action {
 public:
  const ActionSpec& Spec() const override { return FreshnessSpec(); }

  Outcome Apply(const Context& context) const override {
    auto backups = database::ReadBackups(context.inputs["backups"], context.policy);
    if (!backups) return std::move(backups).error();
    auto catalogue = ReadCatalogue(*backups);
    if (!catalogue) return std::move(catalogue).error();
    auto measured = MeasureFreshness(*catalogue, context);
    if (!measured) return std::move(measured).error();
    const Time now = context.clock.Now();
    auto failed =
        ReachedBy(*measured, context.inputs["fail"], context.inputs["backups"]["max_age"], now);
    if (!failed) return std::move(failed).error().In("fail");
    auto warned = ReachedBy(*measured, context.inputs["warn"], {}, now);
    if (!warned) return std::move(warned).error().In("warn");
    if (measured->newest == nullptr) {
      failed->insert(failed->begin(), "there is no verified backup" +
                                          (measured->refused.empty()
                                               ? std::string()
                                               : "; " + database::Sentences(measured->refused, 3)));
    }
    auto free_bytes = FreeBytes(backups->directory);
    if (!free_bytes) return std::move(free_bytes).error();
    const Value output = OutputOf(backups->directory, *measured, catalogue->entries.size(), now)
                             .With("free_bytes", *free_bytes)
                             .With("level", !failed->empty()   ? "fail"
                                            : !warned->empty() ? "warn"
                                                               : "ok")
                             .With("reasons", !failed->empty() ? *failed : *warned);
    if (failed->empty()) return output;
    return Failure{
        FailedPrecondition("the backups in " + backups->directory +
                           " are not what they should be: " + failed->front().as_string()),
        output};
  }

 private:
  static Value OutputOf(const std::string& directory, const Freshness& measured, std::size_t count,
                        Time now) {
    const Entry* newest = measured.newest;
    const auto age = newest == nullptr
                         ? std::chrono::seconds(-1)
                         : std::chrono::duration_cast<std::chrono::seconds>(now - newest->taken_at);
    return Value::Object(
        {{"directory", directory},
         {"newest_verified", newest == nullptr ? "" : newest->name},
         {"newest_verified_path", newest == nullptr ? "" : newest->path},
         {"taken_at", newest == nullptr ? "" : database::TimeText(newest->taken_at)},
         {"age_seconds", std::int64_t{age.count()}},
         {"count", static_cast<std::int64_t>(count)},
         {"verified", measured.verified},
         {"suspect", measured.suspect},
         {"bytes", measured.bytes}});
  }
};

}  // namespace

std::unique_ptr<const Action> MakeFreshness() { return std::make_unique<FreshnessAction>(); }

}  // namespace recourse::backup

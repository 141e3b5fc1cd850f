#include <algorithm>

#include "actions/cache/family.h"
#include "actions/cache/redis.h"
#include "actions/inputs.h"
#include "engine/base/fail_point.h"
#include "engine/base/text.h"

namespace recourse::cache {
namespace {

constexpr const char* kBatch = "1000";  // keys that Redis looks at in one go
constexpr std::chrono::seconds kCountedFor(5);

constexpr std::string_view kFlushInputs = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "prefix": {"type": "string", "minLength": 1,
      "description": "remove the keys that begin so; default: the cache's prefix"},
    "everything": {"type": "boolean", "default": false,
      "description": "remove all keys of the database (of the others none), instead"}
  }
})";

constexpr std::string_view kFlushOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "database": {"type": "integer"},
    "prefix": {"type": "string", "description": "empty: everything"},
    "keys_before": {"type": "integer", "description": "of the whole database"},
    "removed": {"type": "integer", "description": "by this action, as far as it can be counted"},
    "keys_after": {"type": "integer", "description": "of the whole database"},
    "duration_ms": {"type": "integer"}
  }
})";

// What is to go. Empty: everything.
Result<std::string> PrefixOf(const Value& inputs) {
  const std::string prefix = inputs.StringOr("prefix", "");
  const bool everything = inputs.BoolOr("everything", false);
  if (everything && !prefix.empty()) {
    return InvalidArgument("either \"prefix\" or \"everything: true\", not both");
  }
  if (everything) return std::string();
  const std::string chosen = prefix.empty() ? inputs["cache"].StringOr("prefix", "") : prefix;
  if (!chosen.empty()) return chosen;
  return InvalidArgument(
      "what is to go? Give a \"prefix\" (or one of the cache), or say \"everything: true\"");
}

// As a pattern of SCAN that matches what begins with exactly these characters.
std::string PatternFor(const std::string& prefix) {
  std::string pattern;
  for (const char c : prefix) {
    if (std::string_view("*?[]\\^-").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern + "*";
}

// A part of the keys with that prefix, and where to go on; "0" is the end.
struct Batch {
  std::string cursor;
  std::vector<std::string> keys;
};

Result<Batch> Scan(Redis& redis, const std::string& cursor, const std::string& pattern) {
  const auto answer = redis.Do({"SCAN", cursor, "MATCH", pattern, "COUNT", kBatch});
  if (!answer) return answer.error();
  const bool known = answer->is_list() && answer->as_list().size() == 2 &&
                     answer->as_list()[0].is_string() && answer->as_list()[1].is_list();
  if (!known) return Internal("SCAN is answered with something else than a cursor and keys");
  Batch batch{answer->as_list()[0].as_string(), {}};
  for (const Value& key : answer->as_list()[1].as_list()) batch.keys.push_back(key.as_string());
  return batch;
}

Result<std::int64_t> Size(Redis& redis) {
  const auto size = redis.Do({"DBSIZE"});
  if (!size) return size.error();
  return size->is_int() ? size->as_int() : 0;
}

class Flush final : public Action {
 public:
  Flush() {
    spec_.name = "cache.flush";
    spec_.summary = "Remove a cache's keys by their prefix, without blocking it";
    spec_.inputs = WithCache(Schema(kFlushInputs));
    spec_.output = Schema(kFlushOutput);
    spec_.repeat = RepeatClass::kIdempotent;
    spec_.has_plan = true;
    spec_.without_compensation = "it is a cache: the application fills it again";
    spec_.timeout = std::chrono::minutes(15);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Result<ActionPlan> Plan(const Context& context) const override {
    const auto prefix = PrefixOf(context.inputs);
    if (!prefix) return prefix.error();
    auto redis = Redis::Connect(context);
    if (!redis) return std::move(redis).error();
    const auto size = Size(*redis);
    if (!size) return size.error();
    const auto many = prefix->empty() ? Result<std::string>(std::to_string(*size))
                                      : Count(*redis, *prefix, context);
    if (!many) return many.error();
    const std::string where =
        "database " + std::to_string(redis->database()) + " of the cache at " + redis->address();
    const std::string what =
        prefix->empty() ? "all keys" : "the keys that begin with \"" + *prefix + "\"";
    return ActionPlan{
        {"remove " + what + " from " + where + ": " + *many + " of its " + std::to_string(*size) +
         " keys"},
        0,
        {"what these keys hold is gone; the application is slower until it has "
         "filled them again" +
         std::string(prefix->empty() ? ", and what it keeps nowhere else is lost" : "")}};
  }

  Outcome Apply(const Context& context) const override {
    const auto begun = std::chrono::steady_clock::now();
    const auto prefix = PrefixOf(context.inputs);
    if (!prefix) return prefix.error();
    auto redis = Redis::Connect(context);
    if (!redis) return std::move(redis).error();
    const auto before = Size(*redis);
    if (!before) return before.error();
    auto removed = prefix->empty() ? RemoveAll(*redis, *before)
                                   : RemoveByPrefix(*redis, *prefix, *before, context);
    if (!removed) return std::move(removed).failure();
    const auto after = Size(*redis);
    if (!after) return after.error();
    const auto duration = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begun);
    return Value::Object({{"database", redis->database()},
                          {"prefix", *prefix},
                          {"keys_before", *before},
                          {"removed", removed.output()},
                          {"keys_after", *after},
                          {"duration_ms", std::int64_t{duration.count()}}});
  }

 private:
  static std::optional<Error> WhyToEnd(const Context& context) {
    const bool over =
        context.stop.stop_requested() || std::chrono::steady_clock::now() >= context.deadline;
    return over ? std::optional(context.StopError()) : std::nullopt;
  }

  // "1234", or "at least 1234" when to count them all would take too long.
  static Result<std::string> Count(Redis& redis, const std::string& prefix,
                                   const Context& context) {
    const auto until = std::chrono::steady_clock::now() + kCountedFor;
    std::int64_t count = 0;
    std::string cursor = "0";
    do {
      if (auto end = WhyToEnd(context)) return *std::move(end);
      auto batch = Scan(redis, cursor, PatternFor(prefix));
      if (!batch) return std::move(batch).error();
      count += static_cast<std::int64_t>(batch->keys.size());
      cursor = batch->cursor;
      if (cursor != "0" && std::chrono::steady_clock::now() >= until) {
        return "at least " + std::to_string(count);
      }
    } while (cursor != "0");
    return std::to_string(count);
  }

  // Never FLUSHALL: other databases are other applications'.
  static Outcome RemoveAll(Redis& redis, std::int64_t before) {
    auto flushed = redis.Do({"FLUSHDB", "ASYNC"});
    if (!flushed) return Failure{std::move(flushed).error(), {}, LeftBehind::kUnknown};
    RECOURSE_FAIL_POINT("cache_flushed");
    return Value(before);
  }

  static Outcome RemoveByPrefix(Redis& redis, const std::string& prefix, std::int64_t all,
                                const Context& context) {
    std::int64_t removed = 0;
    std::string cursor = "0";
    const auto failed = [&](Error error) {
      return Failure{std::move(error).In("removed " + std::to_string(removed) + " keys so far"),
                     Value::Object({{"removed", removed}}), LeftBehind::kUnknown};
    };
    do {
      if (auto end = WhyToEnd(context)) return failed(*std::move(end));
      auto batch = Scan(redis, cursor, PatternFor(prefix));
      if (!batch) return failed(std::move(batch).error());
      cursor = batch->cursor;
      if (batch->keys.empty()) continue;
      std::vector<std::string> command = {"UNLINK"};
      command.insert(command.end(), batch->keys.begin(), batch->keys.end());
      auto unlinked = redis.Do(command);
      if (!unlinked) return failed(std::move(unlinked).error());
      RECOURSE_FAIL_POINT("cache_keys_removed");
      removed += unlinked->is_int() ? unlinked->as_int() : 0;
      context.progress(removed, all, "keys");
    } while (cursor != "0");
    return Value(removed);
  }

  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeFlush() { return std::make_unique<Flush>(); }

}  // namespace recourse::cache

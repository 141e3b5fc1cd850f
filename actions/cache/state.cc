// cache.ping, cache.info, cache.hit_rate.
#include "actions/cache/family.h"
#include "actions/cache/redis.h"
#include "actions/inputs.h"
#include "actions/stop_event.h"
#include "actions/thresholds.h"
#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/definition/checked_resources.h"

namespace recourse::cache {
namespace {

constexpr std::string_view kNoInputs =
    R"({"type": "object", "additionalProperties": false, "properties": {}})";

constexpr std::string_view kPingOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "address": {"type": "string"},
    "latency_ms": {"type": "number", "description": "from the question to PONG"}
  }
})";

constexpr std::string_view kInfoLimits = R"({
  "memory_percent": {"type": "number", "minimum": 0, "maximum": 100,
    "description": "at least this much of its maxmemory is used; not judged where it has none"},
  "used_memory_bytes": {"type": "integer", "minimum": 0, "description": "at least"},
  "connected_clients": {"type": "integer", "minimum": 0, "description": "at least"},
  "evicted_keys": {"type": "integer", "minimum": 0,
    "description": "at least so many were thrown out for want of memory since it started"}
})";

constexpr std::string_view kInfoOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "address": {"type": "string"},
    "version": {"type": "string"},
    "role": {"type": "string", "description": "master or slave"},
    "uptime_seconds": {"type": "integer"},
    "connected_clients": {"type": "integer"},
    "used_memory_bytes": {"type": "integer"},
    "maxmemory_bytes": {"type": "integer", "description": "0: no limit"},
    "memory_percent": {"type": "number", "description": "0 without a limit"},
    "keys": {"type": "integer", "description": "of the database"},
    "evicted_keys": {"type": "integer"},
    "expired_keys": {"type": "integer"},
    "hit_percent": {"type": "number", "description": "since it started; 0 before any request"},
    "last_save_ok": {"type": "boolean"},
    "fields": {"type": "object", "additionalProperties": {"type": "string"},
      "description": "all that INFO says"}
  }
})";

constexpr std::string_view kHitRateInputs = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "over": {"type": "string", "default": "0s",
      "description": "how long it is measured, up to 1h; 0s: since Redis started, or its statistics were reset"},
    "requests_min": {"type": "integer", "minimum": 1, "default": 100,
      "description": "fewer requests than that are not judged"}
  }
})";

constexpr std::string_view kHitRateLimits = R"({
  "hit_percent": {"type": "number", "minimum": 0, "maximum": 100,
    "description": "fewer of the requests found what they asked for"}
})";

constexpr std::string_view kHitRateOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "hit_percent": {"type": "number"},
    "hits": {"type": "integer"},
    "misses": {"type": "integer"},
    "requests": {"type": "integer"},
    "judged": {"type": "boolean", "description": "there were enough requests"},
    "over_ms": {"type": "integer", "description": "0: since Redis started"}
  }
})";

double PercentOf(std::int64_t part, std::int64_t whole) {
  return whole <= 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

Result<Value> InfoOf(Redis& redis) {
  const auto info = redis.Do({"INFO"});
  if (!info) return info.error();
  if (!info->is_string()) return Internal("INFO is answered with no text");
  return ReadInfo(info->as_string());
}

class Ping final : public Action {
 public:
  Ping() {
    spec_.name = "cache.ping";
    spec_.summary = "Ask a cache whether it answers";
    spec_.inputs = WithCache(Schema(kNoInputs));
    spec_.output = Schema(kPingOutput);
    spec_.repeat = RepeatClass::kReadOnly;
    spec_.timeout = std::chrono::seconds(30);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    auto redis = Redis::Connect(context);
    if (!redis) return std::move(redis).error();
    const auto asked = std::chrono::steady_clock::now();
    auto answer = redis->Do({"PING"});
    if (!answer) return std::move(answer).error();
    const auto latency = std::chrono::steady_clock::now() - asked;
    if (*answer != Value("PONG")) {
      return FailedPrecondition("what answers at " + redis->address() +
                                " is no Redis: PING is answered with " + ToJson(*answer));
    }
    return Value::Object(
        {{"address", redis->address()},
         {"latency_ms", std::chrono::duration<double, std::milli>(latency).count()}});
  }

 private:
  ActionSpec spec_;
};

class Info final : public Action {
 public:
  Info() {
    spec_.name = "cache.info";
    spec_.summary = "Tell a cache's memory, clients and keys, and compare them with thresholds";
    spec_.inputs = WithCache(
        WithThresholds(kNoInputs, kInfoLimits, "RESOURCE_EXHAUSTED when one of these is reached"));
    spec_.output = WithLevel(kInfoOutput);
    spec_.repeat = RepeatClass::kReadOnly;
    spec_.timeout = std::chrono::seconds(30);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    auto redis = Redis::Connect(context);
    if (!redis) return std::move(redis).error();
    const auto info = InfoOf(*redis);
    if (!info) return info.error();
    const auto keys = redis->Do({"DBSIZE"});
    if (!keys) return keys.error();
    const std::int64_t used = NumberIn(*info, "used_memory");
    const std::int64_t most = NumberIn(*info, "maxmemory");
    const std::int64_t clients = NumberIn(*info, "connected_clients");
    const std::int64_t evicted = NumberIn(*info, "evicted_keys");
    const std::int64_t hits = NumberIn(*info, "keyspace_hits");
    const Value facts =
        Value::Object({{"address", redis->address()},
                       {"version", info->StringOr("redis_version", "")},
                       {"role", info->StringOr("role", "")},
                       {"uptime_seconds", NumberIn(*info, "uptime_in_seconds")},
                       {"connected_clients", clients},
                       {"used_memory_bytes", used},
                       {"maxmemory_bytes", most},
                       {"memory_percent", PercentOf(used, most)},
                       {"keys", *keys},
                       {"evicted_keys", evicted},
                       {"expired_keys", NumberIn(*info, "expired_keys")},
                       {"hit_percent", PercentOf(hits, hits + NumberIn(*info, "keyspace_misses"))},
                       {"last_save_ok", info->StringOr("rdb_last_bgsave_status", "ok") == "ok"},
                       {"fields", *info}});
    std::vector<Measure> measures = {
        {"used_memory_bytes", static_cast<double>(used), Unit::kBytes, "of memory are used"},
        {"connected_clients", static_cast<double>(clients), Unit::kNumber, "clients are connected"},
        {"evicted_keys", static_cast<double>(evicted), Unit::kNumber,
         "keys were thrown out for want of memory"}};
    if (most > 0) {
      measures.push_back(
          {"memory_percent", PercentOf(used, most), Unit::kPercent, "of its maxmemory is used"});
    }
    return JudgeMeasures(context.inputs, facts, measures,
                         "the cache at " + redis->address() + " is too full");
  }

 private:
  ActionSpec spec_;
};

class HitRate final : public Action {
 public:
  HitRate() {
    spec_.name = "cache.hit_rate";
    spec_.summary = "Tell how many of a cache's requests find what they ask for";
    spec_.inputs = WithCache(
        WithThresholds(kHitRateInputs, kHitRateLimits, "FAILED_PRECONDITION when it is lower"));
    spec_.output = WithLevel(kHitRateOutput);
    spec_.repeat = RepeatClass::kReadOnly;
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    const auto over = DurationInput(context.inputs, "over", std::chrono::microseconds(0));
    if (!over) return over.error();
    if (*over > std::chrono::hours(1)) {
      return InvalidArgument("over: expected at most 1h, found " + FormatDuration(*over));
    }
    Value before = Value(Value::Map{});
    if (over->count() > 0) {
      auto begun = Now(context);
      if (!begun) return std::move(begun).error();
      before = *begun;
      if (!StopEvent(context).WaitFor(*over)) return context.StopError().In("measure the cache");
    }
    const auto now = Now(context);
    if (!now) return now.error();
    return Judged(context.inputs, *now, before, *over);
  }

 private:
  // By a connection of its own each time: Redis closes those that are idle.
  static Result<Value> Now(const Context& context) {
    auto redis = Redis::Connect(context);
    if (!redis) return std::move(redis).error();
    return InfoOf(*redis);
  }

  static Outcome Judged(const Value& inputs, const Value& now, const Value& before,
                        std::chrono::microseconds over) {
    const auto grown = [&](std::string_view name) {
      const std::int64_t all = NumberIn(now, name);
      const std::int64_t old = NumberIn(before, name);
      return all < old ? all : all - old;  // it was started anew, or its statistics were reset
    };
    const std::int64_t hits = grown("keyspace_hits");
    const std::int64_t requests = hits + grown("keyspace_misses");
    const double percent = PercentOf(hits, requests);
    const bool judged = requests >= inputs.IntOr("requests_min", 100);
    const Value facts = Value::Object({{"hit_percent", percent},
                                       {"hits", hits},
                                       {"misses", requests - hits},
                                       {"requests", requests},
                                       {"judged", judged},
                                       {"over_ms", std::int64_t{over.count() / 1000}}});
    std::vector<Measure> measures;
    if (judged) {
      measures.push_back({"hit_percent", percent, Unit::kPercent,
                          "of " + std::to_string(requests) + " requests found what they asked for",
                          true, Code::kFailedPrecondition});
    }
    return JudgeMeasures(inputs, facts, measures, "the cache is of too little use");
  }

  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeHitRate() { return std::make_unique<HitRate>(); }
std::unique_ptr<const Action> MakeInfo() { return std::make_unique<Info>(); }
std::unique_ptr<const Action> MakePing() { return std::make_unique<Ping>(); }

}  // namespace recourse::cache

#include "actions/cache/redis.h"

#include <hiredis/hiredis.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <sstream>

#include "actions/inputs.h"
#include "actions/process/utf8.h"
#include "actions/secret_file.h"

namespace recourse::cache {
namespace {

using std::chrono::microseconds;

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

// A limit of 0 would be none at all to hiredis.
timeval LimitOf(const Context& context, microseconds limit) {
  const auto left =
      std::chrono::duration_cast<microseconds>(context.deadline - std::chrono::steady_clock::now());
  const auto most = std::max(microseconds(1000), std::min(limit, left));
  return {most.count() / 1'000'000, most.count() % 1'000'000};
}

Code CodeOf(std::string_view answer) {
  const std::string_view word = answer.substr(0, answer.find(' '));
  if (word == "LOADING" || word == "MASTERDOWN" || word == "CLUSTERDOWN" || word == "TRYAGAIN") {
    return Code::kUnavailable;
  }
  if (word == "BUSY") return Code::kAborted;
  if (word == "NOAUTH" || word == "WRONGPASS") return Code::kUnauthenticated;
  if (word == "NOPERM" || word == "DENIED") return Code::kPermissionDenied;
  if (word == "OOM") return Code::kResourceExhausted;
  return Code::kFailedPrecondition;  // MISCONF, READONLY, NOREPLICAS, ERR ...
}

Value ToValue(const redisReply& reply) {
  switch (reply.type) {
    case REDIS_REPLY_INTEGER:
      return std::int64_t{reply.integer};
    case REDIS_REPLY_ARRAY: {
      Value::List list;
      for (std::size_t i = 0; i < reply.elements; ++i) list.push_back(ToValue(*reply.element[i]));
      return list;
    }
    case REDIS_REPLY_NIL:
      return {};
    default:
      return std::string(reply.str, static_cast<std::size_t>(reply.len));
  }
}

struct Place {
  std::string host, socket;
  int port = 0;

  std::string ToString() const {
    return socket.empty() ? host + ":" + std::to_string(port) : socket;
  }
};

Result<Place> PlaceOf(const Value& cache, const Policy& policy) {
  Place place{cache.StringOr("host", "127.0.0.1"), cache.StringOr("socket", ""),
              static_cast<int>(cache.IntOr("port", 6379))};
  if (place.socket.empty()) return place;
  if (cache.Find("host") != nullptr || cache.Find("port") != nullptr) {
    return InvalidArgument("cache: it answers at a socket, or at a host and port, not at both");
  }
  if (auto allowed = policy.AllowPath(place.socket); !allowed) return std::move(allowed).error();
  return place;
}

Result<std::string> PasswordOf(const Context& context) {
  if (std::string given = context.inputs.StringOr("password", ""); !given.empty()) return given;
  const std::string file = context.inputs["cache"].StringOr("password_file", "");
  if (file.empty()) return std::string();
  return ReadSecretFile(file, context.policy);
}

}  // namespace

void Redis::Closer::operator()(redisContext* connection) const { redisFree(connection); }

Result<Redis> Redis::Connect(const Context& context) {
  const Value& cache = context.inputs["cache"];
  const auto place = PlaceOf(cache, context.policy);
  if (!place) return place.error();
  const auto password = PasswordOf(context);
  if (!password) return password.error();
  const auto connect_limit = DurationInput(cache, "connect_timeout", std::chrono::seconds(2));
  if (!connect_limit) return connect_limit.error().In("cache");
  const auto limit = DurationInput(cache, "timeout", std::chrono::seconds(5));
  if (!limit) return limit.error().In("cache");

  const timeval first = LimitOf(context, *connect_limit);
  Connection connection(place->socket.empty()
                            ? redisConnectWithTimeout(place->host.c_str(), place->port, first)
                            : redisConnectUnixWithTimeout(place->socket.c_str(), first));
  const std::string address = place->ToString();
  if (!connection || connection->err != 0 ||
      redisSetTimeout(connection.get(), LimitOf(context, *limit)) != REDIS_OK) {
    return Unavailable("nobody answers for the cache at " + address + ": " +
                       (connection ? connection->errstr : "no memory"));
  }
  Redis redis(address, std::move(connection), cache.IntOr("database", 0));
  const std::string user = cache.StringOr("username", "");
  if (!password->empty() || !user.empty()) {
    auto known = redis.Do(user.empty() ? std::vector<std::string>{"AUTH", *password}
                                       : std::vector<std::string>{"AUTH", user, *password});
    if (!known) return std::move(known).error();
  }
  if (redis.database_ != 0) {
    auto selected = redis.Do({"SELECT", std::to_string(redis.database_)});
    if (!selected) return std::move(selected).error();
  }
  return redis;
}

Result<Value> Redis::Do(const std::vector<std::string>& command) {
  std::vector<const char*> words;
  std::vector<std::size_t> sizes;
  for (const std::string& word : command) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  }
  const Reply reply(static_cast<redisReply*>(redisCommandArgv(
      connection_.get(), static_cast<int>(words.size()), words.data(), sizes.data())));
  const std::string doing = "the cache at " + address_ + ": " + command[0];
  if (!reply) {
    const bool in_time = connection_->err != REDIS_ERR_IO || errno != EAGAIN;
    return Unavailable(doing + " got no answer" +
                       (in_time ? std::string(": ") + connection_->errstr : " in time"));
  }
  if (reply->type != REDIS_REPLY_ERROR) return ToValue(*reply);
  const std::string said = process::ToUtf8({reply->str, static_cast<std::size_t>(reply->len)});
  return Error{CodeOf(said), doing + " is answered with " + said};
}

Value ReadInfo(const std::string& info) {
  Value::Map fields;
  std::istringstream lines(info);
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(':');
    if (line.starts_with('#') || colon == std::string::npos) continue;
    if (line.ends_with('\r')) line.pop_back();
    fields[line.substr(0, colon)] = process::ToUtf8(line.substr(colon + 1));
  }
  return fields;
}

std::int64_t NumberIn(const Value& info, std::string_view name) {
  const std::string text = info.StringOr(name, "0");
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace recourse::cache

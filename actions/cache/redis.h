// A connection to a Redis server, by hiredis, which stays behind this header. Plain TCP or a socket
// of the machine: the library of Debian 12 has no TLS.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "actions/action.h"
#include "engine/base/error.h"
#include "engine/base/value.h"

struct redisContext;

namespace recourse::cache {

class Redis {
 public:
  // Connected to the input `cache`, made known with its user and password (or the input
  // `password`), and on its database. kUnavailable: nobody answers, or the server is still loading.
  // kUnauthenticated: it wants another password. kInvalidArgument: the inputs contradict each
  // other. Errors of ReadSecretFile.
  static Result<Redis> Connect(const Context& context);

  // What the server answers: text, an integer, null or a list of these.
  // kUnavailable: no answer in time, the connection is gone (whether the command took effect is not
  // known then), or LOADING. What it answers else is an error with its own words: kUnauthenticated
  // (NOAUTH, WRONGPASS), kPermissionDenied (NOPERM), kResourceExhausted (OOM), kFailedPrecondition.
  Result<Value> Do(const std::vector<std::string>& command);

  // "127.0.0.1:6379", "/run/redis.sock".
  const std::string& address() const { return address_; }
  std::int64_t database() const { return database_; }

 private:
  struct Closer {
    void operator()(redisContext* connection) const;
  };
  using Connection = std::unique_ptr<redisContext, Closer>;

  Redis(std::string address, Connection connection, std::int64_t database)
      : address_(std::move(address)), connection_(std::move(connection)), database_(database) {}

  std::string address_;
  Connection connection_;
  std::int64_t database_;
};

// The lines "name:value" of what INFO answers, as a map of texts.
Value ReadInfo(const std::string& info);

// The number that stands there as a text; 0 when none does.
std::int64_t NumberIn(const Value& info, std::string_view name);

}  // namespace recourse::cache

#include <httplib.h>
#include <sys/stat.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "actions/http/http.h"
#include "tests/unit/actions/world.h"

namespace recourse {
namespace {

using testing::MessageOf;
using testing::World;

// A backup API behind tokens that are good for a number of requests each: what DigitalMe has.
class BackupApi {
 public:
  explicit BackupApi(int requests_a_token = 1000) : requests_a_token_(requests_a_token) {
    server_.Post("/api/auth/login",
                 [this](const auto& request, auto& response) { LogIn(request, response); });
    server_.Get("/api/backup", [this](const auto& request, auto& response) {
      if (!Knows(request, response)) return;
      response.set_content(R"({"count": )" + std::to_string(backups_) + R"(, "sent": ")" +
                               request.get_header_value("Authorization") + "\"}",
                           "application/json");
    });
    server_.Post("/api/backup", [this](const auto& request, auto& response) {
      if (Knows(request, response)) Create(request, response);
    });
    server_.Delete("/api/backup", [this](const auto&, auto&) { hold_.wait(true); });
    server_.Put("/api/settings", [this](const auto&, auto& response) {
      response.set_header("Set-Cookie", "session=s3cret");
      response.set_content("plain\x1b text", "text/plain");
    });
    server_.Get("/moved",
                [](const auto&, auto& response) { response.set_redirect("/api/backup"); });
    server_.Get(R"(/status/(\d+))", [](const auto& request, auto& response) {
      response.status = std::stoi(request.matches[1]);
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~BackupApi() {
    hold_ = false;
    hold_.notify_all();
    server_.stop();
    thread_.join();
  }

  std::string Url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  Value At(const std::string& path) const { return Value::Object({{"url", Url(path)}}); }
  // As a target names it.
  Value Api(const std::string& password_file) const {
    const Value login = Value::Object({{"path", "/api/auth/login"},
                                       {"json", Value::Object({{"username", "recourse"}})},
                                       {"password_file", password_file},
                                       {"token_member", "data.token"}});
    return Value::Object({{"url", Url("/")}, {"auth", Value::Object({{"login", login}})}});
  }

  int backups() const { return backups_; }
  int logins() const { return logins_; }
  std::string last_key() {
    const std::lock_guard lock(mutex_);
    return last_key_;
  }
  void Hold() { hold_ = true; }  // backups are made, and nothing is answered

 private:
  void LogIn(const httplib::Request& request, httplib::Response& response) {
    const auto body = ParseJson(request.body);
    if (!body || body->StringOr("password", "") != "open-sesame") {
      response.status = 401;
      return;
    }
    left_ = requests_a_token_;
    response.set_content(R"({"data": {"token": "token-)" + std::to_string(++logins_) + "\"}}",
                         "application/json");
  }

  bool Knows(const httplib::Request& request, httplib::Response& response) {
    const std::string wanted = "Bearer token-" + std::to_string(logins_);
    if (request.get_header_value("Authorization") == wanted && left_-- > 0) return true;
    response.status = 401;
    return false;
  }

  void Create(const httplib::Request& request, httplib::Response& response) {
    {
      const std::lock_guard lock(mutex_);
      last_key_ = request.get_header_value("Idempotency-Key");
    }
    ++backups_;
    hold_.wait(true);
    response.status = 201;
    response.set_content(R"({"id": "b-1"})", "application/json");
  }

  const int requests_a_token_;
  httplib::Server server_;
  int port_ = 0;
  std::atomic<int> left_ = 0, logins_ = 0, backups_ = 0;
  std::atomic<bool> hold_ = false;
  std::mutex mutex_;
  std::string last_key_;  // guarded by mutex_
  std::thread thread_;
};

class HttpWorld : public World {
 public:
  HttpWorld() : World(AddHttpActions) {}

  std::string Password() const {
    const std::string file = Write("password", "open-sesame\n");
    chmod(file.c_str(), 0600);
    return file;
  }
  Failure Refused(const std::string& action, const Value& inputs) {
    Outcome outcome = Do(action, inputs);
    REQUIRE_FALSE(outcome);
    return outcome.failure();
  }
};

TEST_CASE("http.request logs in first, and no token leaves it", "[actions][http]") {
  HttpWorld world;
  BackupApi api;
  const Value inputs = Value::Object({{"api", api.Api(world.Password())}, {"path", "/api/backup"}});
  const Outcome asked = world.Do("http.request", inputs);
  INFO(MessageOf(asked));
  REQUIRE(asked);
  CHECK(asked.output()["status"] == Value(200));
  CHECK(asked.output()["json"]["count"] == Value(0));
  CHECK(asked.output()["json"]["sent"] == Value("Bearer [hidden]"));
  CHECK(asked.output()["headers"]["content-type"] == Value("application/json"));
  CHECK(asked.output()["latency_ms"].as_double() > 0);
  CHECK(api.logins() == 1);
}

TEST_CASE("an expired token is renewed once, and the request sent again", "[actions][http]") {
  HttpWorld world;
  BackupApi api;
  const Value in_target = api.Api(world.Password());
  const Value both =
      Value::Object({{"bearer", "token-of-last-week"}, {"login", in_target["auth"]["login"]}});
  const Value inputs = Value::Object({{"api", in_target}, {"auth", both}, {"path", "/api/backup"}});
  const Outcome sent = world.Do("http.send", inputs);
  INFO(MessageOf(sent));
  REQUIRE(sent);
  CHECK(api.backups() == 1);
  CHECK(api.logins() == 1);

  BackupApi strict(0);  // its tokens are never good
  const Failure failure = world.Refused(
      "http.send", Value::Object({{"api", strict.Api(world.Password())}, {"path", "/api/backup"}}));
  CHECK(failure.error.code == Code::kUnauthenticated);
  CHECK(failure.left == LeftBehind::kNothing);
  CHECK(strict.logins() == 2);
}

TEST_CASE("a login that fails says so, without the password, and sends nothing",
          "[actions][http]") {
  HttpWorld world;
  BackupApi api;
  const std::string file = world.Password();
  world.Write("password", "open-barley\n");
  const Value inputs = Value::Object({{"api", api.Api(file)}, {"path", "/api/backup"}});
  const Failure failure = world.Refused("http.send", inputs);
  CHECK(failure.error.code == Code::kUnauthenticated);
  CHECK_THAT(failure.error.message, Catch::Contains("is answered with 401") &&
                                        Catch::EndsWith("the request itself was not sent"));
  CHECK_THAT(failure.error.message, !Catch::Contains("barley"));
  CHECK(failure.left == LeftBehind::kNothing);
  CHECK(api.backups() == 0);
}

TEST_CASE("http.request says by its code what kind of no it got", "[actions][http]") {
  HttpWorld world;
  BackupApi api;
  const auto code = [&](const std::string& status) {
    const Failure failure = world.Refused("http.request", api.At("/status/" + status));
    CHECK(failure.evidence["status"] == Value(std::stoi(status)));
    return failure.error.code;
  };
  CHECK(code("401") == Code::kUnauthenticated);
  CHECK(code("403") == Code::kPermissionDenied);
  CHECK(code("404") == Code::kNotFound);
  CHECK(code("409") == Code::kAborted);
  CHECK(code("418") == Code::kFailedPrecondition);
  CHECK(code("429") == Code::kResourceExhausted);
  CHECK(code("503") == Code::kUnavailable);
  const Failure moved = world.Refused("http.request", api.At("/moved"));
  CHECK(moved.evidence["headers"]["location"] == Value("/api/backup"));  // and is not followed

  const Value expected = Value::Object({{"statuses", Value::List{404, 418}}});
  const Outcome teapot = world.Do("http.request", api.At("/status/418").With("expect", expected));
  REQUIRE(teapot);
  CHECK(teapot.output()["status"] == Value(418));
}

TEST_CASE("http.request compares the answer with what is expected", "[actions][http]") {
  HttpWorld world;
  BackupApi api;
  const auto expect = ParseJson(R"({"json": {"count": {"min": 1}}})");
  const Failure failure = world.Refused(
      "http.request",
      Value::Object(
          {{"api", api.Api(world.Password())}, {"path", "api/backup"}, {"expect", *expect}}));
  CHECK(failure.error.code == Code::kFailedPrecondition);
  CHECK_THAT(failure.error.message,
             Catch::Contains("count is 0, expected at least 1") && !Catch::Contains("token-"));
}

TEST_CASE(
    "http.send keeps what it is answered, but no cookies and nothing that controls a terminal",
    "[actions][http]") {
  HttpWorld world;
  BackupApi api;
  const Outcome put =
      world.Do("http.send", api.At("/api/settings").With("method", "PUT").With("json", 1));
  INFO(MessageOf(put));
  REQUIRE(put);
  CHECK(put.output()["body"] == Value("plain. text"));
  CHECK(put.output()["json"].is_null());
  CHECK(put.output()["headers"].Find("set-cookie") == nullptr);
}

TEST_CASE("a request that got no answer may have taken effect, one that found nobody has not",
          "[actions][http]") {
  HttpWorld world;
  Value inputs;
  {
    BackupApi api;
    inputs = Value::Object(
        {{"api", api.Api(world.Password())}, {"path", "/api/backup"}, {"timeout", "700ms"}});
    api.Hold();
    const Failure lost = world.Refused("http.send", inputs);
    CHECK(lost.error.code == Code::kDeadlineExceeded);
    CHECK(lost.left == LeftBehind::kUnknown);
    CHECK_THAT(lost.error.message, Catch::Contains("it may have taken effect all the same"));
    CHECK(api.backups() == 1);
    // One that the API knows by its key is sent again at once; one that HTTP calls idempotent is
    // undone in a rollback like one that has taken effect.
    CHECK(world.Refused("http.send", inputs.With("idempotency_header", "Idempotency-Key")).left ==
          LeftBehind::kUnknown);
    CHECK(api.backups() == 4);
    CHECK(world.Refused("http.send", inputs.With("method", "DELETE")).left == LeftBehind::kPartial);
  }
  const Failure nobody = world.Refused("http.send", inputs);
  CHECK(nobody.error.code == Code::kUnavailable);
  CHECK(nobody.left == LeftBehind::kNothing);
}

TEST_CASE("what http.send did before a crash is found out, or asked of a person",
          "[actions][http]") {
  using Verdict = ProbeAnswer::Verdict;
  HttpWorld world;
  BackupApi api;
  const Value inputs = Value::Object({{"api", api.Api(world.Password())}, {"path", "/api/backup"}});
  const auto probe = [&](const Value& of) {
    return world.Find("http.send").Probe(world.MakeContext(of)).verdict;
  };
  CHECK(probe(inputs) == Verdict::kUnknown);
  CHECK(probe(inputs.With("method", "PUT")) == Verdict::kRepeatable);

  SECTION("by a request that tells") {
    const auto asks = ParseJson(R"({"path": "/api/backup", "expect": {"json": {"count": 1}}})");
    const Value with_probe = inputs.With("probe", *asks);
    CHECK(probe(with_probe) == Verdict::kNotApplied);
    REQUIRE(world.Do("http.send", with_probe));
    const ProbeAnswer found = world.Find("http.send").Probe(world.MakeContext(with_probe));
    CHECK(found.verdict == Verdict::kApplied);
    CHECK(found.output["json"]["count"] == Value(1));
    const auto broken = ParseJson(R"({"path": "/status/500", "expect": {}})");
    CHECK(probe(inputs.With("probe", *broken)) == Verdict::kUnknown);
  }
  SECTION("by a key that the API knows") {
    const Value keyed = inputs.With("idempotency_header", "Idempotency-Key");
    CHECK(probe(keyed) == Verdict::kRepeatable);
    REQUIRE(world.Do("http.send", keyed));
    CHECK(api.last_key() == world.key);
  }
}

TEST_CASE("http.send shows in a plan what it would send", "[actions][http]") {
  HttpWorld world;
  const auto inputs = ParseJson(R"({"url": "http://127.0.0.1:9/api/restore", "json": {"id": 4}})");
  const auto plan = world.Find("http.send").Plan(world.MakeContext(*inputs));
  REQUIRE(plan);
  CHECK(plan->lines[0] == "send POST http://127.0.0.1:9/api/restore: {\"id\":4}");
}

TEST_CASE("requests that contradict themselves are refused before anything is sent",
          "[actions][http]") {
  HttpWorld world;
  for (const std::string inputs :
       {R"({})", R"({"path": "/x"})", R"({"url": "ftp://127.0.0.1/x"})",
        R"({"url": "http://127.0.0.1:9/", "path": "/x", "api": {"url": "http://127.0.0.1:9"}})",
        R"({"url": "http://127.0.0.1:9/", "json": 1, "body": "x"})",
        R"({"url": "http://127.0.0.1:9/", "timeout": "0s"})",
        R"({"url": "http://127.0.0.1:9/", "headers": {"X": "a\r\nY: b"}})",
        R"({"url": "http://127.0.0.1:9/", "headers": {"X: a": "b"}})",
        R"({"url": "http://127.0.0.1:9/", "idempotency_header": "X: y"})",
        R"({"url": "http://127.0.0.1:9/", "auth": {"bearer": "x", "basic": {"username": "u"}}})"}) {
    INFO(inputs);
    const Outcome outcome = world.DoJson("http.send", inputs);
    REQUIRE_FALSE(outcome);
    CHECK(outcome.failure().error.code == Code::kInvalidArgument);
    CHECK(outcome.failure().left == LeftBehind::kNothing);
  }
}

}  // namespace
}  // namespace recourse

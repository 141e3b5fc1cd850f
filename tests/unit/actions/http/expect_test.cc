#include <httplib.h>

#include <atomic>
#include <thread>

#include "actions/http/expectation.h"
#include "actions/http/http.h"
#include "tests/unit/actions/world.h"

namespace recourse {
namespace {

using testing::MessageOf;
using testing::World;

// A real server on the loopback that counts its requests.
class Endpoint {
 public:
  using Answer = std::function<void(int request, httplib::Response&)>;

  explicit Endpoint(Answer answer) {
    server_.Get("/health/", [this, answer](const httplib::Request&, httplib::Response& response) {
      answer(++requests_, response);
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~Endpoint() {
    server_.stop();
    thread_.join();
  }

  Value Inputs() const {
    return Value::Object(
        {{"url", "http://127.0.0.1:" + std::to_string(port_) + "/health/"}, {"interval", "1ms"}});
  }
  int requests() const { return requests_; }

 private:
  httplib::Server server_;
  int port_ = 0;
  std::atomic<int> requests_ = 0;
  std::thread thread_;
};

void Healthy(int, httplib::Response& response) {
  response.set_content(R"({"Identity": "app", "Metrics": {"cpu": 12500, "list": [{"a": 1.5}]}})",
                       "application/json");
}

TEST_CASE("http.expect can ask that members are there, whatever stands there", "[actions][http]") {
  World world(AddHttpActions);
  Endpoint endpoint(Healthy);
  const Value inputs = endpoint.Inputs().With("within", "0s");
  CHECK(world.Do("http.expect", inputs.With("json_has", Value::List{"Identity", "Metrics.cpu"})));
  const Outcome lacking =
      world.Do("http.expect", inputs.With("json_has", Value::List{"Identity", "Started"}));
  REQUIRE_FALSE(lacking);
  CHECK_THAT(MessageOf(lacking), Catch::Contains("it has no member Started"));

  Endpoint text([](int, httplib::Response& response) { response.set_content("ok", "text/plain"); });
  const Outcome no_json = world.Do(
      "http.expect", text.Inputs().With("within", "0s").With("json_has", Value::List{"Identity"}));
  CHECK_THAT(MessageOf(no_json), Catch::Contains("the body is no JSON"));
}

TEST_CASE("http.expect tells what it measured", "[actions][http]") {
  World world(AddHttpActions);
  Endpoint endpoint(Healthy);
  const auto inputs = ParseJson(R"({"Identity": "app", "Metrics.cpu": {"min": 12500, "max": 13e3},
                                    "Metrics.list[0].a": 1.5})");
  const Outcome expected = world.Do("http.expect", endpoint.Inputs()
                                                       .With("json", *inputs)
                                                       .With("body_contains", "Metrics")
                                                       .With("successes", 3));
  INFO(MessageOf(expected));
  REQUIRE(expected);
  CHECK(expected.output()["status"] == Value(200));
  CHECK(expected.output()["requests"] == Value(3));
  CHECK(expected.output()["json"]["Metrics.cpu"] == Value(12500));
  CHECK(expected.output()["latency_ms"].as_double() > 0);
  CHECK(endpoint.requests() == 3);
}

TEST_CASE("http.expect shows what a wrong answer says, and lets it do no harm", "[actions][http]") {
  World world(AddHttpActions);
  Endpoint endpoint([](int, httplib::Response& response) {
    response.status = 503;
    response.set_content("no disk\x1b[2J\r\nleft\xff \xc2\x9b" + std::string(5000, 'x'),
                         "text/plain");
  });
  const Outcome refused = world.Do("http.expect", endpoint.Inputs().With("within", "0s"));
  REQUIRE_FALSE(refused);
  const std::string& message = refused.failure().error.message;
  CHECK_THAT(message, Catch::Contains("answered 503 with \"no disk.[2J. left. .xxx") &&
                          Catch::Contains("x...\", but the status is 503, expected 200"));
  CHECK(message.size() < 500);
  CHECK(refused.failure().evidence["status"] == Value(503));
  const std::string shown = refused.failure().evidence["body"].as_string();
  CHECK_THAT(shown, Catch::StartsWith("no disk.[2J.\nleft. .xxx"));
  CHECK(shown.size() == 2048);
}

TEST_CASE("http.expect goes on until it has seen enough successes in a row", "[actions][http]") {
  World world(AddHttpActions);
  Endpoint endpoint([](int request, httplib::Response& response) {
    if (request == 1 || request == 3) response.status = 503;
  });
  const Outcome expected = world.Do("http.expect", endpoint.Inputs().With("successes", 2));
  INFO(MessageOf(expected));
  REQUIRE(expected);
  CHECK(expected.output()["requests"] == Value(5));
}

TEST_CASE("http.expect says what was not as expected", "[actions][http]") {
  World world(AddHttpActions);
  Endpoint endpoint(Healthy);
  const Value inputs = endpoint.Inputs().With("within", "20ms");
  const auto failure_of = [&](std::string_view key, const Value& value) {
    const Outcome outcome = world.Do("http.expect", inputs.With(key, value));
    REQUIRE_FALSE(outcome);
    return outcome.failure();
  };
  SECTION("a number that is too small, compared as a number") {
    const Value range = Value::Object({{"min", 100'000}});
    const Failure failure = failure_of("json", Value::Object({{"Metrics.cpu", range}}));
    CHECK(failure.error.code == Code::kFailedPrecondition);
    CHECK(failure.error.message.find("Metrics.cpu is 12500, expected at least 100000") !=
          std::string::npos);
    CHECK(failure.evidence["json"]["Metrics.cpu"] == Value(12500));
  }
  SECTION("a member that is not there") {
    CHECK(failure_of("json", Value::Object({{"Metrics.gpu", 1}}))
              .error.message.find("Metrics.gpu is nothing") != std::string::npos);
  }
  SECTION("another text") {
    CHECK(failure_of("body_contains", "sunshine").error.message.find("sunshine") !=
          std::string::npos);
  }
  SECTION("another status") {
    CHECK(failure_of("status", 204).error.message.find("200, expected 204") != std::string::npos);
  }
  SECTION("an answer that took too long") {
    CHECK(failure_of("latency_max", "1us").error.message.find("at most") != std::string::npos);
  }
}

TEST_CASE("http.expect answers UNAVAILABLE when nobody or a broken server answers",
          "[actions][http]") {
  World world(AddHttpActions);
  SECTION("a server error") {
    Endpoint endpoint([](int, httplib::Response& response) {
      response.status = 503;
      response.set_content("the database is broken", "text/plain");
    });
    const Outcome outcome = world.Do("http.expect", endpoint.Inputs().With("within", "5ms"));
    REQUIRE_FALSE(outcome);
    CHECK(outcome.failure().error.code == Code::kUnavailable);
    CHECK(outcome.failure().evidence["body"] == Value("the database is broken"));
  }
  SECTION("nobody listens") {
    Value inputs;
    {
      Endpoint gone(Healthy);
      inputs = gone.Inputs().With("within", "5ms");
    }
    const Outcome outcome = world.Do("http.expect", inputs);
    REQUIRE_FALSE(outcome);
    CHECK(outcome.failure().error.code == Code::kUnavailable);
  }
  SECTION("no answer comes") {
    httplib::Server silent;  // bound and listening in the kernel, never accepting
    const int port = silent.bind_to_any_port("127.0.0.1");
    const Outcome outcome =
        world.Do("http.expect", Value::Object({{"url", "http://127.0.0.1:" + std::to_string(port)},
                                               {"request_timeout", "5ms"},
                                               {"within", "10ms"}}));
    REQUIRE_FALSE(outcome);
    CHECK(outcome.failure().error.code == Code::kUnavailable);
    silent.stop();
  }
}

TEST_CASE("http.expect ends when it is stopped, in a request and between two", "[actions][http]") {
  World world(AddHttpActions);
  SECTION("between two requests") {
    Endpoint endpoint([&](int, httplib::Response& response) { response.status = 500; });
    world.time_given = std::chrono::milliseconds(200);
    const Outcome outcome =
        world.Do("http.expect", endpoint.Inputs().With("interval", "1h").With("within", "2h"));
    REQUIRE_FALSE(outcome);
    CHECK(outcome.failure().error.code == Code::kDeadlineExceeded);
    CHECK(outcome.failure().error.message.find("500") != std::string::npos);
  }
  SECTION("in a request") {
    std::atomic<bool> over = false;
    Endpoint endpoint([&](int, httplib::Response&) {
      world.stop.request_stop();
      over.wait(false);
    });
    const Outcome outcome = world.Do(
        "http.expect", endpoint.Inputs().With("request_timeout", "1h").With("within", "2h"));
    over = true;
    over.notify_all();
    REQUIRE_FALSE(outcome);
    CHECK(outcome.failure().error.code == Code::kCancelled);
  }
}

TEST_CASE("http.expect refuses a request without a limit of time", "[actions][http]") {
  World world(AddHttpActions);
  const Outcome outcome = world.Do(
      "http.expect",
      Value::Object({{"url", "http://127.0.0.1:9/"}, {"request_timeout", "0s"}, {"within", "0s"}}));
  REQUIRE_FALSE(outcome);
  CHECK(outcome.failure().error.code == Code::kInvalidArgument);
  CHECK_THAT(outcome.failure().error.message, Catch::Contains("request_timeout"));
}

TEST_CASE("http.expect refuses what is no web address", "[actions][http]") {
  World world(AddHttpActions);
  for (const std::string url : {"file:///etc/passwd", "http://", "nonsense://x"}) {
    const Outcome outcome = world.Do("http.expect", Value::Object({{"url", url}}));
    REQUIRE_FALSE(outcome);
    CHECK(outcome.failure().error.code == Code::kInvalidArgument);
  }
}

TEST_CASE("members are found by name and index", "[actions][http]") {
  const auto json = ParseJson(R"({"a": {"b": [10, {"c": "x"}]}, "n": null})");
  REQUIRE(json);
  const auto found = [&](std::string_view path) {
    const Value* member = http::FindMember(*json, path);
    return member == nullptr ? "nothing" : ToJson(*member);
  };
  CHECK(found("a.b[0]") == "10");
  CHECK(found("a.b[1].c") == "\"x\"");
  CHECK(found("n") == "null");
  for (const std::string_view path :
       {"a.c", "a.b[2]", "a.b[x]", "a.b[0", "a.b[-1]", "a[0]", "n.x"}) {
    CHECK(found(path) == "nothing");
  }
}

}  // namespace
}  // namespace recourse

// Which server gets the token and the headers of an api.
#include <httplib.h>
#include <sys/stat.h>

#include <mutex>
#include <thread>

#include "actions/http/http.h"
#include "engine/web/origin.h"
#include "tests/unit/actions/world.h"

namespace recourse {
namespace {

using testing::MessageOf;
using testing::World;

// Keeps what it was sent, and answers every login with the token `fresh`.
class Recorder {
 public:
  struct Request {
    std::string path, authorization, api_key, body;
  };

  Recorder() {
    const auto record = [this](const httplib::Request& request, httplib::Response& response) {
      const std::lock_guard lock(mutex_);
      requests_.push_back({request.path, request.get_header_value("Authorization"),
                           request.get_header_value("X-Api-Key"), request.body});
      response.set_content(R"({"token": "fresh"})", "application/json");
    };
    server_.Get(".*", record);
    server_.Post(".*", record);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~Recorder() {
    server_.stop();
    thread_.join();
  }

  std::string Url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  std::vector<Request> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  httplib::Server server_;
  int port_ = 0;
  std::mutex mutex_;
  std::vector<Request> requests_;  // guarded by mutex_
  std::thread thread_;
};

// An api with secrets, and a server that they are none of the business of.
class TwoServers : public World {
 public:
  TwoServers() : World(AddHttpActions) {
    const std::string file = Write("token", "s3cret\n");
    chmod(file.c_str(), 0600);
    api = Value::Object({{"url", internal.Url("/base")},
                         {"auth", Value::Object({{"bearer_file", file}})},
                         {"headers", Value::Object({{"X-Api-Key", "k3y"}})}});
  }

  Recorder internal, other;
  Value api;
};

TEST_CASE("an api's token and headers go to no other server", "[actions][http]") {
  TwoServers world;
  const Value inputs = Value::Object({{"api", world.api}, {"url", world.other.Url("/x")}});
  for (const std::string action : {"http.request", "http.send"}) {
    const Outcome refused = world.Do(action, inputs);
    REQUIRE_FALSE(refused);
    CHECK(refused.failure().error.code == Code::kInvalidArgument);
    CHECK(refused.failure().left == LeftBehind::kNothing);
    CHECK_THAT(refused.failure().error.message, Catch::Contains(world.other.Url("")) &&
                                                    Catch::Contains(world.internal.Url("")) &&
                                                    Catch::Contains("give a \"path\" of the api"));
  }
  CHECK_FALSE(world.Find("http.send").Plan(world.MakeContext(inputs)));
  CHECK(world.other.requests().empty());
}

TEST_CASE("a url at the api's own server gets what the api holds", "[actions][http]") {
  TwoServers world;
  const Outcome asked = world.Do(
      "http.request", Value::Object({{"api", world.api}, {"url", world.internal.Url("/other")}}));
  INFO(MessageOf(asked));
  REQUIRE(asked);
  REQUIRE(world.internal.requests().size() == 1);
  CHECK(world.internal.requests()[0].path == "/other");
  CHECK(world.internal.requests()[0].authorization == "Bearer s3cret");
  CHECK(world.internal.requests()[0].api_key == "k3y");
}

TEST_CASE("a probe at another server is sent without token and headers", "[actions][http]") {
  TwoServers world;
  const auto probe_at = [](const std::string& url) {
    return Value::Object({{"url", url}, {"expect", Value(Value::Map{})}});
  };
  const auto ask = [&](const Value& inputs) {
    const ProbeAnswer answer = world.Find("http.send").Probe(world.MakeContext(inputs));
    INFO(answer.message);
    CHECK(answer.verdict == ProbeAnswer::Verdict::kApplied);
  };
  const Value by_api = Value::Object({{"api", world.api}, {"path", "/x"}});
  ask(by_api.With("probe", probe_at(world.other.Url("/api"))));
  // Those of the step itself are for its own url alone.
  const Value own_auth = Value::Object({{"bearer", "own"}});
  const Value own_headers = Value::Object({{"X-Api-Key", "own"}});
  const Value by_url = Value::Object(
      {{"url", world.internal.Url("/x")}, {"auth", own_auth}, {"headers", own_headers}});
  ask(by_url.With("probe", probe_at(world.other.Url("/url"))));
  const auto requests = world.other.requests();
  REQUIRE(requests.size() == 2);
  for (const auto& request : requests) {
    INFO(request.path);
    CHECK(request.authorization.empty());
    CHECK(request.api_key.empty());
  }
  ask(by_api.With("probe", probe_at(world.internal.Url("/at-home"))));
  CHECK(world.internal.requests().back().authorization == "Bearer s3cret");
}

TEST_CASE("a login at another server gets its own password, and its token goes to the api alone",
          "[actions][http]") {
  TwoServers world;
  const Value login = Value::Object({{"url", world.other.Url("/login")},
                                     {"json", Value::Object({{"username", "u"}})},
                                     {"password_file", world.Path("token")}});
  const Value api = world.api.With("auth", Value::Object({{"login", login}}));
  const Value inputs = Value::Object({{"api", api}, {"path", "/x"}});
  const Outcome sent = world.Do("http.send", inputs);
  INFO(MessageOf(sent));
  REQUIRE(sent);
  REQUIRE(world.other.requests().size() == 1);
  CHECK(world.other.requests()[0].body == R"({"password":"s3cret","username":"u"})");
  CHECK(world.other.requests()[0].api_key.empty());
  REQUIRE(world.internal.requests().size() == 1);
  CHECK(world.internal.requests()[0].authorization == "Bearer fresh");
}

TEST_CASE("two URLs lead to the same server by scheme, host and port", "[actions][http]") {
  const auto origin = [](const std::string& url) {
    auto read = web::OriginOf(url);
    return read ? *std::move(read) : "none";
  };
  CHECK(origin("http://Host.Example/x") == "http://host.example:80");
  CHECK(origin("http://host.example:80") == "http://host.example:80");
  CHECK(origin("https://host.example/a:1@b?c=//d") == "https://host.example:443");
  CHECK(origin("http://host.example:443") == "http://host.example:443");
  CHECK(origin("http://host.example@other.example/") == "http://other.example:80");
  CHECK(origin("http://host.example:80@other.example:81/") == "http://other.example:81");
  CHECK(origin("https://[::1]/") == "https://[::1]:443");
  CHECK(origin("http://host.example.other/") != origin("http://host.example/"));
  CHECK(origin("host") == "none");
}

}  // namespace
}  // namespace recourse

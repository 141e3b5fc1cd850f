// What http.send says was left when a request is answered with no, or sent twice.
#include <httplib.h>

#include <atomic>
#include <thread>

#include "actions/http/http.h"
#include "tests/unit/actions/world.h"

namespace recourse {
namespace {

using testing::MessageOf;
using testing::World;

constexpr int kLost = 0;  // the connection breaks in the answer

// Answers its requests with these statuses, one after the other, and with the last of them after
// that.
class ScriptedApi {
 public:
  explicit ScriptedApi(std::vector<int> statuses) : statuses_(std::move(statuses)) {
    const auto answer = [this](const httplib::Request&, httplib::Response& response) {
      const std::size_t at = std::min<std::size_t>(requests_++, statuses_.size() - 1);
      if (statuses_[at] != kLost) {
        response.status = statuses_[at];
        return;
      }
      response.set_content_provider(
          10, "text/plain", [](std::size_t, std::size_t, httplib::DataSink&) { return false; });
    };
    server_.Post("/x", answer);
    server_.Put("/x", answer);
    server_.Delete("/x", answer);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~ScriptedApi() {
    server_.stop();
    thread_.join();
  }

  Value Inputs(const std::string& method) const {
    return Value::Object(
        {{"url", "http://127.0.0.1:" + std::to_string(port_) + "/x"}, {"method", method}});
  }
  int requests() const { return static_cast<int>(requests_); }

 private:
  const std::vector<int> statuses_;
  std::atomic<std::size_t> requests_ = 0;
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
};

class SendWorld : public World {
 public:
  SendWorld() : World(AddHttpActions) {}

  // As after a crash: what the attempt has saved by then is at hand.
  Outcome Repeat(const Value& inputs, const Value& checkpoint) {
    Context context = MakeContext(inputs);
    context.checkpoint = checkpoint;
    return Find("http.send").Apply(context);
  }
};

Value WithKey(const Value& inputs) { return inputs.With("idempotency_header", "Idempotency-Key"); }

const Value& WasSentBefore() {
  static const Value sent = Value::Object({{"sent", true}});
  return sent;
}

TEST_CASE("an answer of 400 to 499 says that nothing was done, a redirect does not",
          "[actions][http]") {
  SendWorld world;
  const auto left = [&](const std::string& method, int status) {
    ScriptedApi api({status});
    const Outcome sent = world.Do("http.send", api.Inputs(method));
    REQUIRE_FALSE(sent);
    return sent.failure().left;
  };
  CHECK(left("POST", 303) == LeftBehind::kUnknown);
  CHECK(left("POST", 307) == LeftBehind::kUnknown);
  CHECK(left("PUT", 303) == LeftBehind::kPartial);
  CHECK(left("POST", 409) == LeftBehind::kNothing);
  CHECK(left("DELETE", 404) == LeftBehind::kNothing);
  CHECK(left("POST", 500) == LeftBehind::kUnknown);
}

TEST_CASE("a no to a request that was sent again at once leaves in doubt what the first has done",
          "[actions][http]") {
  SendWorld world;
  ScriptedApi api({kLost, 409});
  const Outcome sent = world.Do("http.send", WithKey(api.Inputs("POST")));
  REQUIRE_FALSE(sent);
  CHECK(api.requests() == 2);
  CHECK(sent.failure().error.code == Code::kAborted);
  CHECK(sent.failure().left == LeftBehind::kUnknown);
  CHECK_THAT(sent.failure().error.message, Catch::Contains("answered 409") &&
                                               Catch::Contains("the same request was sent before"));
}

TEST_CASE(
    "a no to a request that is repeated after a crash leaves in doubt what the first has done",
    "[actions][http]") {
  SendWorld world;
  Value inputs;
  {
    ScriptedApi api({409});
    inputs = WithKey(api.Inputs("POST"));
    Value saved;
    Context first = world.MakeContext(inputs);
    first.save_progress = [&](Value checkpoint) {
      CHECK(api.requests() == 0);  // later would be too late
      saved = std::move(checkpoint);
      return Result<void>();
    };
    const Outcome refused = world.Find("http.send").Apply(first);
    REQUIRE_FALSE(refused);
    CHECK(refused.failure().left == LeftBehind::kNothing);
    CHECK(saved == WasSentBefore());

    const Outcome repeated = world.Repeat(inputs, saved);
    REQUIRE_FALSE(repeated);
    CHECK(repeated.failure().error.code == Code::kAborted);
    CHECK(repeated.failure().left == LeftBehind::kUnknown);
  }
  const Outcome nobody = world.Repeat(inputs, WasSentBefore());
  REQUIRE_FALSE(nobody);
  CHECK(nobody.failure().error.code == Code::kUnavailable);
  CHECK(nobody.failure().left == LeftBehind::kUnknown);
}

TEST_CASE("nothing is sent by http.send that is not noted before", "[actions][http]") {
  SendWorld world;
  ScriptedApi api({200});
  Context context = world.MakeContext(api.Inputs("POST"));
  context.save_progress = [](Value) -> Result<void> { return Unavailable("the disk is full"); };
  const Outcome sent = world.Find("http.send").Apply(context);
  REQUIRE_FALSE(sent);
  CHECK(sent.failure().left == LeftBehind::kNothing);
  CHECK(api.requests() == 0);
}

TEST_CASE("what a repeated DELETE does not find any more is removed", "[actions][http]") {
  SendWorld world;
  SECTION("after a crash") {
    for (const int status : {404, 410}) {
      ScriptedApi api({status});
      const Outcome removed = world.Repeat(api.Inputs("DELETE"), WasSentBefore());
      INFO(MessageOf(removed));
      REQUIRE(removed);
      CHECK(removed.output()["status"] == Value(status));
    }
  }
  SECTION("after an answer that was lost") {
    ScriptedApi api({kLost, 404});
    CHECK(world.Do("http.send", WithKey(api.Inputs("DELETE"))));
  }
  SECTION("but another no is none, nor is that of another method") {
    ScriptedApi locked({423});
    const Outcome kept = world.Repeat(locked.Inputs("DELETE"), WasSentBefore());
    REQUIRE_FALSE(kept);
    CHECK(kept.failure().left == LeftBehind::kPartial);
    ScriptedApi gone({404});
    CHECK_FALSE(world.Repeat(gone.Inputs("PUT"), WasSentBefore()));
  }
}

}  // namespace
}  // namespace recourse

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "actions/host/host.h"
#include "actions/proc_stat.h"
#include "engine/base/file.h"
#include "tests/unit/actions/world.h"

namespace recourse {
namespace {

using testing::MessageOf;
using testing::World;

// A port of the loopback on which this process listens, with connections to it.
class Listener {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(socket_.get(), 10) == 0);
    socklen_t size = sizeof address_;
    getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address_), &size);
  }

  void Connect() {
    Descriptor client(::socket(AF_INET, SOCK_STREAM, 0));
    REQUIRE(connect(client.get(), reinterpret_cast<sockaddr*>(&address_), sizeof address_) == 0);
    clients_.push_back(std::move(client));
  }

  Value Inputs() const { return Value::Object({{"port", ntohs(address_.sin_port)}}); }

 private:
  Descriptor socket_;
  sockaddr_in address_{};
  std::vector<Descriptor> clients_;
};

TEST_CASE("host.ports tells who listens and counts the connections", "[actions][host]") {
  World world(AddHostActions);
  Listener listener;
  listener.Connect();
  listener.Connect();
  const Outcome told = world.Do("host.ports", listener.Inputs().With("listening", true));
  INFO(MessageOf(told));
  REQUIRE(told);
  CHECK(told.output()["listening"] == Value(true));
  REQUIRE(told.output()["listeners"].as_list().size() == 1);
  const Value& first = told.output()["listeners"].as_list()[0];
  CHECK(first["address"] == Value("127.0.0.1"));
  REQUIRE(first["processes"].as_list().size() == 1);
  const Value& process = first["processes"].as_list()[0];
  CHECK(process["pid"] == Value(getpid()));
  CHECK(process["start_time"] == Value(ReadProcStat(getpid())->start_time));
  CHECK_THAT(process["command"].as_string(), Catch::Contains("actions"));
  CHECK(told.output()["connections"] == Value(2));
  CHECK(told.output()["states"]["established"] == Value(2));
  CHECK(ToJson(told.output()["peers"]) == R"([{"address":"127.0.0.1","connections":2}])");

  const Value two = Value::Object({{"connections", 2}});
  const Outcome failed = world.Do("host.ports", listener.Inputs().With("fail", two));
  REQUIRE_FALSE(failed);
  CHECK(failed.failure().error.code == Code::kResourceExhausted);
  const Outcome busy = world.Do("host.ports", listener.Inputs().With("listening", false));
  REQUIRE_FALSE(busy);
  CHECK(busy.failure().error.code == Code::kFailedPrecondition);
  CHECK_THAT(busy.failure().error.message,
             Catch::Contains("process " + std::to_string(getpid()) + " ("));
}

TEST_CASE("host.ports says that nobody listens", "[actions][host]") {
  World world(AddHostActions);
  Value inputs;
  {
    const Listener gone;
    inputs = gone.Inputs();
  }
  const Outcome free = world.Do("host.ports", inputs.With("listening", false));
  REQUIRE(free);
  CHECK(free.output()["listening"] == Value(false));
  CHECK(free.output()["connections"] == Value(0));
  const Outcome missing = world.Do("host.ports", inputs.With("listening", true));
  REQUIRE_FALSE(missing);
  CHECK(missing.failure().error.code == Code::kUnavailable);
  CHECK_THAT(missing.failure().error.message, Catch::StartsWith("nobody listens on port "));
}

TEST_CASE("host.ports without a port tells every listener", "[actions][host]") {
  World world(AddHostActions);
  Listener one, two;
  const Outcome told = world.DoJson("host.ports", "{}");
  REQUIRE(told);
  CHECK(told.output()["listeners"].as_list().size() >= 2);
}

}  // namespace
}  // namespace recourse

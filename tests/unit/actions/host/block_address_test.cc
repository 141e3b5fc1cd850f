// Against the kernel's own nftables, in a network namespace of the test's own.
#include <arpa/inet.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>

#include "actions/host/firewall.h"
#include "actions/host/host.h"
#include "tests/unit/actions/world.h"

namespace recourse {
namespace {

using testing::MessageOf;
using testing::World;

bool Run(const std::string& command) {
  return std::system(("(" + command + ") >/dev/null 2>&1").c_str()) == 0;
}

// Two machines with a wire between them: this thread's, 10.77.0.1, and one at 10.77.0.2.
class TwoMachines {
 public:
  TwoMachines() {
    if (unshare(CLONE_NEWNET) != 0) return;
    int ready[2];
    if (pipe(ready) != 0) return;
    other_ = fork();
    if (other_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      const bool own = unshare(CLONE_NEWNET) == 0;
      [[maybe_unused]] const auto told = write(ready[1], own ? "y" : "n", 1);
      pause();
      _exit(0);
    }
    char own = 'n';
    const bool told = read(ready[0], &own, 1) == 1 && own == 'y';
    close(ready[0]);
    close(ready[1]);
    there_ = "nsenter -t " + std::to_string(other_) + " -n ";
    works_ = told && Run("nft list ruleset") && Run("ip link set lo up") &&
             Run("ip link add wire0 type veth peer name wire1") &&
             Run("ip link set wire1 netns " + std::to_string(other_)) &&
             Run("ip addr add 10.77.0.1/24 dev wire0") && Run("ip link set wire0 up") &&
             Run(there_ + "ip addr add 10.77.0.2/24 dev wire1") &&
             Run(there_ + "ip link set wire1 up");
  }
  ~TwoMachines() {
    if (other_ <= 0) return;
    kill(other_, SIGKILL);
    waitpid(other_, nullptr, 0);
  }

  bool works() const { return works_; }

  // Whether the other machine can open a connection to this one.
  bool Reaches() const {
    const Descriptor listener(socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    socklen_t size = sizeof address;
    bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size);
    listen(listener.get(), 1);
    getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return Run(there_ + "timeout 1 bash -c '</dev/tcp/10.77.0.1/" +
               std::to_string(ntohs(address.sin_port)) + "'");
  }

 private:
  pid_t other_ = 0;
  std::string there_;
  bool works_ = false;
};

// In a thread of its own, because the namespace is a thread's.
template <class Test>
void WithTwoMachines(Test test) {
  bool works = false;
  std::exception_ptr failed;
  std::thread([&] {
    const TwoMachines machines;
    works = machines.works();
    try {
      if (works) test(machines);
    } catch (...) {
      failed = std::current_exception();
    }
  }).join();
  if (failed) std::rethrow_exception(failed);
  if (!works) WARN("not tried: it needs root, nft and ip");
}

const Value kStranger = Value::Object({{"address", "10.77.0.2"}});

TEST_CASE("host.block_address drops what comes from an address, and its undo lets it in again",
          "[actions][host]") {
  WithTwoMachines([](const TwoMachines& machines) {
    World world(AddHostActions);
    CHECK(machines.Reaches());
    const Outcome blocked = world.Do("host.block_address", kStranger.With("timeout", "1h"));
    INFO(MessageOf(blocked));
    REQUIRE(blocked);
    CHECK(blocked.output()["was_blocked"] == Value(false));
    CHECK_THAT(blocked.output()["until"].as_string(), Catch::StartsWith("2026-09-21T15:13:"));
    CHECK_FALSE(machines.Reaches());
    const Action& action = world.Find("host.block_address");
    const Context context = world.MakeContext(kStranger, world.undo);
    CHECK(action.Verify(context, blocked.output()).verdict == Verification::Verdict::kPassed);

    const Outcome again = action.Apply(context);  // after a crash, with the same undo record
    REQUIRE(again);
    CHECK(again.output()["was_blocked"] == Value(false));
    CHECK(again.output().IntOr("dropped_packets", 0) > 0);

    REQUIRE(action.Compensate(context, blocked.output()));
    CHECK(machines.Reaches());
    CHECK(action.Verify(context, blocked.output()).verdict == Verification::Verdict::kFailed);
    REQUIRE(action.Compensate(context, blocked.output()));  // safe to repeat
  });
}

TEST_CASE("host.block_address leaves what was blocked before, and everybody else's rules",
          "[actions][host]") {
  WithTwoMachines([](const TwoMachines& machines) {
    World world(AddHostActions);
    REQUIRE(
        Run("nft 'add table inet filter; add chain inet filter input; add rule inet filter "
            "input tcp dport 9 accept'"));
    REQUIRE(world.Do("host.block_address", kStranger));
    const Outcome second = world.Do("host.block_address", kStranger.With("timeout", "1h"));
    REQUIRE(second);
    CHECK(second.output()["was_blocked"] == Value(true));
    CHECK(second.output()["until"] == Value(""));
    REQUIRE(world.Find("host.block_address")
                .Compensate(world.MakeContext(kStranger, world.undo), second.output()));
    CHECK_FALSE(machines.Reaches());

    const Outcome wider = world.DoJson("host.block_address", R"({"address": "10.77.0.2/31"})");
    REQUIRE_FALSE(wider);
    CHECK_THAT(wider.failure().error.message,
               Catch::Contains("10.77.0.2 of it is blocked already"));

    const Outcome unblocked = world.Do("host.unblock_address", kStranger);
    REQUIRE(unblocked);
    CHECK(unblocked.output()["was_blocked"] == Value(true));
    CHECK(machines.Reaches());
    const Outcome nothing = world.Do("host.unblock_address", kStranger);
    REQUIRE(nothing);
    CHECK(nothing.output()["was_blocked"] == Value(false));
    CHECK(Run("nft list chain inet filter input | grep 'tcp dport 9 accept'"));
  });
}

TEST_CASE("host.block_address blocks networks, and a part of one is not let in alone",
          "[actions][host]") {
  WithTwoMachines([](const TwoMachines& machines) {
    World world(AddHostActions);
    REQUIRE(world.DoJson("host.block_address", R"({"address": "10.77.0.2/31"})"));
    CHECK_FALSE(machines.Reaches());
    const Outcome part = world.Do("host.unblock_address", kStranger);
    REQUIRE_FALSE(part);
    CHECK_THAT(part.failure().error.message, Catch::Contains("as a part of 10.77.0.2/31"));
    REQUIRE(world.DoJson("host.block_address", R"({"address": "2001:db8:1::/64"})"));
    const auto listed = host::Firewall(world.MakeContext(Value())).List();
    REQUIRE(listed);
    CHECK(listed->size() == 2);
  });
}

TEST_CASE("host.block_address never locks out this machine or those who must come in",
          "[actions][host]") {
  WithTwoMachines([](const TwoMachines& machines) {
    World world(AddHostActions);
    const auto refused = [&](const std::string& address) {
      const Outcome outcome = world.DoJson(
          "host.block_address", R"({"firewall": {"never_block": ["198.51.100.0/24", "2001:db8::1"]},
                                    "address": ")" +
                                    address + "\"}");
      INFO(address);
      REQUIRE_FALSE(outcome);
      CHECK_THAT(outcome.failure().error.message, Catch::EndsWith("Nothing was changed"));
      return outcome.failure().error.message;
    };
    CHECK_THAT(refused("127.0.0.1"), Catch::Contains("this machine itself"));
    CHECK_THAT(refused("10.77.0.1"), Catch::Contains("this machine has the address 10.77.0.1"));
    CHECK_THAT(refused("10.77.0.0/24"), Catch::Contains("this machine has the address 10.77.0.1"));
    CHECK_THAT(refused("198.51.100.9"), Catch::Contains("never_block has 198.51.100.0/24"));
    CHECK_THAT(refused("2001:db8::/64"), Catch::Contains("never_block has 2001:db8::1"));
    CHECK_THAT(refused("10.0.0.0/8"), Catch::Contains("at most a /16"));
    refused("224.0.0.1");
    refused("::1");
    const auto listed = host::Firewall(world.MakeContext(Value())).List();
    REQUIRE(listed);
    CHECK(listed->empty());
    CHECK(machines.Reaches());
  });
}

}  // namespace
}  // namespace recourse

#include "actions/host/host.h"
#include "tests/unit/actions/host/program.h"
#include "tests/unit/actions/world.h"

namespace recourse {
namespace {

using testing::MessageOf;
using testing::RunningProgram;
using testing::World;

// Says that it is ready once it is the program that it stays.
constexpr const char* kIdle =
    "exec python3 -c 'import signal; print(\"ready\", flush=True); signal.pause()'";
constexpr const char* kStubborn = "trap '' TERM; echo ready; tail -f /dev/null & wait; wait";

TEST_CASE("host.signal ends exactly that process, and says what is lost", "[actions][host]") {
  World world(AddHostActions);
  RunningProgram program(kIdle);
  const auto plan = world.Find("host.signal").Plan(world.MakeContext(program.Inputs()));
  REQUIRE(plan);
  CHECK_THAT(plan->lines[0],
             Catch::StartsWith("send TERM to the process " + std::to_string(program.pid()) + " ("));
  CHECK_THAT(plan->irreversible[0], Catch::Contains("what it has in its memory alone is lost"));

  const Outcome ended = world.Do("host.signal", program.Inputs());
  INFO(MessageOf(ended));
  REQUIRE(ended);
  CHECK(ended.output()["ended"] == Value(true));
  CHECK(ended.output()["killed"] == Value(false));
  CHECK(program.EndedBy() == SIGTERM);

  const Outcome again =
      world.Do("host.signal", program.Inputs().With("pid", ended.output()["pid"]));
  REQUIRE(again);
  CHECK(again.output()["signalled"] == Value(false));
  CHECK(again.output()["ended"] == Value(true));
}

TEST_CASE("host.signal never takes another process for the one that is meant", "[actions][host]") {
  World world(AddHostActions);
  RunningProgram program(kIdle);
  const Outcome other =
      world.Do("host.signal", program.Inputs().With("start_time", program.start_time() + 1));
  REQUIRE(other);
  CHECK(other.output()["signalled"] == Value(false));
  CHECK(kill(program.pid(), 0) == 0);
  const Outcome number =
      world.Do("host.signal", Value::Object({{"pid", std::int64_t{program.pid()}}}));
  REQUIRE_FALSE(number);
  CHECK(number.failure().error.code == Code::kInvalidArgument);
  CHECK(kill(program.pid(), 0) == 0);
}

TEST_CASE("host.signal uses KILL only when it is told to", "[actions][host]") {
  World world(AddHostActions);
  RunningProgram program(kStubborn);
  const Value inputs = program.Inputs().With("within", "50ms");
  const Outcome refused = world.Do("host.signal", inputs);
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kDeadlineExceeded);
  CHECK(refused.failure().left == LeftBehind::kPartial);
  CHECK_THAT(refused.failure().error.message, Catch::Contains("got TERM, and runs still"));
  CHECK(kill(program.pid(), 0) == 0);
  CHECK(world.Find("host.signal").Probe(world.MakeContext(inputs, world.undo)).verdict ==
        ProbeAnswer::Verdict::kRepeatable);

  const Outcome killed = world.Do("host.signal", inputs.With("kill", true));
  INFO(MessageOf(killed));
  REQUIRE(killed);
  CHECK(killed.output()["killed"] == Value(true));
  CHECK(program.EndedBy() == SIGKILL);
  CHECK(world.Find("host.signal").Probe(world.MakeContext(inputs, world.undo)).verdict ==
        ProbeAnswer::Verdict::kApplied);
}

TEST_CASE("host.signal sends no second signal after a crash, and waits on", "[actions][host]") {
  World world(AddHostActions);
  const Action& action = world.Find("host.signal");
  RunningProgram program("trap 'echo got >> " + world.Path("got") +
                         "' TERM HUP; trap 'echo last >> " + world.Path("got") +
                         "' URG; echo ready; while :; do sleep 0.02; done");
  const auto with = [&](const Value& inputs, const Value& checkpoint) {
    Context context = world.MakeContext(inputs, program.Inputs().With("command", "bash"));
    context.checkpoint = checkpoint;
    return context;
  };
  const std::string signal = GENERATE("TERM", "HUP");
  const Value inputs = program.Inputs().With("signal", signal).With("within", "50ms");
  Value saved;
  Context first = with(inputs, Value());
  first.save_progress = [&](Value checkpoint) {
    saved = std::move(checkpoint);
    return Result<void>();
  };
  CHECK(action.Apply(first).ok() == (signal == "HUP"));
  while (world.Read("got").empty()) std::this_thread::yield();
  const ProbeAnswer told = action.Probe(with(inputs, saved));
  CHECK(told.verdict ==
        (signal == "HUP" ? ProbeAnswer::Verdict::kApplied : ProbeAnswer::Verdict::kRepeatable));
  const Outcome again = action.Apply(with(inputs, saved));
  CHECK(again.ok() == (signal == "HUP"));
  // Of the signals that have come, bash takes that of the highest number last.
  kill(program.pid(), SIGURG);
  while (world.Read("got").find("last") == std::string::npos) std::this_thread::yield();
  CHECK(world.Read("got") == "got\nlast\n");
}

TEST_CASE("host.signal asks a person whether a process that runs on got its signal",
          "[actions][host]") {
  World world(AddHostActions);
  RunningProgram program("trap : HUP; echo ready; while :; do tail -f /dev/null & wait; done");
  const Value inputs = program.Inputs().With("signal", "HUP");
  const Outcome sent = world.Do("host.signal", inputs);
  REQUIRE(sent);
  CHECK(sent.output()["signalled"] == Value(true));
  CHECK(sent.output()["ended"] == Value(false));
  CHECK(world.Find("host.signal").Probe(world.MakeContext(inputs, world.undo)).verdict ==
        ProbeAnswer::Verdict::kUnknown);
}

TEST_CASE("host.signal follows a pid file, and keeps to whom it named", "[actions][host]") {
  World world(AddHostActions);
  RunningProgram program(kIdle), successor(kIdle);
  const auto names = [&](const RunningProgram& named) {
    return world.Write(
        "app.pid", std::to_string(named.pid()) + " " + std::to_string(named.start_time()) + "\n");
  };
  const Value inputs = Value::Object({{"pid_file", names(program)}});
  const Action& action = world.Find("host.signal");
  const Outcome prepared = action.Prepare(world.MakeContext(inputs));
  REQUIRE(prepared);
  names(successor);  // a crash, and the service was started again meanwhile
  const Outcome ended = action.Apply(world.MakeContext(inputs, prepared.output()));
  INFO(MessageOf(ended));
  REQUIRE(ended);
  CHECK(ended.output()["pid"] == Value(program.pid()));
  CHECK(kill(successor.pid(), 0) == 0);

  const Outcome none =
      world.Do("host.signal", Value::Object({{"pid_file", world.Path("none.pid")}}));
  REQUIRE(none);
  CHECK(none.output()["signalled"] == Value(false));
}

TEST_CASE("host.signal refuses what the machine and this server cannot do without",
          "[actions][host]") {
  World world(AddHostActions);
  for (const pid_t pid : {pid_t{1}, getpid(), getppid()}) {
    const auto stat = ReadProcStat(pid);
    REQUIRE(stat);
    const Outcome refused =
        world.Do("host.signal",
                 Value::Object({{"pid", std::int64_t{pid}}, {"start_time", stat->start_time}}));
    REQUIRE_FALSE(refused);
    CHECK(refused.failure().error.code == Code::kFailedPrecondition);
    CHECK_THAT(refused.failure().error.message, Catch::EndsWith("Nothing was changed"));
  }
}

}  // namespace
}  // namespace recourse

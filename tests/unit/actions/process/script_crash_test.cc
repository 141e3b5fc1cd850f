#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <future>

#include "actions/process/child.h"
#include "engine/base/file.h"
#include "tests/unit/actions/process/script_world.h"

namespace recourse {
namespace {

using testing::ScriptWorld;
using Verdict = ProbeAnswer::Verdict;

// Runs Apply in a process of its own, which the script kills.
void DieInApply(ScriptWorld& world, const Value& inputs) {
  const Outcome prepared = world.action().Prepare(world.MakeContext(inputs));
  REQUIRE(prepared);
  world.undo = prepared.output();
  const process::Program program{
      {RECOURSE_RUN_ACTION, "apply", "process.script", ToJson(inputs), ToJson(world.undo)},
      {{"RECOURSE_TEST_KEY", world.key}},
      "/"};
  const auto died = process::RunChild(program, {}, world.MakeContext({}));
  REQUIRE(died);
  INFO(died->output.text);
  CHECK(died->signal == SIGKILL);
}

TEST_CASE("after a server's death in apply, the script's probe says what is true",
          "[actions][process][crash]") {
  for (const auto& [apply, verdict] : {std::pair{"echo x > flag; kill -9 $PPID", Verdict::kApplied},
                                       std::pair{"kill -9 $PPID", Verdict::kNotApplied}}) {
    ScriptWorld world;
    const Value inputs = world.Speaking(std::string(R"(
      describe) echo '{"phases": ["apply", "probe"]}' ;;
      apply) )") + apply + R"( ;;
      probe) [ -e flag ] && echo '{"verdict": "applied"}' || echo '{"verdict": "not_applied"}' ;;)");
    DieInApply(world, inputs);
    CHECK(world.Probe(inputs).verdict == verdict);
  }
}

TEST_CASE("the probe waits for what the killed script had started", "[actions][process][crash]") {
  ScriptWorld world;
  REQUIRE(mkfifo(world.Path("way").c_str(), 0600) == 0);
  // Its child goes on after the script has died with the server, until the other end is closed.
  const Value inputs = world.Speaking(R"(
    describe) echo '{"phases": ["apply", "probe"]}' ;;
    apply) cat < way > flag & kill -9 $PPID; wait ;;
    probe) [ -s flag ] && echo '{"verdict": "applied"}' || echo '{"verdict": "not_applied"}' ;;)");
  DieInApply(world, inputs);

  world.time_given = std::chrono::milliseconds(200);
  const ProbeAnswer busy = world.Probe(inputs);
  CHECK(busy.verdict == Verdict::kUnknown);
  CHECK(busy.message.find("still runs") != std::string::npos);

  world.time_given = std::chrono::seconds(60);
  auto probed = std::async(std::launch::async, [&] { return world.Probe(inputs); });
  {
    auto way = OpenFile(world.Path("way"), O_WRONLY);  // waits for the child to open the other end
    REQUIRE(way);
    REQUIRE(WriteAll(way->get(), "late"));
  }
  CHECK(probed.get().verdict == Verdict::kApplied);
  CHECK(world.Read("flag") == "late");
}

}  // namespace
}  // namespace recourse

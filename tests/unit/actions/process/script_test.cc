#include "tests/unit/actions/process/script_world.h"

namespace recourse {
namespace {

using testing::MessageOf;
using testing::ScriptWorld;
using Verdict = ProbeAnswer::Verdict;

constexpr const char* kWhole = R"(
  describe) echo '{"phases": ["plan", "prepare", "apply", "verify", "probe", "compensate"]}' ;;
  plan) echo '{"lines": ["make the flag"], "bytes_needed": 5, "irreversible": ["one thing"]}' ;;
  prepare) echo '{"undo": {"was": false}}' ;;
  apply) cat > seen; echo "recourse: progress 1 2 making it" >&2; echo told >&2
    echo 'recourse: checkpoint {"row": 3}' >&2
    echo flag > flag; echo '{"output": {"rows": 3}}' ;;
  verify) grep -q '"rows":3' && echo '{"verdict": "passed"}' ;;
  probe) [ -e flag ] && echo '{"verdict": "applied", "output": {"rows": 3}}' ||
    echo '{"verdict": "not_applied", "message": "no flag"}' ;;
  compensate) grep -q '"undo":{"was":false}'; rm -f flag ;;)";

TEST_CASE("a script that speaks the protocol is a whole action", "[actions][process]") {
  ScriptWorld world;
  const Value inputs = world.Speaking(kWhole).With("inputs", Value::Object({{"rows", 3}}));
  const auto plan = world.action().Plan(world.MakeContext(inputs));
  REQUIRE(plan);
  CHECK(plan->lines.back() == "make the flag");
  CHECK(plan->bytes_needed == 5);
  CHECK(plan->irreversible == std::vector<std::string>{"one thing"});

  CHECK(world.action().Prepare(world.MakeContext(inputs)));
  const Outcome done = world.Do("process.script", inputs);
  INFO(MessageOf(done));
  REQUIRE(done);
  CHECK(done.output()["result"]["rows"] == Value(3));
  CHECK(world.log == std::vector<std::string>{"told"});
  const auto seen = ParseJson(world.Read("seen"));
  REQUIRE(seen);
  CHECK((*seen)["phase"] == Value("apply"));
  CHECK((*seen)["key"] == Value(world.key));
  CHECK((*seen)["inputs"]["rows"] == Value(3));
  CHECK((*seen)["undo"]["was"] == Value(false));

  CHECK(world.Verify(inputs, done.output()).verdict == Verification::Verdict::kPassed);
  const ProbeAnswer applied = world.Probe(inputs);
  CHECK(applied.verdict == Verdict::kApplied);
  CHECK(applied.output["result"]["rows"] == Value(3));
  for (int time = 1; time <= 2; ++time) REQUIRE(world.Compensate(inputs, done.output()));
  const ProbeAnswer undone = world.Probe(inputs);
  CHECK(undone.verdict == Verdict::kNotApplied);
  CHECK(undone.message == "no flag");
}

TEST_CASE("a script's progress and checkpoints reach the run", "[actions][process]") {
  ScriptWorld world;
  const Value inputs = world.Speaking(kWhole);
  Context context = world.MakeContext(inputs);
  Value saved;
  std::string progress;
  context.save_progress = [&saved](Value checkpoint) {
    saved = std::move(checkpoint);
    return Result<void>();
  };
  context.progress = [&progress](std::int64_t done, std::int64_t total, std::string_view what) {
    progress = std::to_string(done) + "/" + std::to_string(total) + " " + std::string(what);
  };
  REQUIRE(world.action().Apply(context));
  CHECK(saved["row"] == Value(3));
  CHECK(progress == "1/2 making it");
}

TEST_CASE("a script whose checkpoint is too long for one line fails, and says so",
          "[actions][process]") {
  ScriptWorld world;
  const Value inputs = world.Speaking(R"(
    describe) echo '{"phases": ["apply"]}' ;;
    apply) printf 'recourse: checkpoint {"row": "%05000d"}\n' 1 >&2 ;;)");
  Context context = world.MakeContext(inputs);
  bool saved = false;
  context.save_progress = [&saved](Value) {
    saved = true;
    return Result<void>();
  };
  const Outcome broken = world.action().Apply(context);
  REQUIRE_FALSE(broken);
  CHECK_FALSE(saved);
  CHECK(broken.failure().error.code == Code::kInvalidArgument);
  CHECK(broken.failure().left == LeftBehind::kUnknown);
  CHECK(MessageOf(broken).find("4096 bytes") != std::string::npos);
}

TEST_CASE("a script without probe is never guessed about, one without a way back says so",
          "[actions][process]") {
  ScriptWorld world;
  const Value inputs = world.Speaking(R"(
    describe) echo '{"phases": ["apply"]}' ;;
    apply) ;;)");
  const auto plan = world.action().Plan(world.MakeContext(inputs));
  REQUIRE(plan);
  CHECK(plan->lines.back().find("a person is asked") != std::string::npos);
  CHECK(plan->irreversible.size() == 1);
  REQUIRE(world.Do("process.script", inputs));
  CHECK(world.Probe(inputs).verdict == Verdict::kUnknown);
  const Outcome undone = world.Compensate(inputs);
  REQUIRE_FALSE(undone);
  CHECK(undone.failure().error.code == Code::kFailedPrecondition);
  CHECK(undone.failure().error.message.find("no phase compensate") != std::string::npos);
}

TEST_CASE("what a script says that is no answer is an error that shows it", "[actions][process]") {
  ScriptWorld world;
  const auto applied = [&world](const std::string& apply) {
    return world.Do("process.script", world.Speaking(R"(
      describe) echo '{"phases": ["apply"]}' ;;
      apply) )" + apply + " ;;"));
  };
  for (const std::string garbage :
       {"echo all is well", "echo 3", R"(echo '{"ouptut": 3}')", R"(echo '{} {}')"}) {
    const Outcome outcome = applied(garbage);
    INFO(garbage << ": " << MessageOf(outcome));
    REQUIRE_FALSE(outcome);
    CHECK(outcome.failure().left == LeftBehind::kUnknown);
    CHECK(outcome.failure().error.message.find("it wrote: ") != std::string::npos);
  }
  CHECK(applied("true"));

  const Outcome described = world.Do("process.script", world.Speaking(R"(
      describe) echo '{"phases": ["apply", "undo"]}' ;;)"));
  REQUIRE_FALSE(described);
  CHECK(described.failure().error.message.find("\"undo\"") != std::string::npos);
  const Outcome mute = world.Do("process.script", world.Speaking("describe) exit 3 ;;"));
  REQUIRE_FALSE(mute);
  CHECK(mute.failure().error.message.find("which phases it has") != std::string::npos);
}

TEST_CASE("a script says with what code it failed and what it left", "[actions][process]") {
  ScriptWorld world;
  const Outcome said = world.Do("process.script", world.Speaking(R"(
    describe) echo '{"phases": ["apply"]}' ;;
    apply) echo '{"error": {"code": "ABORTED", "message": "it is locked", "left": "nothing",
        "evidence": {"pid": 7}}}'; exit 1 ;;)"));
  REQUIRE_FALSE(said);
  CHECK(said.failure().error.code == Code::kAborted);
  CHECK(said.failure().left == LeftBehind::kNothing);
  CHECK(said.failure().evidence["pid"] == Value(7));
  CHECK(said.failure().error.message.find("it is locked") != std::string::npos);

  const Value mapped = world
                           .Speaking(R"(
    describe) echo '{"phases": ["apply"]}' ;;
    apply) echo "no route" >&2; exit 75 ;;)")
                           .With("exit_codes", Value::Object({{"75", "UNAVAILABLE"}}));
  const Outcome failed = world.Do("process.script", mapped);
  REQUIRE_FALSE(failed);
  CHECK(failed.failure().error.code == Code::kUnavailable);
  CHECK(failed.failure().left == LeftBehind::kUnknown);
  CHECK(failed.failure().error.message.find("no route") != std::string::npos);
}

// As it stands on many machines: it knows nothing of phases.
constexpr const char* kExisting = R"(#!/bin/sh
set -eu
cd "${0%/*}"
case $1 in
  --test) [ -e "$2" ] || { echo "there is no backup $2" >&2; exit 2; }; echo "backup $2 is good" ;;
  --save) echo "saved-$2"; cp live "saved-$2" ;;
  --restore) cp "$2" live; echo "restored $2" ;;
  --is) cmp -s "$2" live ;;
  *) exit 64 ;;
esac
)";

Value Existing(const ScriptWorld& world, const std::string& backup) {
  auto phases = ParseJson(R"({
    "plan": ["--test", "BACKUP"], "prepare": ["--save", "{key}"], "apply": ["--restore", "BACKUP"],
    "verify": ["--is", "BACKUP"], "probe": ["--is", "BACKUP"], "compensate": ["--restore", "{undo}"]
  })");
  REQUIRE(phases);
  Value::Map filled;
  for (const auto& [phase, arguments] : phases->as_map()) {
    Value::List list;
    for (const Value& argument : arguments.as_list()) {
      list.push_back(argument == Value("BACKUP") ? Value(backup) : argument);
    }
    filled[phase] = std::move(list);
  }
  return Value::Object({{"program", world.WriteScript(kExisting)}, {"phases", std::move(filled)}});
}

TEST_CASE("an existing script becomes an action by the arguments of its phases",
          "[actions][process]") {
  ScriptWorld world;
  world.key = "R-1.restore.1";
  world.Write("live", "damaged");
  world.Write("backup", "good");
  const Value inputs =
      Existing(world, "backup").With("probe_codes", Value::Object({{"1", "not_applied"}}));
  const auto plan = world.action().Plan(world.MakeContext(inputs));
  REQUIRE(plan);
  CHECK(plan->lines.back() == "backup backup is good");
  CHECK(plan->irreversible.empty());

  const Outcome restored = world.Do("process.script", inputs);
  INFO(MessageOf(restored));
  REQUIRE(restored);
  CHECK(restored.output()["output"] == Value("restored backup\n"));
  CHECK(world.undo["undo"] == Value("saved-R-1.restore.1"));
  CHECK(world.Read("live") == "good");
  CHECK(world.Verify(inputs, restored.output()).verdict == Verification::Verdict::kPassed);
  CHECK(world.Probe(inputs).verdict == Verdict::kApplied);

  REQUIRE(world.Compensate(inputs, restored.output()));
  CHECK(world.Read("live") == "damaged");
  CHECK(world.Probe(inputs).verdict == Verdict::kNotApplied);
  CHECK(world.Verify(inputs, restored.output()).verdict == Verification::Verdict::kFailed);

  // Unless the inputs say what its exit code means, only 0 says anything.
  CHECK(world.Probe(Existing(world, "backup")).verdict == Verdict::kUnknown);
  const auto missing = world.action().Plan(world.MakeContext(Existing(world, "none")));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message.find("there is no backup none") != std::string::npos);
}

TEST_CASE("a script that ran out of time does not know what it left", "[actions][process]") {
  ScriptWorld world;
  const Value inputs = world.Speaking(R"(
    describe) echo '{"phases": ["apply"]}' ;;
    apply) exec sleep 1000 ;;)");
  world.time_given = std::chrono::milliseconds(300);
  const Outcome late = world.action().Apply(world.MakeContext(inputs));
  REQUIRE_FALSE(late);
  CHECK(late.failure().error.code == Code::kDeadlineExceeded);
  CHECK(late.failure().left == LeftBehind::kUnknown);
}

TEST_CASE("process.script starts nothing that the policy forbids", "[actions][process]") {
  ScriptWorld world;
  world.policy.allowed_commands = {"printf"};
  const Outcome refused = world.Do("process.script", world.Speaking(kWhole));
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kPermissionDenied);
}

// The first block of code after `heading` in a page of the documentation.
std::string ExampleIn(const std::string& page, const std::string& heading) {
  std::ifstream file(std::string(RECOURSE_SOURCE_DIR) + "/docs/" + page);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto section = text.find(heading);
  REQUIRE(section != std::string::npos);
  const auto begin = text.find("```sh\n", section);
  const auto end = text.find("```\n", begin + 6);
  REQUIRE(end != std::string::npos);
  return text.substr(begin + 6, end - begin - 6);
}

TEST_CASE("the script that the documentation shows does what it says", "[actions][process]") {
  ScriptWorld world;
  const std::string script =
      world.WriteScript(ExampleIn("actions.md", "## Turn a script into an action"));
  const Value inputs =
      Value::Object({{"program", script}, {"arguments", Value::List{Value(world.Path(""))}}});
  const auto plan = world.action().Plan(world.MakeContext(inputs));
  INFO((plan ? "" : plan.error().message));
  REQUIRE(plan);
  CHECK(world.Probe(inputs).verdict == Verdict::kUnknown);  // nothing is prepared yet
  const Outcome done = world.Do("process.script", inputs);
  INFO(MessageOf(done));
  REQUIRE(done);
  CHECK(std::filesystem::exists(world.Path("maintenance.flag")));
  CHECK(world.Probe(inputs).verdict == Verdict::kApplied);
  REQUIRE(world.Compensate(inputs, done.output()));
  CHECK_FALSE(std::filesystem::exists(world.Path("maintenance.flag")));
  CHECK(world.Probe(inputs).verdict == Verdict::kNotApplied);

  const Outcome refused = world.Do(
      "process.script", inputs.With("arguments", Value::List{Value(world.Path("none"))})
                            .With("exit_codes", Value::Object({{"78", "FAILED_PRECONDITION"}})));
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kFailedPrecondition);
}

}  // namespace
}  // namespace recourse

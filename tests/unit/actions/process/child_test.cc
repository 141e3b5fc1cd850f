#include "actions/process/child.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "actions/process/utf8.h"
#include "actions/stop_event.h"
#include "engine/base/file.h"
#include "tests/unit/actions/world.h"

namespace recourse::process {
namespace {

using namespace std::chrono_literals;
using recourse::testing::World;

World MakeWorld() {
  return World([](Registry&) {});
}

Result<Finished> RunIn(World& world, std::vector<std::string> arguments,
                       ChildOptions options = {}) {
  return RunChild(Program{std::move(arguments), {}, "/"}, options, world.MakeContext({}));
}

TEST_CASE("a child gets its arguments as they are, and nothing of our environment",
          "[actions][process]") {
  World world = MakeWorld();
  const auto printed = RunIn(world, {"printf", "%s|", "a b", "$HOME", "'; x", ""});
  REQUIRE(printed);
  CHECK(printed->output.text == "a b|$HOME|'; x||");
  CHECK(printed->exit_code == 0);

  const Program env{{"/usr/bin/env"}, {{"NAME", "a value"}}, "/"};
  const auto environment = RunChild(env, {}, world.MakeContext({}));
  REQUIRE(environment);
  CHECK(environment->output.text == "NAME=a value\n");

  std::filesystem::create_directory(world.Path("folder"));
  const Program pwd{{"pwd"}, {}, world.Path("folder")};
  const auto folder = RunChild(pwd, {}, world.MakeContext({}));
  REQUIRE(folder);
  CHECK(folder->output.text == world.Path("folder") + "\n");
}

TEST_CASE("a child has no descriptor of ours but its three", "[actions][process]") {
  World world = MakeWorld();
  const auto leak = OpenFile("/dev/null", O_RDONLY);
  REQUIRE(leak);
  const int inheritable = dup(leak->get());  // without close-on-exec
  const Descriptor closer(inheritable);
  const auto listed = RunIn(world, {"ls", "/proc/self/fd"});
  REQUIRE(listed);
  CHECK(listed->output.text == "0\n1\n2\n3\n");  // 3 is ls's own, of the directory
}

TEST_CASE("a child's output is kept up to the limit, and its lines are logged",
          "[actions][process]") {
  World world = MakeWorld();
  const auto finished = RunIn(world, {"seq", "1", "1000"}, {.output_max = 40});
  REQUIRE(finished);
  CHECK(finished->output.cut);
  CHECK(finished->output.bytes == 3893);
  CHECK(finished->output.text ==
        "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n\n[3853 bytes are left out here]\n"
        "\n999\n1000\n");
  REQUIRE(world.log.size() == 1000);
  CHECK(world.log.back() == "1000");
}

TEST_CASE("how a child has ended is told", "[actions][process]") {
  World world = MakeWorld();
  const auto failed = RunIn(world, {"ls", "/no/such/place"});
  REQUIRE(failed);
  CHECK(failed->exit_code == 2);
  CHECK(failed->Ending() == "exit code 2");
  CHECK(failed->errors.text.find("/no/such/place") != std::string::npos);

  const auto none = RunIn(world, {"/no/such/program"});
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Code::kNotFound);
  CHECK_FALSE(RunIn(world, {}));
  CHECK_FALSE(RunIn(world, {"bin/ls"}));

  world.Write("script", "no program\n");
  const auto forbidden = RunIn(world, {world.Path("script")});
  REQUIRE_FALSE(forbidden);
  CHECK(forbidden.error().code == Code::kPermissionDenied);
  chmod(world.Path("script").c_str(), 0755);
  CHECK_FALSE(RunIn(world, {world.Path("script")}));  // the kernel refuses it: no format of its

  const auto nowhere = RunChild(Program{{"ls"}, {}, "/no/such/place"}, {}, world.MakeContext({}));
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().message.find("/no/such/place") != std::string::npos);
}

TEST_CASE("a child ends with its deadline: TERM first, KILL when that does not help",
          "[actions][process]") {
  World world = MakeWorld();
  world.time_given = 50ms;
  SECTION("by TERM") {
    const auto finished = RunIn(world, {"sleep", "1000"});
    REQUIRE(finished);
    CHECK(finished->stopped);
    CHECK(finished->signal == SIGTERM);
  }
  SECTION("by KILL") {
    // Told to end only once it is so far that TERM does nothing.
    world.time_given = 1h;
    Context context = world.MakeContext({});
    context.log = [&](std::string_view) { world.stop.request_stop(); };
    const Program stubborn{
        {"env", "--ignore-signal=TERM", "sh", "-c", "echo ready; exec sleep 1000"}, {}, "/"};
    const auto finished = RunChild(stubborn, {.grace = 20ms}, context);
    REQUIRE(finished);
    CHECK(finished->stopped);
    CHECK(finished->signal == SIGKILL);
    CHECK(finished->Ending() == "killed by signal 9 (Killed)");
  }
}

TEST_CASE("a child ends when it is cancelled", "[actions][process]") {
  World world = MakeWorld();
  std::jthread stopper([&] { world.stop.request_stop(); });
  const auto finished = RunIn(world, {"sleep", "1000"});
  REQUIRE(finished);
  CHECK(finished->stopped);
}

TEST_CASE("what a child leaves in its group ends with it, and its open output is not waited for",
          "[actions][process]") {
  World world = MakeWorld();
  // timeout --foreground stays in the group; it is killed, and its own child lives on for a moment.
  const auto finished =
      RunIn(world, {"timeout", "--foreground", "--signal=KILL", "0.05", "sleep", "1000"});
  REQUIRE(finished);
  CHECK_FALSE(finished->stopped);
}

TEST_CASE("a child does not survive the process that started it", "[actions][process]") {
  World world = MakeWorld();
  const std::string fifo = world.Path("fifo");
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  // The child writes to the pipe without end: it has begun when a byte comes, and has ended when
  // the end of the file comes.
  const auto reader = OpenFile(fifo, O_RDONLY | O_NONBLOCK);
  REQUIRE(reader);
  const Value inputs =
      Value::Object({{"arguments", Value::List{"dd", "if=/dev/zero", "of=" + fifo, "bs=4096"}}});
  const auto log = OpenFile("/dev/null", O_WRONLY);
  const auto image = Image::Find(
      Program{{RECOURSE_RUN_ACTION, "apply", "process.run", ToJson(inputs)}, {}, "/"}, Policy{});
  REQUIRE(image);
  const auto starter = StartDetached(*image, log->get(), [](pid_t) { return Result<void>(); });
  REQUIRE(starter);

  const Context context = world.MakeContext({});
  const StopEvent stop(context);
  REQUIRE(stop.WaitReadable(reader->get(), 30s));
  char byte = 1;
  REQUIRE(read(reader->get(), &byte, 1) == 1);
  REQUIRE(kill(*starter, SIGKILL) == 0);
  ssize_t count = 1;
  std::string buffer(65536, '\0');
  while (count > 0 && stop.WaitReadable(reader->get(), 30s)) {
    count = read(reader->get(), buffer.data(), buffer.size());
  }
  CHECK(count == 0);
}

TEST_CASE("output that is no UTF-8 becomes text", "[actions][process]") {
  CHECK(ToUtf8("plain äö€😀") == "plain äö€😀");
  CHECK(ToUtf8("a\xFFz") == "a\xEF\xBF\xBDz");
  CHECK(ToUtf8("\xE2\x82") == "\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(ToUtf8("ä\xC3") == "ä\xEF\xBF\xBD");
}

TEST_CASE("a program that never stops writing is ended at its deadline", "[actions][process]") {
  World world = MakeWorld();
  world.time_given = 100ms;
  Context context = world.MakeContext({});
  context.log = [](std::string_view) {};
  const auto finished = RunChild({{"yes"}, {}, "/"}, {}, context);
  REQUIRE(finished);
  CHECK(finished->stopped);
  CHECK(finished->output.bytes > 0);
}

}  // namespace
}  // namespace recourse::process

#include <poll.h>
#include <sys/wait.h>

#include <atomic>
#include <thread>

#include "actions/database/file_copy.h"
#include "actions/file/packed.h"
#include "actions/proc_stat.h"
#include "tests/unit/actions/file/file_world.h"

namespace recourse {
namespace {

using testing::CodeOf;
using testing::FileWorld;
using testing::MessageOf;
namespace fs = std::filesystem;

Value Logs(const FileWorld& world) {
  return Value::Object({{"paths", Value::List{Value(world.Path("logs/*.log"))}}});
}

TEST_CASE("file.rotate_logs begins anew, packs older logs and keeps what it is told, and back",
          "[actions][file]") {
  FileWorld world;  // its clock says 2026-09-21T14:13:20Z
  world.Folder("logs");
  chmod(world.Write("logs/app.log", "new lines").c_str(), 0640);
  world.Write("logs/app.log-20260920T000000Z", std::string(100'000, 'a'));
  world.Write("logs/app.log-20260901T000000Z", "older");
  world.Write("logs/app.log-20260801T000000Z.gz", "packed and past its time");
  world.Write("logs/empty.log", "");
  world.Write("logs/other-2025.txt", "of another kind");
  world.SetTime("logs/other-2025.txt", 1'700'000'000);
  const std::string before = world.Picture("logs");
  const Value inputs = Logs(world)
                           .With("keep_days", 30)
                           .With("others", Value::List{Value(world.Path("logs/other-*.txt"))});

  const Outcome rotated = world.Run("file.rotate_logs", inputs);
  INFO(MessageOf(rotated));
  REQUIRE(rotated);
  CHECK(world.Read("logs/app.log-20260921T141320Z") == "new lines");
  CHECK_FALSE(fs::exists(world.Path("logs/app.log")));
  CHECK(fs::exists(world.Path("logs/empty.log")));
  CHECK(fs::exists(world.Path("logs/app.log-20260920T000000Z.gz")));
  CHECK(fs::exists(world.Path("logs/app.log-20260901T000000Z.gz")));
  CHECK_FALSE(fs::exists(world.Path("logs/app.log-20260801T000000Z.gz")));
  CHECK(rotated.output()["removed"].as_list().size() == 2);
  CHECK(rotated.output()["bytes_saved"].as_int() > 90'000);

  // zcat reads what was packed.
  const process::Program zcat{{"zcat", world.Path("logs/app.log-20260901T000000Z.gz")}, {}, "/"};
  const auto read = process::RunChild(zcat, {}, world.MakeContext({}));
  REQUIRE(read);
  CHECK(read->output.text == "older");

  for (int time = 1; time <= 2; ++time) {
    const Outcome undone = world.UndoOf("file.rotate_logs", inputs, rotated.output());
    INFO(MessageOf(undone));
    REQUIRE(undone);
    CHECK(world.Picture("logs") == before);
  }
}

TEST_CASE("file.rotate_logs keeps so many files of each log, newest first", "[actions][file]") {
  FileWorld world;
  world.Folder("logs");
  world.Write("logs/app.log", "now");
  for (const char* day : {"01", "02", "03"}) {
    world.Write("logs/app.log-202609" + std::string(day) + "T000000Z", day);
  }
  const Outcome rotated =
      world.Run("file.rotate_logs", Logs(world).With("keep_files", 2).With("compress", false));
  REQUIRE(rotated);
  CHECK(fs::exists(world.Path("logs/app.log-20260921T141320Z")));
  CHECK(fs::exists(world.Path("logs/app.log-20260903T000000Z")));
  CHECK(rotated.output()["removed"].as_list().size() == 2);
  CHECK(rotated.output()["trash"].as_list().size() == 2);

  world.Write("logs/app.log", "later");
  const auto plan =
      world.Find("file.rotate_logs")
          .Plan(world.MakeContext(Logs(world).With("keep_files", 1).With("grace", "0s")));
  REQUIRE(plan);
  CHECK(plan->irreversible.size() == 1);
}

TEST_CASE("file.rotate_logs does not put an old log over one that was begun since",
          "[actions][file]") {
  FileWorld world;
  world.Folder("logs");
  world.Write("logs/app.log", "old lines");
  const Outcome rotated = world.Run("file.rotate_logs", Logs(world));
  REQUIRE(rotated);
  world.Write("logs/app.log", "new lines");
  REQUIRE(world.UndoOf("file.rotate_logs", Logs(world), rotated.output()));
  CHECK(world.Read("logs/app.log") == "new lines");
  CHECK(world.Read("logs/app.log-20260921T141320Z") == "old lines");
  REQUIRE(world.log.size() == 1);
  CHECK(world.log[0].find("was begun anew") != std::string::npos);
}

TEST_CASE("file.rotate_logs tells the writer to begin new logs", "[actions][file]") {
  FileWorld world;
  world.Folder("logs");
  world.Write("logs/app.log", "lines");
  int ready[2];
  REQUIRE(pipe2(ready, O_CLOEXEC) == 0);
  const pid_t writer = fork();
  REQUIRE(writer >= 0);
  if (writer == 0) {  // a service that makes its log again when it is told
    sigset_t told;
    sigemptyset(&told);
    sigaddset(&told, SIGUSR1);
    sigprocmask(SIG_BLOCK, &told, nullptr);
    if (write(ready[1], "r", 1) != 1) _exit(2);
    int signal_number = 0;
    sigwait(&told, &signal_number);
    _exit(7);
  }
  char got = 0;
  REQUIRE(read(ready[0], &got, 1) == 1);
  const auto facts = ReadProcStat(writer);
  REQUIRE(facts);
  const Value reopen =
      Value::Object({{"pid_file", world.Write("pid", std::to_string(writer) + " " +
                                                         std::to_string(facts->start_time) + "\n")},
                     {"signal", "USR1"}});
  const Outcome rotated = world.Run("file.rotate_logs", Logs(world).With("reopen", reopen));
  INFO(MessageOf(rotated));
  REQUIRE(rotated);
  CHECK(rotated.output()["signalled"] == Value(std::int64_t{writer}));
  int status = 0;
  REQUIRE(waitpid(writer, &status, 0) == writer);
  CHECK(WEXITSTATUS(status) == 7);
  close(ready[0]);
  close(ready[1]);

  // Nobody is there to be told now: that is found before a log is renamed.
  world.Write("logs/app.log", "more lines");
  CHECK(CodeOf(world.Run("file.rotate_logs", Logs(world).With("reopen", reopen))) ==
        Code::kFailedPrecondition);
  CHECK(world.Read("logs/app.log") == "more lines");
}

TEST_CASE("file.rotate_logs leaves a log alone whose packed name something else has",
          "[actions][file]") {
  FileWorld world;
  world.Folder("logs");
  world.Write("logs/app.log", "new lines");
  world.Write("logs/app.log-20260920T000000Z", "lines of one");
  world.Write("logs/app.log-20260920T000000Z.gz", "lines of another");
  const std::string before = world.Picture("logs");
  const auto plan = world.Find("file.rotate_logs").Plan(world.MakeContext(Logs(world)));
  REQUIRE(plan);
  CHECK(plan->lines.back().find("is there already") != std::string::npos);
  const Outcome rotated = world.Run("file.rotate_logs", Logs(world));
  INFO(MessageOf(rotated));
  REQUIRE(rotated);
  CHECK(rotated.output()["compressed"].as_list().empty());
  CHECK(world.Read("logs/app.log-20260920T000000Z") == "lines of one");
  REQUIRE(world.log.size() == 1);
  REQUIRE(world.UndoOf("file.rotate_logs", Logs(world), rotated.output()));
  CHECK(world.Picture("logs") == before);
}

TEST_CASE("undoing a rotation does not unpack over what it has not packed", "[actions][file]") {
  FileWorld world;
  world.Folder("logs");
  world.Write("logs/app.log", "new lines");
  const std::string older = world.Write("logs/app.log-20260920T000000Z", "lines of one");
  REQUIRE(world.Prepare("file.rotate_logs", Logs(world)));
  const std::string other = world.Write("other", "lines of another");
  REQUIRE(file::PackInPlace(other, world.MakeContext({})));
  fs::rename(other + ".gz", older + ".gz");  // somebody else's, made meanwhile
  const std::string packed = world.Read("logs/app.log-20260920T000000Z.gz");

  const Outcome broken = world.Find("file.rotate_logs").Apply(world.With(Logs(world), world.undo));
  CHECK(CodeOf(broken) == Code::kAlreadyExists);
  CHECK(broken.failure().left == LeftBehind::kPartial);
  CHECK(CodeOf(world.UndoOf("file.rotate_logs", Logs(world), {})) == Code::kFailedPrecondition);
  CHECK(world.Read("logs/app.log-20260920T000000Z") == "lines of one");
  CHECK(world.Read("logs/app.log-20260920T000000Z.gz") == packed);
}

TEST_CASE("a rotation that goes on after a crash says that something is done already",
          "[actions][file]") {
  FileWorld world;
  world.Folder("logs");
  world.Write("logs/old-2025.txt", "old");
  world.SetTime("logs/old-2025.txt", 1'700'000'000);
  const Value inputs = Value::Object({{"paths", Value::List{}},
                                      {"others", Value::List{Value(world.Path("logs/old-*.txt"))}},
                                      {"keep_days", 30}});
  REQUIRE(world.Run("file.rotate_logs", inputs));  // as far as a life before came
  world.stop.request_stop();
  const Outcome stopped = world.Find("file.rotate_logs").Apply(world.With(inputs, world.undo));
  CHECK(CodeOf(stopped) == Code::kCancelled);
  CHECK(stopped.failure().left == LeftBehind::kPartial);
}

TEST_CASE("a line that is written while the packed log is read back is not lost",
          "[actions][file]") {
  FileWorld world;
  const std::string path = world.Write("app.log", std::string(64'000'000, 'a'));
  world.SetTime("app.log", 1'600'000'000);
  const std::string made = path + ".gz." + database::KeyName(world.key) + ".tmp";
  const int log = open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  REQUIRE(log >= 0);
  std::atomic<bool> late = false;
  std::thread writer([&] {
    struct stat facts = {};
    // What is packed gets the log's own time when it is whole; then it is read back.
    for (int i = 0; i < 20'000; ++i) {
      if (stat(made.c_str(), &facts) == 0 && facts.st_mtim.tv_sec == 1'600'000'000) break;
      poll(nullptr, 0, 1);
    }
    late = fstat(log, &facts) != 0 || facts.st_nlink == 0 || write(log, "last\n", 5) != 5;
  });
  const auto packed = file::PackInPlace(path, world.MakeContext({}));
  writer.join();
  close(log);
  if (late) {
    WARN("the writer came too late; not tried");
    return;
  }
  REQUIRE_FALSE(packed);
  CHECK(packed.error().code == Code::kAborted);
  CHECK(world.Read("app.log").ends_with("alast\n"));
  CHECK_FALSE(fs::exists(path + ".gz"));
  CHECK_FALSE(fs::exists(made));
}

}  // namespace
}  // namespace recourse

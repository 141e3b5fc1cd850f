// The journal's disk is full or broken: the right code, reads go on, nothing that was acknowledged
// is lost, and the server goes on by itself when the disk is well again.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "client/connection.h"
#include "tests/integration/scene.h"

namespace recourse::integration {
namespace {

using Catch::Contains;
using Catch::Equals;

grpc::Status StartEcho(const Scene& scene, v1::Run* run) {
  auto server = client::Connection::Open({.data = scene.data, .address = "", .token_file = ""});
  REQUIRE(server);
  v1::StartRunRequest request;
  request.set_workflow("echo");
  const auto context = server->NewContext();
  return server->runs().StartRun(context.get(), request, run);
}

// Starts runs until one is refused; answers how, and counts those that were acknowledged.
grpc::Status StartUntilRefused(const Scene& scene, std::size_t* acknowledged) {
  for (int tries = 0; tries < 20'000; ++tries) {
    v1::Run run;
    const grpc::Status status = StartEcho(scene, &run);
    if (!status.ok()) return status;
    ++*acknowledged;
  }
  return grpc::Status::OK;
}

// The server still answers what it knows, and says what ails it.
void CheckReadsGoOn(const Scene& scene, const std::string& gate) {
  CHECK(scene.StatusOf(gate) == "RUN_STATUS_RUNNING");
  CHECK(scene.Recourse({"runs"}).code == 0);
  CHECK(scene.Recourse({"timeline", "R-1"}).code == 0);
  const Finished info = scene.Recourse({"info"});
  CHECK(info.code == 0);
  CHECK_THAT(info.out, Contains("the journal cannot be written"));
  CHECK_THAT(scene.Recourse({"attention"}).out, Contains("JOURNAL  it cannot be written"));
}

// After the disk is well: without a restart, every acknowledged run is there and ends, and the
// attempt that was at work meanwhile has happened once.
void CheckServiceResumes(const Scene& scene, const std::string& gate, std::size_t acknowledged) {
  CHECK(scene.Recourse({"watch", gate}).code == 0);
  CHECK_THAT(scene.Effects(), Equals(gate + "/mark/1\n"));
  Eventually("runs start again", [&] {
    v1::Run run;
    return StartEcho(scene, &run).ok() && ++acknowledged > 0;
  });
  Eventually("every run is over", [&] {
    return scene.Json({"runs", "--status", "running"})["runs"].as_list().empty();
  });
  const std::string succeeded = "R-" + std::to_string(acknowledged);
  CHECK(scene.StatusOf(succeeded) == "RUN_STATUS_SUCCEEDED");
  CHECK(scene.Recourse({"show", "R-" + std::to_string(acknowledged + 1)}).code == 4);
  CHECK_THAT(scene.Recourse({"journal", "verify"}).out,
             Contains("of " + std::to_string(acknowledged) + " runs"));
}

// A file system of 1 MiB in a mount namespace that the test process has for itself alone.
bool MountSmallDisk(const std::string& directory) {
  std::filesystem::create_directories(directory);
  return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
         mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("tmpfs", directory.c_str(), "tmpfs", 0, "size=1m,mode=0700") == 0;
}

// Leaves no free byte on the file system of `path`.
void Fill(const std::string& path) {
  auto file = OpenFile(path, O_WRONLY | O_CREAT | O_APPEND);
  REQUIRE(file);
  for (const std::size_t size : {std::size_t{65536}, std::size_t{4096}, std::size_t{1}}) {
    const std::string bytes(size, 'x');
    while (write(file->get(), bytes.data(), bytes.size()) > 0) {
    }
  }
}

TEST_CASE("with the disk full, starts are refused, reads go on, and nothing is lost",
          "[integration]") {
  Scene scene(false);
  if (!MountSmallDisk(scene.data)) {
    WARN("no file system can be mounted here; the next test fills up a limit instead");
    return;
  }
  scene.StartServer();
  const std::string gate = scene.Start("gate");
  std::size_t acknowledged = 1;
  Fill(scene.data + "/filler");
  const grpc::Status refused = StartUntilRefused(scene, &acknowledged);
  CHECK(refused.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK_THAT(refused.error_message(), Contains("journal.db"));
  scene.OpenGate();
  CheckReadsGoOn(scene, gate);
  std::filesystem::remove(scene.data + "/filler");
  CheckServiceResumes(scene, gate, acknowledged);
  scene.StopServer();
  CHECK(scene.VerifyOffline().code == 0);
  REQUIRE(umount2(scene.data.c_str(), MNT_DETACH) == 0);
}

TEST_CASE("with files at their limit, starts are refused, reads go on, and nothing is lost",
          "[integration]") {
  Scene scene;
  const std::string gate = scene.Start("gate");
  std::size_t acknowledged = 1;
  rlimit before = {};
  REQUIRE(prlimit(scene.server().pid(), RLIMIT_FSIZE, nullptr, &before) == 0);
  rlimit limit = before;
  limit.rlim_cur = std::filesystem::file_size(scene.data + "/journal.db-wal") + 20'000;
  REQUIRE(prlimit(scene.server().pid(), RLIMIT_FSIZE, &limit, nullptr) == 0);
  const grpc::Status refused = StartUntilRefused(scene, &acknowledged);
  CHECK(refused.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  scene.OpenGate();
  CheckReadsGoOn(scene, gate);
  REQUIRE(prlimit(scene.server().pid(), RLIMIT_FSIZE, &before, nullptr) == 0);
  CheckServiceResumes(scene, gate, acknowledged);
}

TEST_CASE("with a disk that fails, starts are refused, reads go on, and nothing is lost",
          "[integration]") {
  const char* call = GENERATE("pwrite64", "fdatasync");
  INFO(call);
  Scene scene(false);
  scene.server_environment = {{"LD_PRELOAD", FAILING_DISK},
                              {"ASAN_OPTIONS", "verify_asan_link_order=0"},
                              {"FAILING_DISK_PATH", "journal.db"},
                              {"FAILING_DISK_WHILE", scene.folder / "broken"}};
  scene.StartServer();
  const std::string gate = scene.Start("gate");
  std::size_t acknowledged = 1;
  scene.folder.Write("broken", call);
  const grpc::Status refused = StartUntilRefused(scene, &acknowledged);
  CHECK(refused.error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK_THAT(refused.error_message(), Contains("journal.db"));
  CHECK(acknowledged == 1);
  // There is a server, and it said no.
  CHECK(scene.Recourse({"start", "echo"}).code == 4);
  Eventually("the log says so", [&] {
    return scene.server().err().find("the journal cannot be written") != std::string::npos;
  });
  scene.OpenGate();
  CheckReadsGoOn(scene, gate);

  SECTION("the disk is well again") {
    std::filesystem::remove(scene.folder / "broken");
    CheckServiceResumes(scene, gate, acknowledged);
  }
  SECTION("the server is killed while the disk is broken") {
    scene.KillServer();
    scene.server_environment.clear();
    scene.StartServer();
    // That the program ended was not acknowledged to anybody. When only the sync failed it may
    // stand in the file all the same; when the write failed it cannot, and a person is asked.
    const Finished seen = scene.Recourse({"watch", gate, "--until-waiting"});
    const bool asked = seen.code == 5;
    CHECK((asked || (seen.code == 0 && call == std::string("fdatasync"))));
    if (asked) CHECK(scene.Recourse({"skip", gate, "--reason", "it ended", "--wait"}).code == 0);
    CHECK_THAT(scene.Effects(), Equals(gate + "/mark/1\n"));
  }
}

}  // namespace
}  // namespace recourse::integration

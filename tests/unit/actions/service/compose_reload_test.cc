// Who sends the signal by which a container reloads: this server, or the engine.
#include <sys/socket.h>
#include <sys/un.h>

#include <fstream>
#include <mutex>
#include <thread>

#include "tests/unit/actions/host/program.h"
#include "tests/unit/actions/service/service_actions.h"

namespace recourse {
namespace {

using testing::MessageOf;
using testing::RunningProgram;

// Answers as the Docker API with one container, and keeps what it was asked for.
class OneContainer {
 public:
  OneContainer(const std::string& socket_file, std::string id, std::string inspection)
      : id_(std::move(id)), inspection_(std::move(inspection)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(socket_file.size() < sizeof(address.sun_path));
    socket_file.copy(address.sun_path, socket_file.size());
    listener_ = Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    REQUIRE(listen(listener_.get(), 8) == 0);
    thread_ = std::thread([this] { Serve(); });
  }
  ~OneContainer() {
    shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

  bool WasAskedFor(const std::string& line) {
    const std::lock_guard lock(mutex_);
    return asked_.find(line) != std::string::npos;
  }

 private:
  void Serve() {
    for (;;) {
      const Descriptor peer(accept(listener_.get(), nullptr, nullptr));
      if (!peer.valid()) return;
      std::string request;
      char buffer[4096];
      while (request.find("\r\n\r\n") == std::string::npos) {
        const ssize_t count = read(peer.get(), buffer, sizeof(buffer));
        if (count <= 0) break;
        request.append(buffer, static_cast<std::size_t>(count));
      }
      const std::string line = request.substr(0, request.find(" HTTP/"));
      const std::string body = line.starts_with("GET /containers/json")
                                   ? "[{\"Id\": \"" + id_ + "\"}]"
                               : line == "GET /containers/" + id_ + "/json" ? inspection_
                                                                            : "";
      const std::string answer =
          "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
          "\r\n\r\n" + body;
      send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
      const std::lock_guard lock(mutex_);
      asked_ += line + "\n";
    }
  }

  const std::string id_;
  const std::string inspection_;
  Descriptor listener_;
  std::mutex mutex_;
  std::string asked_;  // guarded by mutex_
  std::thread thread_;
};

class ReloadOfContainer : public testing::ServiceActions {
 public:
  ReloadOfContainer()
      : program_("trap 'echo HUP >> " + world.Path("got") +
                 "' HUP; echo ready; while :; do sleep 0.02; done") {
    resource = Value::Object({{"name", "app"},
                              {"kind", "compose"},
                              {"socket", world.Path("d.sock")},
                              {"project", "health"},
                              {"reload_signal", "HUP"},
                              {"settle", "100ms"}});
  }

  // Words by which the control groups of the program can be told from others, as the ID of its
  // container would be.
  std::string GroupOfProgram() const {
    std::ifstream file("/proc/" + std::to_string(program_.pid()) + "/cgroup");
    std::string line;
    std::getline(file, line);
    return line.substr(0, line.rfind(':'));
  }

  // The container `id`, whose main process is the program, if the engine is to be believed.
  std::unique_ptr<OneContainer> Engine(const std::string& id, const std::string& policy) const {
    const Value state = Value::Object({{"Status", "running"},
                                       {"Running", true},
                                       {"Pid", std::int64_t{program_.pid()}},
                                       {"StartedAt", "2026-11-21T03:00:00Z"}});
    const Value host = Value::Object({{"RestartPolicy", Value::Object({{"Name", policy}})}});
    const Value told = Value::Object({{"Name", "/health_app_1"},
                                      {"State", state},
                                      {"HostConfig", host},
                                      {"Config", Value(Value::Map{})}});
    return std::make_unique<OneContainer>(world.Path("d.sock"), id, ToJson(told));
  }

  std::vector<std::string> PlanLines() {
    const auto plan = world.Find("service.reload").Plan(world.MakeContext(Inputs()));
    REQUIRE(plan);
    return plan->lines;
  }

 private:
  RunningProgram program_;
};

constexpr const char* kOtherId = "4f1c0f3e9d7a4f1c0f3e9d7a4f1c0f3e9d7a4f1c0f3e9d7a4f1c0f3e9d7a4f1c";

TEST_CASE(
    "a container's process is told to reload past the engine, which would not restart it then",
    "[actions][service]") {
  ReloadOfContainer reload;
  const std::string id = reload.GroupOfProgram();
  if (id.empty()) {
    WARN("skipped: this kernel has no control groups");
    return;
  }
  const auto engine = reload.Engine(id, "always");
  CHECK(reload.PlanLines().size() == 1);
  CHECK(reload.world.Read("got").empty());
  const Outcome reloaded = reload.Do("reload");
  INFO(MessageOf(reloaded));
  REQUIRE(reloaded);
  reload.Await([&] { return reload.world.Read("got") == "HUP\n"; });
  CHECK_FALSE(engine->WasAskedFor("/kill"));
}

TEST_CASE("a process that is not the container's gets no signal: the engine is asked to send it",
          "[actions][service]") {
  ReloadOfContainer reload;
  SECTION("which is told where the container has a restart policy") {
    const auto engine = reload.Engine(kOtherId, "unless-stopped");
    const auto lines = reload.PlanLines();
    REQUIRE(lines.size() == 2);
    CHECK_THAT(lines[1], Catch::Contains("HUP to health_app_1") &&
                             Catch::Contains("dockerd may then not start it again by itself"));
    REQUIRE(reload.Do("reload"));
    CHECK(engine->WasAskedFor("POST /containers/" + std::string(kOtherId) + "/kill?signal=SIGHUP"));
    REQUIRE(reload.world.log.size() == 1);
    CHECK(reload.world.log[0] == lines[1]);
  }
  SECTION("and does no harm where it has none") {
    const auto engine = reload.Engine(kOtherId, "no");
    CHECK(reload.PlanLines().size() == 1);
    REQUIRE(reload.Do("reload"));
    CHECK(engine->WasAskedFor("/kill?signal=SIGHUP"));
    CHECK(reload.world.log.empty());
  }
  CHECK(reload.world.Read("got").empty());
}

}  // namespace
}  // namespace recourse

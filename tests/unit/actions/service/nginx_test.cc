#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "actions/service/identity.h"
#include "tests/integration/program.h"
#include "tests/unit/actions/service/service_actions.h"

namespace recourse {
namespace {

using Catch::Matchers::Contains;
using testing::MessageOf;

// A socket that listens on a port of its own on the loopback.
class Listener {
 public:
  Listener() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(listen(socket_.get(), 1) == 0);
    REQUIRE(getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  std::string port() const { return std::to_string(port_); }

 private:
  Descriptor socket_;
  int port_ = 0;
};

// A real nginx, whose server answers with a text that its configuration holds.
class RealNginx : public testing::ServiceActions {
 public:
  RealNginx() {
    std::filesystem::permissions(world.Path(""), std::filesystem::perms(0755));
    port_ = Listener().port();
    world.Write("site.conf", Site("old", port_));
    world.Write("nginx.conf",
                "daemon off; worker_processes 2; pid nginx.pid; error_log error.log notice;\n"
                "events { worker_connections 64; }\n"
                "http { access_log off; client_body_temp_path b; proxy_temp_path p;\n"
                "  fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;\n"
                "  include site*.conf; }\n");
    nginx_ = std::make_unique<integration::Program>(
        std::vector<std::string>{"/usr/sbin/nginx", "-p", world.Path(""), "-c",
                                 world.Path("nginx.conf"), "-e", world.Path("error.log")},
        world.Path("nginx"));
    integration::Eventually("nginx answers", [&] { return Answer() == "old"; });
    resource = Value::Object({{"prefix", world.Path("")},
                              {"configuration", world.Path("nginx.conf")},
                              {"pid_file", world.Path("nginx.pid")},
                              {"error_log", world.Path("error.log")}});
  }
  ~RealNginx() {
    nginx_->Signal(SIGTERM);
    nginx_->WaitForEnd(std::chrono::seconds(10));
  }

  static std::string Site(const std::string& text, const std::string& port) {
    return "server { listen 127.0.0.1:" + port + "; location / { return 200 " + text + "; } }\n";
  }

  std::string Answer() const {
    return integration::Run({"/usr/bin/curl", "-s", "-m", "5", "http://127.0.0.1:" + port_ + "/"},
                            world.Path("curl"))
        .out;
  }

  // The inputs that put `content` in the place of site.conf.
  Value Replacing(const std::string& content) {
    return Value::Object({{"nginx", resource},
                          {"new_configuration", world.Write("incoming", content)},
                          {"replaces", world.Path("site.conf")}});
  }
  Outcome Reload(const Value& inputs) { return world.Do("service.nginx_reload", inputs); }
  Outcome Undo(const Value& inputs) {
    return world.Find("service.nginx_reload").Compensate(world.MakeContext(inputs, world.undo), {});
  }

  // All files whose names nginx does not see, as site.conf's kept copy.
  int HiddenFiles() const {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(world.Path(""))) {
      count += entry.path().filename().string().starts_with(".");
    }
    return count;
  }

  const std::string& port() const { return port_; }
  int pid() const { return nginx_->pid(); }

 private:
  std::string port_;
  std::unique_ptr<integration::Program> nginx_;
};

TEST_CASE("nginx takes a new configuration, and a rollback gives the old one back",
          "[actions][service][nginx]") {
  RealNginx nginx;
  REQUIRE(chmod(nginx.world.Path("site.conf").c_str(), 0640) == 0);
  const Value inputs = nginx.Replacing(RealNginx::Site("new", nginx.port()));
  const Outcome reloaded = nginx.Reload(inputs);
  INFO(MessageOf(reloaded));
  REQUIRE(reloaded);
  CHECK(nginx.Answer() == "new");
  CHECK(reloaded.output()["changed"] == Value(true));
  CHECK(reloaded.output()["old_workers"].as_list().size() == 2);
  CHECK(reloaded.output()["new_workers"].as_list().size() == 2);
  CHECK(reloaded.output()["old_workers"] != reloaded.output()["new_workers"]);
  const auto kept = ReadFile(reloaded.output().StringOr("kept", ""), 4096);
  REQUIRE(kept);
  CHECK(*kept == RealNginx::Site("old", nginx.port()));

  const Value undo = nginx.world.undo;
  REQUIRE(nginx.world.Find("service.nginx_reload").Apply(nginx.world.MakeContext(inputs, undo)));
  for (int time = 1; time <= 2; ++time) {
    const Outcome undone = nginx.Undo(inputs);
    INFO(MessageOf(undone));
    REQUIRE(undone);
    CHECK(nginx.Answer() == "old");
  }
  CHECK(nginx.world.Read("site.conf") == RealNginx::Site("old", nginx.port()));
  struct stat info;
  REQUIRE(stat(nginx.world.Path("site.conf").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0640);
  CHECK(nginx.HiddenFiles() == 0);
}

TEST_CASE("nginx reads again what is there", "[actions][service][nginx]") {
  RealNginx nginx;
  nginx.world.Write("site.conf", RealNginx::Site("edited", nginx.port()));
  const Value inputs = Value::Object({{"nginx", nginx.resource}});
  const Outcome reloaded = nginx.Reload(inputs);
  INFO(MessageOf(reloaded));
  REQUIRE(reloaded);
  CHECK(reloaded.output()["changed"] == Value(false));
  CHECK(nginx.Answer() == "edited");

  nginx.world.Write("site.conf", "server { listne 1; }\n");
  const Outcome refused = nginx.Reload(inputs);
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kFailedPrecondition);
  CHECK(refused.failure().left == LeftBehind::kNothing);
  CHECK_THAT(MessageOf(refused), Contains("unknown directive \"listne\""));
  CHECK(nginx.Answer() == "edited");
}

TEST_CASE("a configuration that nginx refuses is not left in place", "[actions][service][nginx]") {
  RealNginx nginx;
  const Outcome refused = nginx.Reload(nginx.Replacing("server { listne 1; }\n"));
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kFailedPrecondition);
  CHECK(refused.failure().left == LeftBehind::kNothing);
  CHECK_THAT(MessageOf(refused), Contains("unknown directive \"listne\""));
  CHECK_THAT(MessageOf(refused), Contains("site.conf is as it was"));
  CHECK(nginx.world.Read("site.conf") == RealNginx::Site("old", nginx.port()));
  CHECK(nginx.HiddenFiles() == 0);
}

TEST_CASE("a configuration that passes the test and cannot be served is taken back",
          "[actions][service][nginx]") {
  RealNginx nginx;
  const Listener other;  // `nginx -t` does not mind a port that is in use
  const Outcome failed = nginx.Reload(nginx.Replacing(RealNginx::Site("new", other.port())));
  REQUIRE_FALSE(failed);
  INFO(MessageOf(failed));
  CHECK(failed.failure().error.code == Code::kUnavailable);
  CHECK(failed.failure().left == LeftBehind::kNothing);
  CHECK_THAT(MessageOf(failed), Contains("still could not bind()"));
  CHECK_THAT(MessageOf(failed), Contains("and nginx serves with it"));
  CHECK(nginx.Answer() == "old");
  CHECK(nginx.world.Read("site.conf") == RealNginx::Site("old", nginx.port()));
}

// Root as it is in many a unit or container, for as long as this lives.
class WithoutCapability {
 public:
  explicit WithoutCapability(unsigned capability) {
    REQUIRE(syscall(SYS_capget, &header_, before_) == 0);
    __user_cap_data_struct less[2] = {before_[0], before_[1]};
    less[0].effective &= ~(1u << capability);
    REQUIRE(syscall(SYS_capset, &header_, less) == 0);
  }
  ~WithoutCapability() { CHECK(syscall(SYS_capset, &header_, before_) == 0); }

 private:
  __user_cap_header_struct header_{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct before_[2];
};

TEST_CASE("a file of somebody else's is kept with its time by who may only give files away",
          "[actions][service][nginx]") {
  if (geteuid() != 0) {
    WARN("only root may give files away; not tried");
    return;
  }
  RealNginx nginx;
  const std::string site = nginx.world.Path("site.conf");
  const timespec old[] = {{1'700'000'000, 0}, {1'700'000'000, 0}};
  REQUIRE(utimensat(AT_FDCWD, site.c_str(), old, 0) == 0);
  REQUIRE(chown(site.c_str(), 65534, 65534) == 0);
  const Value inputs = nginx.Replacing(RealNginx::Site("new", nginx.port()));
  {
    const WithoutCapability without(CAP_FOWNER);
    const Outcome reloaded = nginx.Reload(inputs);
    INFO(MessageOf(reloaded));
    REQUIRE(reloaded);
  }
  CHECK(nginx.Answer() == "new");
  REQUIRE(nginx.Undo(inputs));
  struct stat info;
  REQUIRE(stat(site.c_str(), &info) == 0);
  CHECK(info.st_uid == 65534);
  CHECK(info.st_mtim.tv_sec == old[1].tv_sec);
}

TEST_CASE("a file whose owner the server cannot set is left as it is, and nothing beside it",
          "[actions][service][nginx]") {
  if (geteuid() != 0) {
    WARN("only root has files of somebody else's to be kept from; not tried");
    return;
  }
  RealNginx nginx;
  const std::string site = nginx.world.Path("site.conf");
  REQUIRE(chown(site.c_str(), 65534, 65534) == 0);
  Outcome refused = Value();
  {
    const WithoutCapability without(CAP_CHOWN);
    refused = nginx.Reload(nginx.Replacing(RealNginx::Site("new", nginx.port())));
  }
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kPermissionDenied);
  CHECK(refused.failure().left == LeftBehind::kNothing);
  CHECK_THAT(MessageOf(refused), Contains("to user 65534") && Contains("CAP_CHOWN"));
  CHECK_THAT(MessageOf(refused), Contains("site.conf is as it was"));
  CHECK(nginx.world.Read("site.conf") == RealNginx::Site("old", nginx.port()));
  CHECK(nginx.HiddenFiles() == 0);
}

TEST_CASE("a file of nginx that was not there is gone again after a rollback",
          "[actions][service][nginx]") {
  RealNginx nginx;
  const std::string port = Listener().port();
  const Value inputs = nginx.Replacing(RealNginx::Site("more", port))
                           .With("replaces", nginx.world.Path("site-more.conf"));
  const Outcome reloaded = nginx.Reload(inputs);
  INFO(MessageOf(reloaded));
  REQUIRE(reloaded);
  CHECK(reloaded.output()["kept"] == Value(""));
  REQUIRE(nginx.Undo(inputs));
  CHECK_FALSE(std::filesystem::exists(nginx.world.Path("site-more.conf")));
  CHECK(nginx.Answer() == "old");
}

TEST_CASE("an nginx that is not the one meant is left alone", "[actions][service][nginx]") {
  RealNginx nginx;
  const Value inputs = nginx.Replacing(RealNginx::Site("new", nginx.port()));
  const auto refused = [&](const Value& changed, const std::string& what) {
    const Outcome outcome = nginx.Reload(changed);
    REQUIRE_FALSE(outcome);
    CHECK(outcome.failure().error.code == Code::kFailedPrecondition);
    CHECK_THAT(MessageOf(outcome), Contains(what));
  };
  const auto with = [&](const std::string& key, const std::string& value) {
    return inputs.With("nginx", nginx.resource.With(key, value));
  };
  refused(with("pid_file", nginx.world.Path("none.pid")), "nginx does not run");
  refused(with("pid_file", nginx.world.Write("own.pid", std::to_string(getpid()))),
          "no master of nginx");
  refused(with("configuration", nginx.world.Write("other.conf", "events {}\n")),
          "was started with " + nginx.world.Path("nginx.conf"));
  std::filesystem::create_symlink(nginx.world.Path("site.conf"), nginx.world.Path("link.conf"));
  refused(inputs.With("replaces", nginx.world.Path("link.conf")), "is a symbolic link");
  CHECK(nginx.Answer() == "old");
}

TEST_CASE("a configuration that somebody else has changed meanwhile is left to them",
          "[actions][service][nginx]") {
  RealNginx nginx;
  const Value inputs = nginx.Replacing(RealNginx::Site("new", nginx.port()));
  REQUIRE(nginx.Reload(inputs));
  nginx.world.Write("site.conf", RealNginx::Site("theirs", nginx.port()));
  const Outcome undone = nginx.Undo(inputs);
  REQUIRE_FALSE(undone);
  CHECK(undone.failure().error.code == Code::kAborted);
  CHECK_THAT(MessageOf(undone), Contains("somebody else has changed it"));
  CHECK(nginx.world.Read("site.conf") == RealNginx::Site("theirs", nginx.port()));
}

#ifdef RECOURSE_FAIL_POINTS
TEST_CASE("a reload that died anywhere is completed, or undone",
          "[actions][service][nginx][crash]") {
  RealNginx nginx;
  const Value inputs = nginx.Replacing(RealNginx::Site("new", nginx.port()));
  for (const std::string point : {"nginx_after_kept", "nginx_after_put", "nginx_after_hup"}) {
    INFO(point);
    const Outcome prepared =
        nginx.world.Find("service.nginx_reload").Prepare(nginx.world.MakeContext(inputs));
    REQUIRE(prepared);
    nginx.world.undo = prepared.output();
    const auto run = [&](const std::string& phase, const std::string& at) {
      const process::Program program{{RECOURSE_RUN_ACTION, phase, "service.nginx_reload",
                                      ToJson(inputs), ToJson(nginx.world.undo)},
                                     {{"RECOURSE_FAIL_POINT", at}},
                                     "/"};
      const auto died = process::RunChild(program, {}, nginx.world.MakeContext({}));
      REQUIRE(died);
      INFO(died->output.text);
      CHECK(died->signal == SIGKILL);
    };
    run("apply", point);
    const Outcome applied = nginx.world.Find("service.nginx_reload")
                                .Apply(nginx.world.MakeContext(inputs, nginx.world.undo));
    INFO(MessageOf(applied));
    REQUIRE(applied);
    CHECK(nginx.Answer() == "new");
    run("compensate", "nginx_after_put_back");
    REQUIRE(nginx.Undo(inputs));
    CHECK(nginx.Answer() == "old");
    CHECK(nginx.HiddenFiles() == 0);
  }
}
#endif

}  // namespace
}  // namespace recourse

// A real systemd, as the manager of a user, with a home of its own.
#pragma once

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/integration/program.h"
#include "tests/unit/actions/service/service_actions.h"

namespace recourse::testing {

// In a mount namespace of its own, where /run is a folder of the test's, so that it believes to
// have been booted; in control groups of its own, named as those of users are; with a journal of
// its own; and never as process 1.
constexpr const char* kStartManager = R"(
T=$1; mkdir -p $T/run/systemd/system $T/run/systemd/journal $T/run/log/journal $T/xdg $T/units $T/cfg
for h in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
  [ -d $h ] && mkdir -p $h/$2 && echo $$ > $h/$2/cgroup.procs
done
[ -e /sys/fs/cgroup/cgroup.controllers ] && mkdir -p /sys/fs/cgroup/$2 &&
  echo $$ > /sys/fs/cgroup/$2/cgroup.procs
export HOME=$T XDG_RUNTIME_DIR=$T/xdg XDG_CONFIG_HOME=$T/cfg
export SYSTEMD_UNIT_PATH=$T/units:/usr/lib/systemd/user
mount --bind $T/run /run || exit 77
printf '[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\n' > $T/journald.conf
mount --bind $T/journald.conf /etc/systemd/journald.conf
setpriv --pdeathsig KILL /lib/systemd/systemd-journald > $T/journald.log 2>&1 &
exec /lib/systemd/systemd --user --unit=basic.target --log-target=console
)";

// Why no such manager can be had here; empty when it can.
inline std::string NoUserManager() {
  if (geteuid() != 0) return "only root can give systemd a mount namespace of its own";
  if (access("/lib/systemd/systemd", X_OK) != 0) return "systemd is not installed";
  if (access("/sys/fs/cgroup", W_OK) != 0) return "control groups cannot be made here";
  return "";
}

class UserManager : public ServiceActions {
 public:
  UserManager() {
    group_ = "test" + std::to_string(getpid()) + "n" + std::to_string(++managers_) + ".slice";
    world.Write("start.sh", kStartManager);
    Unit("app", "ExecStart=/usr/bin/sleep 100000\n");
    manager_ = std::make_unique<integration::Program>(
        std::vector<std::string>{"/usr/bin/unshare", "-m", "--propagation", "private", "/bin/sh",
                                 world.Path("start.sh"), world.Path("m"),
                                 group_ + "/user@0.service"},
        world.Path("manager"));
    integration::Eventually("systemd is up", [&] {
      return Systemctl({"is-active", "basic.target"}) == 0;
    });
    resource = Value::Object({{"name", "app"},
                              {"kind", "systemd"},
                              {"unit", "app.service"},
                              {"scope", "user"},
                              {"runtime_directory", world.Path("m/xdg")},
                              {"settle", "200ms"},
                              {"log", world.Path("app.log")}});
  }
  ~UserManager() {
    manager_->Signal(SIGTERM);
    manager_->WaitForEnd(std::chrono::seconds(20));
    manager_.reset();
    // What is in them dies with the manager, a moment later.
    const Context context = world.MakeContext({});
    const StopEvent stop(context);
    while (!GroupsAreGone() && stop.WaitFor(5ms)) {
    }
  }

  // Writes NAME.service, whose output goes to NAME.log.
  void Unit(const std::string& name, const std::string& service, const std::string& unit = "") {
    std::filesystem::create_directories(world.Path("m/units"));
    const std::string log = "append:" + world.Path(name + ".log");
    world.Write("m/units/" + name + ".service", "[Unit]\n" + unit +
                                                    "[Service]\nStandardOutput=" + log +
                                                    "\nStandardError=" + log + "\n" + service);
    if (manager_) CHECK(Systemctl({"daemon-reload"}) == 0);
  }

  int Systemctl(std::vector<std::string> words) const {
    words.insert(words.begin(), {"/usr/bin/systemctl", "--user"});
    return integration::Run(
               words, world.Path("systemctl"),
               {{"XDG_RUNTIME_DIR", world.Path("m/xdg")}, {"DBUS_SESSION_BUS_ADDRESS", ""}})
        .code;
  }

  std::string Show(const std::string& unit, const std::string& property) const {
    std::string value =
        integration::Run(
            {"/usr/bin/systemctl", "--user", "show", "--value", "-p", property, unit},
            world.Path("systemctl"),
            {{"XDG_RUNTIME_DIR", world.Path("m/xdg")}, {"DBUS_SESSION_BUS_ADDRESS", ""}})
            .out;
    while (value.ends_with('\n')) value.pop_back();
    return value;
  }

 private:
  bool GroupsAreGone() const {
    bool gone = true;
    for (const char* hierarchy :
         {"/sys/fs/cgroup/systemd/", "/sys/fs/cgroup/unified/", "/sys/fs/cgroup/"}) {
      gone = Remove(hierarchy + group_) && gone;
    }
    return gone;
  }

  // Removes a control group with those below it, where no process is in them.
  static bool Remove(const std::string& path) {
    std::error_code ignored;
    std::vector<std::string> below;
    for (const auto& entry : std::filesystem::directory_iterator(path, ignored)) {
      if (entry.is_directory(ignored)) below.push_back(entry.path());
    }
    for (const std::string& group : below) Remove(group);
    return rmdir(path.c_str()) == 0 || errno == ENOENT;
  }

  static inline int managers_ = 0;
  std::string group_;
  std::unique_ptr<integration::Program> manager_;
};

}  // namespace recourse::testing

// A scratch system with a server that looks after it: the shipped workflows, a policy that allows
// nothing outside the system's own folder, and people of several roles.
//
//   System system;
//   const HealthPackage health(system);                // files, services, target: health_package.h
//   health.WriteTarget();
//   system.StartServer();
//   const std::string run = system.StartRun("recovery", "health");
//   system.Approve(run, "dba");
//   CHECK(system.EndOf(run) == "SUCCEEDED");
//
// People: `operator` starts runs; `dba`, `commander` (incident-commander) and `expert` (level-3)
// decide.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/base/value.h"
#include "tests/integration/scene.h"
#include "tests/integration/systems/parts.h"
#include "tests/integration/systems/picture.h"

namespace recourse::integration {

class System : public Scene {
 public:
  System();
  // Ends the services that are left. The test fails when one does not end.
  ~System();

  // The folder of the system: all that workflows may touch lies below it. Others may pass through,
  // so that services can run as somebody else.
  const std::string world;
  std::string operator/(const std::string& name) const { return world + "/" + name; }

  // Of the server's configuration, for the next StartServer(): more of it, as YAML; programs that
  // actions may start, beside the demo service and nginx.
  std::string more_configuration;
  std::vector<std::string> allowed_commands;
  // In place of Scene's, which it calls.
  void StartServer();
  void RestartServer();

  void WriteTarget(const std::string& name, const std::string& resources) const;
  // Sends notifications of the channel "ops-mail" to the server, and tells `routes` (YAML of a
  // list) beside what workflows send themselves.
  void WriteMailChannel(const MailServer& mail, const std::string& routes = "[]") const;

  // The shipped policy of that name; with `quick`, its minutes are hundredths of a second.
  void WritePolicy(const std::string& name, bool quick) const;

  // Starts a run as `operator`, and answers its id at once. `inputs` are "name=value".
  std::string StartRun(const std::string& workflow, const std::string& target,
                       const std::vector<std::string>& inputs = {}) const;
  // The step that the run stands at, once it needs a person or is over: "" when it is over.
  std::string StandsAt(const std::string& run) const;
  // Waits for the run's question, decides it, and answers the question's text and plan.
  std::string Approve(const std::string& run, const std::string& who = "dba") const;
  std::string Reject(const std::string& run, const std::string& who = "dba") const;
  // "SUCCEEDED", "ROLLED_BACK", ..., or "NEEDS_ATTENTION" and "WAITING" when it waits for a person.
  std::string EndOf(const std::string& run) const;
  Value OutputsOf(const std::string& run) const;
  // What one step answered.
  Value OutputOf(const std::string& run, const std::string& step) const;
  // For a message of a failing check, and to look for words in.
  std::string TimelineOf(const std::string& run) const;

  // The next start of the server is killed with SIGKILL when it comes to the point; see
  // engine/base/fail_point.h. False where the programs are built without such points.
  bool ArmKill(const std::string& fail_point);
  // Waits for that death, and starts the server again without the point.
  void SurviveKill();

  // Runs all services of a target to the state, by a run of its own; its traffic is started last
  // and stopped first.
  void StartServices(const std::string& target) const;
  void StopServices(const std::string& target) const;
  // "runs" or "is down": whether the process that a pid file of the world names lives.
  std::string ServiceState(const std::string& pid_file) const;

 private:
  void WriteConfiguration();
  void WritePrincipals() const;
  std::string Decide(const std::string& verb, const std::string& run, const std::string& who) const;
};

// What `sqlite3` answers to SQL on a file, without the last line end; lines for errors begin with
// "Error". The test process itself opens no database of the world.
std::string Sql(const std::string& database, const std::string& sql);

}  // namespace recourse::integration

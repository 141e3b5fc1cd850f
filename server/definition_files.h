// The files that a server's workflows, targets, schedules, escalation policies and alert rules are
// read from, again and again: what was good stays in use when its file is broken.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/definition/workflow.h"
#include "engine/runtime/engine.h"
#include "server/alerts/rules.h"

namespace recourse::server {

struct Definitions {
  runtime::Catalogue catalogue;
  // What alerts start; never null.
  std::shared_ptr<const alerts::Rules> alert_rules = std::make_shared<const alerts::Rules>();
  // What of them cannot start what it names, a line each; these stand in `problems` too. Alerts
  // that it counts for start the fallback's run.
  std::vector<std::string> alert_rules_unusable;
  // What could not be used, a line each, with file, line and column. The rest is there: a mistake
  // in one definition must not keep the others, and the runs at work, from an operator.
  std::vector<std::string> problems;
  // What is different since the files were read before: "changed /srv/workflows/recovery.yaml".
  std::vector<std::string> changes;
};

class DefinitionFiles {
 public:
  struct Directories {
    std::vector<std::string> workflows;
    std::vector<std::string> targets;
    std::vector<std::string> schedules;
    std::vector<std::string> escalation_policies;
    // Read before `workflows` where it exists, and made for those that are applied and have no file
    // yet. Empty: none.
    std::string own;
    std::string alert_rules = {};       // a file; empty: none
    bool alert_rules_expected = false;  // that it does not exist is a problem
  };
  // `actions` outlives this.
  DefinitionFiles(Directories directories, const ActionCatalogue& actions)
      : directories_(std::move(directories)), actions_(&actions) {}

  // Reads every *.yaml and *.yml of the directories, in the order of their names, but for the cases
  // of rehearsals (*.test.yaml). A directory that does not exist is a problem like a broken file,
  // and so are two workflows, targets or schedules of one name: the first one counts. A schedule
  // whose workflow could not be used cannot be used either.
  //
  // A file that is broken now and was good when it was read last counts as it was then, and so do
  // those of a directory that cannot be read. A file that is gone takes its definition with it.
  Definitions Load() { return Load({}); }

  // A workflow as somebody wants it to be from now on.
  struct Given {
    std::string file;  // where it comes from: names it in messages
    std::string text;
  };
  struct Applied {
    std::string workflow;
    std::string file;  // where it is stored
    std::string digest;
    std::string digest_before;  // empty: there was none
  };
  struct Application {
    std::vector<Applied> applied;
    std::vector<std::string> problems;  // why nothing was applied, a line each; else empty
    Definitions definitions;            // as they are now; when there are no problems
  };
  // Stores each workflow in the file that the one of its name came from, or in one of its own in
  // the directory `own`, and reads everything again. All or nothing: when one is broken, or
  // something else could not be used any more with it, nothing is stored.
  // kPermissionDenied and others of the system: a file could not be written. The message names
  // those that were written before it; Load() has them.
  Result<Application> Apply(const std::vector<Given>& given);

 private:
  using Texts = std::map<std::string, std::string>;  // by file
  using Names = std::map<std::string, std::string, std::less<>>;
  class Reading;

  // The texts of `overlay` stand for what the files will hold.
  Definitions Load(const Texts& overlay);
  static void UseInPart(const std::string& rules_file, Definitions& definitions);
  std::string FileFor(const std::string& workflow) const;
  Application Check(const std::vector<Given>& given, Texts& overlay) const;

  Directories directories_;
  const ActionCatalogue* actions_;
  // Of the last Load().
  Texts good_;            // what was used, by file
  Names workflow_files_;  // by the workflow's name
  Names digests_;         // the same
  std::vector<std::string> problems_;
};

}  // namespace recourse::server

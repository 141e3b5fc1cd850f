// Reads definitions again while the server runs, and lets the engine start runs from them. Runs
// that have begun keep theirs.
//
// Thread safety: every function may be called from any thread. Reload and Apply wait for the disk
// and for the engine, one at a time.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/definition_files.h"

namespace recourse::notify {
class Courier;
}

namespace recourse::server {

class Reloader {
 public:
  // What came of reading the files last.
  struct Report {
    Time time;
    std::vector<std::string> changes;
    std::vector<std::string> problems;
    std::vector<std::string> alert_rules_unusable;  // see Definitions
  };

  // `first` is what `files` were loaded with. The others outlive this; without a courier there is
  // no file of notifications.
  Reloader(DefinitionFiles files, runtime::Engine& engine, const Clock& clock,
           const Definitions& first, notify::Courier* courier = nullptr);

  // Reads everything again, the file of notifications too; what it comes to stands in the log too.
  // Errors are the engine's: the definitions that it had stay in use.
  Result<Report> Reload();

  // Stores the workflows and reads everything again; see DefinitionFiles::Apply. Errors are its
  // own, and the engine's: what was stored is then in force with the next reload or start.
  Result<DefinitionFiles::Application> Apply(const std::vector<DefinitionFiles::Given>& given);

  Report last() const;

  // What alerts start now; never null.
  std::shared_ptr<const alerts::Rules> alert_rules() const;

 private:
  // REQUIRES: work_mutex_ is held.
  Result<Report> Use(Definitions definitions);

  runtime::Engine& engine_;
  const Clock& clock_;
  notify::Courier* courier_;
  std::mutex work_mutex_;
  DefinitionFiles files_;  // guarded by work_mutex_
  mutable std::mutex report_mutex_;
  Report last_;                                       // guarded by report_mutex_
  std::shared_ptr<const alerts::Rules> alert_rules_;  // the same
};

}  // namespace recourse::server

#include "server/reloader.h"

#include <spdlog/spdlog.h>

#include <future>
#include <utility>

#include "server/notify/courier.h"

namespace recourse::server {

Reloader::Reloader(DefinitionFiles files, runtime::Engine& engine, const Clock& clock,
                   const Definitions& first, notify::Courier* courier)
    : engine_(engine),
      clock_(clock),
      courier_(courier),
      files_(std::move(files)),
      last_{clock.Now(), {}, first.problems, first.alert_rules_unusable},
      alert_rules_(first.alert_rules) {}

Result<Reloader::Report> Reloader::Reload() {
  const std::lock_guard lock(work_mutex_);
  return Use(files_.Load());
}

Result<DefinitionFiles::Application> Reloader::Apply(
    const std::vector<DefinitionFiles::Given>& given) {
  const std::lock_guard lock(work_mutex_);
  auto application = files_.Apply(given);
  if (!application) {
    // What was written before it failed is in force.
    auto used = Use(files_.Load());
    return used ? std::move(application).error() : std::move(used).error();
  }
  if (!application->problems.empty()) return application;
  auto used = Use(application->definitions);
  if (!used) return std::move(used).error().In("the workflows are stored, but not in force yet");
  return application;
}

Result<Reloader::Report> Reloader::Use(Definitions definitions) {
  std::promise<Result<void>> answer;
  auto taken = answer.get_future();
  engine_.Reload(std::move(definitions.catalogue),
                 [&answer](Result<void> result) { answer.set_value(std::move(result)); });
  if (auto result = taken.get(); !result) {
    Error error = std::move(result).error();
    error.message += ". The definitions that were in use stay so";
    spdlog::error("not reloaded: {}", error.message);
    return error;
  }
  // After the definitions, because what it says is checked against them.
  auto channels = courier_ == nullptr ? Result<void>() : courier_->Reload();
  if (!channels) {
    definitions.problems.push_back(std::move(channels).error().message +
                                   "\nthe notifications stay as they were");
  }
  Report report{clock_.Now(), std::move(definitions.changes), std::move(definitions.problems),
                std::move(definitions.alert_rules_unusable)};
  for (const std::string& problem : report.problems) spdlog::error("left out: {}", problem);
  for (const std::string& change : report.changes) spdlog::info("definitions: {}", change);
  spdlog::info("definitions read again: {} files differ, {} problems", report.changes.size(),
               report.problems.size());
  const std::lock_guard lock(report_mutex_);
  last_ = report;
  alert_rules_ = std::move(definitions.alert_rules);
  return report;
}

Reloader::Report Reloader::last() const {
  const std::lock_guard lock(report_mutex_);
  return last_;
}

std::shared_ptr<const alerts::Rules> Reloader::alert_rules() const {
  const std::lock_guard lock(report_mutex_);
  return alert_rules_;
}

}  // namespace recourse::server

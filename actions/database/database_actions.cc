#include "actions/database/database_actions.h"

#include <map>
#include <string>
#include <utility>

#include "actions/database/sqlite_actions.h"

namespace recourse {
namespace {

using Drivers = std::map<std::string, std::unique_ptr<const Action>, std::less<>>;

// Hands each phase to the driver of the resource's kind.
class DatabaseAction final : public Action {
 public:
  // REQUIRES: `drivers` is not empty and all have the same spec.
  explicit DatabaseAction(Drivers drivers) : drivers_(std::move(drivers)) {}

  const ActionSpec& Spec() const override { return drivers_.begin()->second->Spec(); }

  Result<ActionPlan> Plan(const Context& context) const override {
    auto driver = Find(context);
    if (!driver) return std::move(driver).error();
    return (*driver)->Plan(context);
  }
  Outcome Prepare(const Context& context) const override {
    auto driver = Find(context);
    if (!driver) return std::move(driver).error();
    return (*driver)->Prepare(context);
  }
  Outcome Apply(const Context& context) const override {
    auto driver = Find(context);
    if (!driver) return std::move(driver).error();
    return (*driver)->Apply(context);
  }
  Verification Verify(const Context& context, const Value& output) const override {
    auto driver = Find(context);
    if (!driver) return {Verification::Verdict::kInconclusive, driver.error().message, {}};
    return (*driver)->Verify(context, output);
  }
  ProbeAnswer Probe(const Context& context) const override {
    auto driver = Find(context);
    if (!driver) return {ProbeAnswer::Verdict::kUnknown, driver.error().message, {}};
    return (*driver)->Probe(context);
  }
  Outcome Compensate(const Context& context, const Value& output) const override {
    auto driver = Find(context);
    if (!driver) return std::move(driver).error();
    return (*driver)->Compensate(context, output);
  }

 private:
  Result<const Action*> Find(const Context& context) const {
    const std::string kind = context.inputs["database"].StringOr("kind", "");
    const auto found = drivers_.find(kind);
    if (found != drivers_.end()) return found->second.get();
    std::string known;
    for (const auto& [name, driver] : drivers_) known += (known.empty() ? "" : ", ") + name;
    return InvalidArgument("database.kind: there is no driver for \"" + kind + "\" in " +
                           Spec().name + "; there is one for " + known);
  }

  Drivers drivers_;
};

}  // namespace

void AddDatabaseActions(Registry& registry) {
  const auto add = [&registry](std::unique_ptr<const Action> sqlite) {
    Drivers drivers;
    drivers.emplace("sqlite", std::move(sqlite));
    registry.Add(std::make_unique<DatabaseAction>(std::move(drivers)));
  };
  add(database::MakeSqliteCheck());
  add(database::MakeSqliteHolders());
  add(database::MakeSqlitePreserve());
  add(database::MakeSqliteListQuarantine());
  add(database::MakeSqlitePruneQuarantine());
  add(database::MakeSqliteBackup());
  add(database::MakeSqliteRehearseRestore());
  add(database::MakeSqliteRestore());
  add(database::MakeSqliteCreateEmpty());
  add(database::MakeSqliteSize());
  add(database::MakeSqliteQuery());
  add(database::MakeSqliteExportRows());
  add(database::MakeSqliteMerge());
  add(database::MakeSqliteSalvage());
  add(database::MakeSqliteVacuum());
  add(database::MakeSqliteAnalyze());
  add(database::MakeSqliteOptimize());
}

}  // namespace recourse

#include "actions/database/holders.h"
#include "actions/database/resource.h"
#include "actions/database/specs.h"
#include "actions/database/sqlite_actions.h"

namespace recourse::database {
namespace {

class SqliteHolders final : public Action {
 public:
  const ActionSpec& Spec() const override { return HoldersSpec(); }

  Outcome Apply(const Context& context) const override {
    auto resource = ReadResource(context.inputs["database"], context.policy);
    if (!resource) return std::move(resource).error();
    auto scan = FindHolders(resource->path);
    if (!scan) return std::move(scan).error();
    const auto count = static_cast<std::int64_t>(scan->holders.size());
    const Value output = Value::Object({{"path", resource->path},
                                        {"count", count},
                                        {"complete", scan->complete},
                                        {"unreadable", std::int64_t{scan->unreadable}},
                                        {"holders", scan->HoldersValue()}});
    if (count == 0 || !context.inputs.BoolOr("expect_none", false)) return output;
    return Failure{scan->ToError(resource->path), output};
  }
};

}  // namespace

std::unique_ptr<const Action> MakeSqliteHolders() { return std::make_unique<SqliteHolders>(); }

}  // namespace recourse::database

#include <unistd.h>

#include "actions/database/file_gate.h"
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
    const bool expect_none = context.inputs.BoolOr("expect_none", false);
    if (!expect_none && !context.inputs.BoolOr("expect_visible", false)) {
      auto scan = FindHolders(resource->path);
      if (!scan) return std::move(scan).error();
      const Value output = OutputOf(resource->path, *scan);
      if (!scan->write_locked || !context.inputs.BoolOr("expect_unlocked", false)) return output;
      return Failure{Aborted(resource->path + " is locked for writing by " + scan->WritersText() +
                             ". Nothing was changed. Wait for it, or stop it"),
                     output};
    }
    auto gate = FileGate::ForRawRead(resource->path, context);
    if (!gate) return std::move(gate).error();
    auto scan = FindHolders(resource->path);
    if (!scan) return std::move(scan).error();
    const Value output = OutputOf(resource->path, *scan);
    if (expect_none && !scan->holders.empty()) {
      return Failure{scan->ToError(resource->path), output};
    }
    if (expect_none) {
      if (auto unlocked = ProveUnlocked(resource->path); !unlocked) {
        return Failure{std::move(unlocked).error(), output};
      }
    }
    const bool visible = scan->complete || ShowsIdleHolders(resource->path);
    if (visible || context.inputs.BoolOr("accept_unseen_holders", false)) return output;
    return Failure{NotVisible(resource->path, *scan), output};
  }

 private:
  static Value OutputOf(const std::string& path, const HolderScan& scan) {
    return Value::Object({{"path", path},
                          {"count", static_cast<std::int64_t>(scan.holders.size())},
                          {"complete", scan.complete},
                          {"unreadable", static_cast<std::int64_t>(scan.unseen.size())},
                          {"unseen", scan.UnseenText()},
                          {"holders", scan.HoldersValue()},
                          {"write_locked", scan.write_locked},
                          {"writers", scan.WritersValue()}});
  }

  static Error NotVisible(const std::string& path, const HolderScan& scan) {
    const std::string unseen = scan.unseen.empty()
                                   ? "the processes of other users are hidden from this server"
                                   : "this server may not look into " + scan.UnseenText();
    const std::string remedy =
        geteuid() == 0 ? "This server is root already, but without the right to look into them: "
                         "give it the capability SYS_PTRACE and the host's processes"
                       : "Run the server as root or as the user of the services";
    return FailedPrecondition(
        "whether a process has " + path + " open cannot be told: " + unseen +
        ", and the database is not in WAL mode, in which an idle connection would show by its "
        "lock. Nothing was changed. " +
        remedy + "; or look yourself, as root, with `fuser -v " + path +
        "`, and then accept what cannot be seen: --input accept_unseen_holders=true");
  }
};

}  // namespace

std::unique_ptr<const Action> MakeSqliteHolders() { return std::make_unique<SqliteHolders>(); }

}  // namespace recourse::database

#include "actions/database/file_gate.h"
#include "actions/database/restore_plan.h"
#include "actions/database/specs.h"
#include "actions/database/sqlite_actions.h"
#include "actions/database/sqlite_replacement.h"
#include "actions/database/verified_copy.h"

namespace recourse::database {
namespace {

// What the phases read from their inputs.
struct RestoreRequest {
  Resource resource;
  std::string backup;
  Manifest manifest;
};

Result<RestoreRequest> ReadRestore(const Context& context) {
  auto resource = ReadResource(context.inputs["database"], context.policy);
  if (!resource) return std::move(resource).error();
  RestoreRequest request{*std::move(resource), context.inputs.StringOr("backup", ""), {}};
  if (auto allowed = context.policy.AllowPath(request.backup); !allowed) {
    return std::move(allowed).error().In("backup");
  }
  auto manifest = ReadVerifiedManifest(request.backup, request.resource.kind,
                                       context.inputs.BoolOr("accept_salvaged", false));
  if (!manifest) return std::move(manifest).error();
  request.manifest = *std::move(manifest);
  return request;
}

// The backup's bytes are those that were verified.
Result<void> CheckBytes(const RestoreRequest& request, const Context& context) {
  auto gate = FileGate::ForRawRead(request.backup, context);
  if (!gate) return std::move(gate).error();
  auto sha256 = HashFile(request.backup, context);
  if (!sha256) return std::move(sha256).error();
  if (*sha256 == request.manifest.sha256) return {};
  return DataLoss("the bytes of " + request.backup + " are not those that were verified: SHA-256 " +
                  *sha256 + " instead of " + request.manifest.sha256 +
                  ". Nothing was changed. Choose another backup");
}

class SqliteRestore final : public DatabaseReplacement {
 public:
  const ActionSpec& Spec() const override { return RestoreSpec(); }

  Result<ActionPlan> Plan(const Context& context) const override {
    auto request = ReadRestore(context);
    if (!request) return std::move(request).error();
    return PlanRestore(request->resource, request->backup, request->manifest, context);
  }

 private:
  Result<Replacement> ReadReplacement(const Context& context) const override {
    auto request = ReadRestore(context);
    if (!request) return std::move(request).error();
    return Replacement{request->resource, request->backup, request->manifest.size};
  }

  Result<void> CheckSource(const Context& context) const override {
    auto request = ReadRestore(context);
    if (!request) return std::move(request).error();
    return CheckBytes(*request, context);
  }

  Outcome MakeContent(const RestoreRecord& record, const Context& context) const override {
    auto request = ReadRestore(context);
    if (!request) return std::move(request).error();
    VerifiedCopy copy = CopyVerified(request->backup, record.temporary, request->manifest,
                                     request->resource.expected, context);
    if (copy.failure) return *std::move(copy.failure);
    return Value::Object({{"backup", request->backup},
                          {"taken_at", TimeText(request->manifest.taken_at)},
                          {"journal_mode", request->manifest.journal_mode},
                          {"user_version", copy.report.content.user_version},
                          {"application_id", copy.report.content.application_id},
                          {"tables", copy.report.content.TablesValue()}});
  }
};

}  // namespace

std::unique_ptr<const Action> MakeSqliteRestore() { return std::make_unique<SqliteRestore>(); }

}  // namespace recourse::database

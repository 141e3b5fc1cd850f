#include "actions/database/verified_copy.h"

#include "actions/database/file_copy.h"
#include "actions/database/file_gate.h"
#include "actions/database/file_set.h"

namespace recourse::database {
namespace {

Result<Copied> CopyGated(const std::string& from, const std::string& to, const Context& context) {
  auto gate = FileGate::ForRawRead(from, context);
  if (!gate) return std::move(gate).error();
  return CopyFile(from, to, context);
}

Failure Refuse(Error error, const CheckReport& report) {
  return {std::move(error), report.Evidence()};
}

}  // namespace

Result<Manifest> ReadVerifiedManifest(const std::string& backup, const std::string& kind,
                                      bool accept_salvaged) {
  auto facts = FactsOf(backup);
  if (!facts) return std::move(facts).error();
  if (!*facts) return NotFound("there is no backup " + backup + ". Nothing was changed");
  auto manifest = ReadManifest(backup);
  if (!manifest && manifest.error().code == Code::kNotFound) {
    return FailedPrecondition(backup + " has no manifest, so that nobody knows what it should " +
                              "hold. Nothing was changed. Verify it first (backup.verify)");
  }
  if (!manifest) return std::move(manifest).error();
  if (manifest->kind != kind) {
    return FailedPrecondition(backup + " is a backup of a database of the kind \"" +
                              manifest->kind + "\", not \"" + kind + "\". Nothing was changed");
  }
  const bool salvaged = manifest->method == kSalvaged;
  if (salvaged && !accept_salvaged) {
    return FailedPrecondition(backup + " is no backup: it was " + Sentences(manifest->findings) +
                              ". Nothing was changed. Choose a backup; if there is none, and what "
                              "is lost is accepted: accept_salvaged: true");
  }
  if (!salvaged && (manifest->suspect || !manifest->verified_at)) {
    const std::string why =
        manifest->suspect ? "was taken from a database that failed its check" : "is not verified";
    return FailedPrecondition(backup + " " + why + ": " + Sentences(manifest->findings) +
                              ". Nothing was changed. Choose another backup");
  }
  if ((*facts)->size != manifest->size) {
    return DataLoss(backup + " has " + std::to_string((*facts)->size) +
                    " bytes, its manifest says " + std::to_string(manifest->size) +
                    ". Nothing was changed. Choose another backup");
  }
  return manifest;
}

VerifiedCopy CopyVerified(const std::string& backup, const std::string& to,
                          const Manifest& manifest, const Expectations& expected,
                          const Context& context) {
  VerifiedCopy copy;
  const auto refuse = [&](Failure failure) {
    (void)RemoveSqliteFiles(to);
    copy.failure = std::move(failure);
    return std::move(copy);
  };
  auto copied = CopyGated(backup, to, context);
  if (!copied) return refuse({std::move(copied).error(), {}, LeftBehind::kNothing});
  if (copied->sha256 != manifest.sha256) {
    return refuse(
        {DataLoss("the bytes of " + backup + " are not those that were verified: SHA-256 " +
                  copied->sha256 + " instead of " + manifest.sha256 + ". Choose another backup"),
         Value::Object({{"backup", backup},
                        {"sha256", copied->sha256},
                        {"sha256_of_manifest", manifest.sha256}}),
         LeftBehind::kNothing});
  }
  auto report = CheckSqliteFile(to, expected, CheckDepth::kFull, context);
  if (!report) return refuse({std::move(report).error(), {}, LeftBehind::kNothing});
  copy.report = *std::move(report);
  copy.report.path = backup;  // the copy will not be there when somebody reads of it
  if (!copy.report.good()) return refuse(Refuse(copy.report.ToError(), copy.report));
  copy.report.findings = Differences(manifest.content, copy.report.content);
  if (!copy.report.good()) return refuse(Refuse(copy.report.ToError(), copy.report));
  return copy;
}

}  // namespace recourse::database

#include "actions/database/manifest.h"

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse::database {
namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::int64_t kSizeMax = 4 << 20;

Result<Manifest> FromValue(const Value& value) {
  Manifest manifest;
  if (value.IntOr("format", 0) != kFormat) return DataLoss("its format is not 1");
  manifest.kind = value.StringOr("kind", "");
  manifest.name = value.StringOr("name", "");
  manifest.key = value.StringOr("key", "");
  manifest.sha256 = value.StringOr("sha256", "");
  manifest.size = value.IntOr("size", -1);
  manifest.content.application_id = value.IntOr("application_id", 0);
  manifest.content.user_version = value.IntOr("user_version", 0);
  manifest.content.schema_sha256 = value.StringOr("schema_sha256", "");
  if (!value["tables"].is_map()) return DataLoss("it names no tables");
  for (const auto& [name, rows] : value["tables"].as_map()) {
    if (!name.is_string() || !rows.is_int()) return DataLoss("its tables are not numbers by name");
    manifest.content.tables.emplace(name.as_string(), rows.as_int());
  }
  manifest.method = value.StringOr("method", "");
  manifest.source = value.StringOr("source", "");
  manifest.source_change_counter = value.IntOr("source_change_counter", 0);
  manifest.journal_mode = value.StringOr("journal_mode", "delete");
  auto taken_at = ParseTimestamp(value.StringOr("taken_at", ""));
  if (!taken_at) return DataLoss("its taken_at is no time");
  manifest.taken_at = FromTimestamp(*taken_at);
  if (value["verified_at"].is_string()) {
    auto verified_at = ParseTimestamp(value["verified_at"].as_string());
    if (!verified_at) return DataLoss("its verified_at is no time");
    manifest.verified_at = FromTimestamp(*verified_at);
  }
  manifest.suspect = value.BoolOr("suspect", true);
  if (value["findings"].is_list()) {
    for (const Value& finding : value["findings"].as_list()) {
      if (finding.is_string()) manifest.findings.push_back(finding.as_string());
    }
  }
  if (manifest.sha256.size() != 64 || manifest.size < 0 || manifest.kind.empty()) {
    return DataLoss("it lacks kind, size or sha256");
  }
  return manifest;
}

}  // namespace

std::string TimeText(Time time) { return FormatTimestamp(ToTimestamp(time)); }

std::string ManifestPath(const std::string& backup) {
  return backup + std::string(kManifestEnding);
}

Value Manifest::ToValue() const {
  return Value::Object({{"format", kFormat},
                        {"kind", kind},
                        {"name", name},
                        {"key", key},
                        {"sha256", sha256},
                        {"size", size},
                        {"application_id", content.application_id},
                        {"user_version", content.user_version},
                        {"schema_sha256", content.schema_sha256},
                        {"tables", content.TablesValue()},
                        {"method", method},
                        {"source", source},
                        {"source_change_counter", source_change_counter},
                        {"journal_mode", journal_mode},
                        {"taken_at", TimeText(taken_at)},
                        {"verified_at", verified_at ? Value(TimeText(*verified_at)) : Value()},
                        {"suspect", suspect},
                        {"findings", TextList(findings)}});
}

Result<Manifest> ReadManifest(const std::string& backup) {
  const std::string path = ManifestPath(backup);
  auto text = ReadFile(path, kSizeMax);
  if (!text) return std::move(text).error();
  auto value = ParseJson(*text);
  if (!value) return DataLoss(path + " cannot be read: " + value.error().message);
  auto manifest = FromValue(*value);
  if (!manifest) return std::move(manifest).error().In(path + " cannot be read");
  return manifest;
}

Result<void> WriteManifest(const std::string& backup, const Manifest& manifest) {
  return WriteFileAtomically(ManifestPath(backup), ToPrettyJson(manifest.ToValue()) + "\n", 0644);
}

}  // namespace recourse::database

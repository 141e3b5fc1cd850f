#include <algorithm>

#include "actions/database/file_copy.h"
#include "actions/database/result_file.h"
#include "actions/database/specs.h"
#include "actions/database/sqlite_actions.h"
#include "actions/database/sqlite_check.h"
#include "actions/database/sqlite_reading.h"
#include "actions/database/sqlite_schema.h"
#include "actions/database/table_merge.h"
#include "engine/base/text.h"

namespace recourse::database {
namespace {

struct MergeSource {
  std::string path;
  CheckReport report;
  MergeCounts counts;
};

struct Merge {
  Resource resource;
  std::vector<MergeSource> sources;
  std::vector<MergeRule> rules;
  SqliteSchema schema;
};

// The keys that the target knows, and in their place those of the input.
Result<std::vector<MergeRule>> ReadRules(const Value& tables, const Expectations& expected,
                                         const SqliteSchema& schema) {
  std::vector<MergeRule> rules;
  for (const SchemaObject& table : schema.OfType("table")) {
    MergeRule rule{table.name, {}, ""};
    for (const Expectations::Table& known : expected.tables) {
      if (known.name == table.name) rule = {table.name, known.key, known.timestamp};
    }
    if (rule.key.empty()) rule.timestamp.clear();
    rules.push_back(std::move(rule));
  }
  if (!tables.is_list()) return rules;
  for (const Value& one : tables.as_list()) {
    const std::string name = one.StringOr("name", "");
    const auto rule = std::find_if(rules.begin(), rules.end(),
                                   [&](const MergeRule& known) { return known.table == name; });
    if (rule == rules.end()) return InvalidArgument("tables: there is no table \"" + name + "\"");
    rule->key.clear();
    for (const Value& column : one["key"].as_list()) rule->key.push_back(column.as_string());
    rule->timestamp = one.StringOr("timestamp", "");
    if (rule->key.empty()) return InvalidArgument("tables: " + name + ": the key has no columns");
  }
  return rules;
}

// Rows that were changed between two backups would be there twice, and the newest would not win.
Result<void> NeedKeys(const std::vector<MergeRule>& rules, const std::string& source,
                      const Context& context) {
  std::vector<std::string> keyless;
  auto read = ReadSqlite(source, context, [&](const SqliteConnection& from) -> Result<void> {
    keyless.clear();
    for (const MergeRule& rule : rules) {
      if (!rule.key.empty()) continue;
      const std::string of = "(" + Quoted(rule.table) + ")";
      auto keys = from.Number("SELECT (SELECT count(*) FROM pragma_table_info" + of +
                              " WHERE pk > 0) + (SELECT count(*) FROM pragma_index_list" + of +
                              " WHERE \"unique\" AND NOT partial)");
      if (!keys) return std::move(keys).error();
      if (*keys == 0) keyless.push_back(rule.table);
    }
    return {};
  });
  if (!read) return read;
  if (keyless.empty()) return {};
  return FailedPrecondition(
      "no key tells the rows of " + Sentences(keyless, 20) +
      " apart: a row that was changed since would be there twice, and the newest would not win. "
      "Nothing was made. Name the key in the target (database.tables: key), or in the input of "
      "the merge; where rows are only ever added, say keyless: distinct");
}

// Every source is whole, and all have the same definitions.
Result<std::vector<MergeSource>> ReadSources(const Context& context, CheckDepth depth) {
  std::vector<MergeSource> sources;
  for (const Value& path : context.inputs["sources"].as_list()) {
    if (auto allowed = context.policy.AllowPath(path.as_string()); !allowed) {
      return std::move(allowed).error().In("sources");
    }
    auto report = CheckSqliteFile(path.as_string(), {}, depth, context);
    if (!report) return std::move(report).error().In("sources");
    if (!report->good()) return report->ToError().In("sources");
    sources.push_back({path.as_string(), *std::move(report), {}});
  }
  if (sources.empty()) return InvalidArgument("sources: there is none");
  const MergeSource& first = sources.front();
  for (const MergeSource& source : sources) {
    const Content& content = source.report.content;
    const Content& wanted = first.report.content;
    if (content.schema_sha256 == wanted.schema_sha256 &&
        content.application_id == wanted.application_id &&
        content.user_version == wanted.user_version) {
      continue;
    }
    return FailedPrecondition(source.path +
                              " has other definitions, or another application_id or "
                              "user_version, than " +
                              first.path +
                              ", so that their rows cannot be "
                              "merged. Nothing was made. Name sources of one version");
  }
  return sources;
}

Result<Merge> ReadMerge(const Context& context, CheckDepth depth) {
  auto resource = ReadResource(context.inputs["database"], context.policy);
  if (!resource) return std::move(resource).error();
  auto sources = ReadSources(context, depth);
  if (!sources) return std::move(sources).error();
  auto schema = ReadSchemaOf(sources->front().path, context);
  if (!schema) return std::move(schema).error();
  for (const SchemaObject& object : schema->objects) {
    if (!object.is_virtual()) continue;
    return FailedPrecondition("the table \"" + object.name + "\" is virtual: a module keeps its " +
                              "rows in tables of its own, which cannot be merged row by row. " +
                              "Nothing was made");
  }
  auto rules = ReadRules(context.inputs["tables"], resource->expected, *schema);
  if (!rules) return std::move(rules).error();
  if (context.inputs.StringOr("keyless", "distinct") == "fail") {
    auto keys = NeedKeys(*rules, sources->front().path, context);
    if (!keys) return std::move(keys).error();
  }
  return Merge{*std::move(resource), *std::move(sources), *std::move(rules), *std::move(schema)};
}

// All rows of all sources, in the order of their precedence, table by table.
Result<void> MergeRows(const SqliteConnection& to, Merge& merge,
                       std::vector<std::string>& conflicts, const Context& context) {
  std::int64_t done = 0;
  const auto total = static_cast<std::int64_t>(merge.rules.size() * merge.sources.size());
  for (std::size_t i = 0; i < merge.rules.size(); ++i) {
    auto table = TableMerge::Begin(to, merge.rules[i], static_cast<int>(i));
    if (!table) return std::move(table).error();
    for (MergeSource& source : merge.sources) {
      context.progress(done++, total, merge.rules[i].table + " of " + source.path);
      const MergeCounts before = source.counts;
      const auto shown = conflicts.size();
      auto taken = ReadSqlite(source.path, context, [&](const SqliteConnection& from) {
        source.counts = before;
        conflicts.resize(shown);
        return table->TakeFrom(from, source.path, source.counts, conflicts);
      });
      if (!taken) return taken;
    }
    if (auto ended = table->End(); !ended) return ended;
  }
  return {};
}

// The new file with all that the schema defines; the conflicts, as far as they are shown.
Result<std::vector<std::string>> MakeMerged(Merge& merge, const std::string& path,
                                            const Context& context) {
  std::vector<std::string> conflicts;
  auto to = BeginDatabase(path, merge.schema, context);
  if (!to) return std::move(to).error();
  if (auto begun = to->Run("BEGIN"); !begun) return std::move(begun).error();
  if (auto made = MakeObjects(*to, merge.schema, "table"); !made) return std::move(made).error();
  if (auto merged = MergeRows(*to, merge, conflicts, context); !merged) {
    return std::move(merged).error();
  }
  for (const char* type : {"index", "view", "trigger"}) {
    if (auto made = MakeObjects(*to, merge.schema, type); !made) return std::move(made).error();
  }
  if (auto done = to->Run("COMMIT"); !done) return std::move(done).error();
  return conflicts;
}

Value::List CountsOf(const Merge& merge) {
  Value::List list;
  for (const MergeSource& source : merge.sources) {
    list.push_back(Value::Object({{"path", source.path},
                                  {"read", source.counts.read},
                                  {"added", source.counts.added},
                                  {"replaced", source.counts.replaced},
                                  {"duplicates", source.counts.duplicates},
                                  {"superseded", source.counts.superseded},
                                  {"conflicts", source.counts.conflicts}}));
  }
  return list;
}

std::string RuleText(const MergeRule& rule) {
  if (rule.key.empty()) return rule.table + ": every distinct row";
  return rule.table + ": of each (" + Sentences(rule.key, 20) + ") " +
         (rule.timestamp.empty() ? "the row of the first source that has it"
                                 : "the row with the greatest " + rule.timestamp);
}

class SqliteMerge final : public Action {
 public:
  const ActionSpec& Spec() const override { return MergeSpec(); }

  Result<ActionPlan> Plan(const Context& context) const override {
    auto merge = ReadMerge(context, CheckDepth::kQuick);
    if (!merge) return std::move(merge).error();
    auto file = ResultFile::PathFor(context);
    if (!file) return std::move(file).error();
    ActionPlan plan;
    plan.bytes_where = *file;
    plan.lines.push_back("make " + *file + " out of these, the first before the next:");
    for (const MergeSource& source : merge->sources) {
      plan.bytes_needed += source.report.size;
      plan.lines.push_back(source.path + " (" + HumanBytes(source.report.size) + ")");
    }
    for (const MergeRule& rule : merge->rules) plan.lines.push_back(RuleText(rule));
    return plan;
  }

  Outcome Apply(const Context& context) const override {
    auto file = ResultFile::Begin(context);
    if (!file) return std::move(file).error();
    if (file->done()) return *file->done();
    auto merge = ReadMerge(context, CheckDepth::kFull);
    if (!merge) return std::move(merge).error();
    std::int64_t bytes = 0;
    for (const MergeSource& source : merge->sources) bytes += source.report.size;
    if (auto space = NeedSpace(file->directory(), bytes); !space) return space.error();
    auto conflicts = MakeMerged(*merge, file->unfinished(), context);
    if (!conflicts) return std::move(conflicts).error().In("merge into " + file->path());
    return Judge(*merge, *conflicts, *file, context);
  }

 private:
  static Outcome Judge(const Merge& merge, const std::vector<std::string>& conflicts,
                       ResultFile& file, const Context& context) {
    std::int64_t count = 0;
    for (const MergeSource& source : merge.sources) count += source.counts.conflicts;
    Value output = Value::Object({{"by_source", CountsOf(merge)},
                                  {"conflicts", count},
                                  {"conflict_examples", TextList(conflicts)}});
    if (count > 0 && context.inputs.StringOr("on_conflict", "report") == "fail") {
      return Failure{Aborted("the sources disagree in " + std::to_string(count) +
                             " rows: " + Sentences(conflicts, 3) +
                             ". Nothing was made. Decide which is right, or take the rows of the "
                             "earlier sources (on_conflict: report)"),
                     output};
    }
    auto report =
        CheckSqliteFile(file.unfinished(), merge.resource.expected, CheckDepth::kFull, context);
    if (!report) return std::move(report).error();
    report->path = file.path();
    if (!report->good()) return Failure{report->ToError(), report->Evidence()};
    auto facts = FactsOf(merge.sources.front().path);
    if (!facts) return std::move(facts).error();
    auto finished = file.Finish(output.With("tables", report->content.TablesValue())
                                    .With("integrity", "ok")
                                    .With("foreign_key_violations", report->foreign_key_violations)
                                    .With("notes", TextList(report->notes))
                                    .With("schema_sha256", report->content.schema_sha256),
                                OwnWithMode(*facts ? (*facts)->ownership.mode : 0600), context);
    if (!finished) return std::move(finished).error();
    return *std::move(finished);
  }
};

}  // namespace

std::unique_ptr<const Action> MakeSqliteMerge() { return std::make_unique<SqliteMerge>(); }

}  // namespace recourse::database

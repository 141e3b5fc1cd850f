// What the actions of the family say of themselves. The specs are the same for every kind of
// database; `recourse actions show` prints them.
#pragma once

#include <string_view>

#include "engine/definition/action_spec.h"

namespace recourse::database {

// The schemas of the two resources of a target that the actions read: what is written in
// targets/*.yaml under `database` and `backups`.
Value DatabaseSchema();
Value BackupsSchema();

// A map from a table's name to its number of rows.
Value TablesSchema();

// `schema`, an object's, with one more property, required or not.
Value WithProperty(Value schema, std::string_view name, Value property, bool required = true);

// The schema of inputs, from its text, with the resource `database` besides.
Value WithDatabase(std::string_view json);

// A list of conditions on rows: column, op and value, which is bound and never part of the SQL.
Value FilterSchema();

inline const RetryPolicy kWhenBusy{.attempts = 3, .delay = std::chrono::seconds(2)};

// So many of a database's quarantine sets stay, however old, when nothing else is said.
inline constexpr int kQuarantineSetsKept = 3;

const ActionSpec& CheckSpec();
const ActionSpec& HoldersSpec();
const ActionSpec& PreserveSpec();
const ActionSpec& ListQuarantineSpec();
const ActionSpec& PruneQuarantineSpec();
const ActionSpec& BackupSpec();
const ActionSpec& RehearseRestoreSpec();
const ActionSpec& RestoreSpec();
const ActionSpec& CreateEmptySpec();
const ActionSpec& SizeSpec();
const ActionSpec& QuerySpec();
const ActionSpec& ExportRowsSpec();
const ActionSpec& MergeSpec();
const ActionSpec& SalvageSpec();
const ActionSpec& VacuumSpec();
const ActionSpec& AnalyzeSpec();
const ActionSpec& OptimizeSpec();

}  // namespace recourse::database

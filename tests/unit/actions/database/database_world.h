// A scratch folder with the actions of the family, a database and a directory for its backups.
#pragma once

#include <string>

#include "actions/backup/backup_actions.h"
#include "actions/database/database_actions.h"
#include "tests/unit/actions/database/damage.h"
#include "tests/unit/actions/world.h"

namespace recourse::testing {

inline void AddBothFamilies(Registry& registry) {
  AddDatabaseActions(registry);
  AddBackupActions(registry);
}

class DatabaseWorld : public World {
 public:
  DatabaseWorld() : World(AddBothFamilies) { std::filesystem::create_directory(Path("backups")); }

  std::string database() const { return Path("health.db"); }

  Value DatabaseValue() const {
    return Value::Object(
        {{"kind", "sqlite"},
         {"path", database()},
         {"tables", Value::List{Value::Object({{"name", "metrics"}, {"rows_min", 1}})}}});
  }
  Value BackupsValue() const {
    return Value::Object({{"directory", Path("backups")},
                          {"pattern", "health_%Y%m%d.db"},
                          {"keep_days", 30},
                          {"keep_at_least", 3},
                          {"max_age", "48h"}});
  }

  Outcome Check() { return Do("database.check", Value::Object({{"database", DatabaseValue()}})); }
  Outcome Backup() {
    return Do("database.backup",
              Value::Object({{"database", DatabaseValue()}, {"backups", BackupsValue()}}));
  }
  // The path of a new, good backup of the database.
  std::string MakeBackup() {
    const Outcome made = Backup();
    INFO(MessageOf(made));
    REQUIRE(made);
    return made.output()["path"].as_string();
  }
  Value WithBackup(const std::string& backup) const {
    return Value::Object({{"database", DatabaseValue()}, {"backup", backup}});
  }

  // All names below the folder, in order, with their contents: to compare before and after.
  std::map<std::string, std::string> Snapshot() const {
    std::map<std::string, std::string> files;
    for (const auto& file : std::filesystem::recursive_directory_iterator(Path("."))) {
      const std::string path = file.path().string();
      files[path] = file.is_regular_file() ? ReadAll(path) : "directory";
    }
    return files;
  }
};

}  // namespace recourse::testing

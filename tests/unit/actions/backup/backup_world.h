// A directory of backups of several days, beside the database that they were taken from.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "actions/database/manifest.h"
#include "tests/unit/actions/database/database_world.h"

namespace recourse::testing {

class BackupsWorld : public DatabaseWorld {
 public:
  BackupsWorld() { MakeDatabase(database(), 10); }

  // The path of a backup taken `days` before now; verified, unless its manifest is changed.
  std::string AddBackup(int days) {
    const Time taken_at = FixedClock().Now() - std::chrono::days(days);
    const database::Backups backups{Path("backups"), "health_%Y%m%d.db"};
    const std::string path = Path("backups/" + database::NameAt(backups, taken_at));
    {
      const Sql source(database());
      source.Run("INSERT INTO metrics(component) VALUES('one day more')");
    }
    std::filesystem::copy_file(database(), path);
    const Outcome verified = Do("backup.verify", Verify(path));
    INFO(MessageOf(verified));
    REQUIRE(verified);
    Change(path, [&](database::Manifest& manifest) { manifest.taken_at = taken_at; });
    return path;
  }

  Value Verify(const std::string& path) const {
    return WithBackup(path).With("backups", BackupsValue());
  }

  template <class Edit>
  void Change(const std::string& path, Edit edit) {
    auto manifest = database::ReadManifest(path);
    REQUIRE(manifest);
    edit(*manifest);
    REQUIRE(database::WriteManifest(path, *manifest));
  }

  Value WithBackups() const { return Value::Object({{"backups", BackupsValue()}}); }

  // The names in the directory of the backups, without manifests and what begins with a dot.
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(Path("backups"))) {
      const std::string name = file.path().filename();
      if (!name.starts_with('.') && !name.ends_with(".json")) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }
};

}  // namespace recourse::testing

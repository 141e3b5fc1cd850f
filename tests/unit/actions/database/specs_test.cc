#include "engine/base/file.h"
#include "tests/unit/actions/database/database_world.h"

namespace recourse {
namespace {

TEST_CASE("docs/databases.md tells of every action of the two families", "[actions][database]") {
  const auto text = ReadFile(RECOURSE_SOURCE_DIR "/docs/databases.md", 1 << 20);
  REQUIRE(text);
  Registry registry;
  testing::AddBothFamilies(registry);
  for (const ActionSpec* spec : registry.All()) {
    INFO(spec->name);
    CHECK_THAT(*text, Catch::Contains("`" + spec->name + "`"));
  }
}

}  // namespace
}  // namespace recourse

#include "actions/file/file.h"
#include "tests/unit/actions/world.h"

namespace recourse {
namespace {

using testing::World;

TEST_CASE("file.checksum measures a file and finds one that is not as expected",
          "[actions][file]") {
  World world(AddFileActions);
  const std::string path = world.Write("backup", "abc");
  const std::string sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  const Value at = Value::Object({{"path", path}});

  const Outcome measured = world.Do("file.checksum", at);
  REQUIRE(measured);
  CHECK(measured.output()["sha256"] == Value(sum));
  CHECK(measured.output()["size"] == Value(3));
  std::string upper = sum;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  CHECK(world.Do("file.checksum", at.With("expect", upper)));

  const Outcome wrong = world.Do("file.checksum", at.With("expect", std::string(64, '0')));
  REQUIRE_FALSE(wrong);
  CHECK(wrong.failure().error.code == Code::kDataLoss);
  CHECK(wrong.failure().evidence["sha256"] == Value(sum));

  const Outcome folder = world.Do("file.checksum", Value::Object({{"path", world.Path("")}}));
  REQUIRE_FALSE(folder);
  CHECK(folder.failure().error.code == Code::kFailedPrecondition);
  const Outcome none = world.Do("file.checksum", Value::Object({{"path", world.Path("none")}}));
  REQUIRE_FALSE(none);
  CHECK(none.failure().error.code == Code::kNotFound);
}

}  // namespace
}  // namespace recourse

// H-3: the recovery of the health package on real parts.
#include <catch2/catch.hpp>

#include "tests/integration/systems/health_package.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

}  // namespace

TEST_CASE("a damaged database comes back from its backup, with its owner, and both services answer",
          "[integration][health]") {
  System system;
  const HealthPackage health(system);
  system.StartServer();
  system.StartServices("health");
  const std::string before = health.Rows();
  health.MakeBackup();
  health.Damage();
  const std::string run = system.StartRun("recovery", "health");
  CHECK_THAT(system.Approve(run), Contains("is lost"));
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(health.Rows() == before);
  CHECK_THAT(health.Health(), Contains("\"Metrics\""));
}

TEST_CASE("a recovery that was rejected leaves the whole system as it was",
          "[integration][health]") {
  System system;
  const HealthPackage health(system);
  system.StartServer();
  system.StartServices("health");
  health.MakeBackup();
  const Picture before = health.Look();
  const std::string run = system.StartRun("recovery", "health");
  system.Reject(run);
  CHECK(system.EndOf(run) == "ROLLED_BACK");
  CHECK(Difference(before, health.Look()) == "");
}

}  // namespace recourse::integration

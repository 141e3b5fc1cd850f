#include "engine/definition/escalation_policy.h"

#include <catch2/catch.hpp>

#include "engine/base/json.h"
#include "engine/definition/workflow.h"

namespace recourse::definition {
namespace {

constexpr std::string_view kSite = R"(name: site
levels:
  - {after: 15m, to: level-2}
  - {to: level-1}
  - {to: management, severities: [critical]}
respond_within: {critical: 5m}
may_decide: true
)";

}  // namespace

TEST_CASE("a policy is kept by a run as it counts for its severity", "[definition]") {
  const auto policy = LoadEscalationPolicy(kSite, "site.yaml");
  REQUIRE(policy);
  CHECK(ToJson(PolicyFor(*policy, "critical")) ==
        R"({"levels":[{"after_us":0,"to":"level-1"},{"after_us":0,"to":"management"},)"
        R"({"after_us":900000000,"to":"level-2"}],"may_decide":true,"name":"site",)"
        R"("respond_within_us":300000000})");
  CHECK(ToJson(PolicyFor(*policy, "low")) ==
        R"({"levels":[{"after_us":0,"to":"level-1"},{"after_us":900000000,"to":"level-2"}],)"
        R"("may_decide":true,"name":"site"})");
}

TEST_CASE("every mistake in a policy is told with its place", "[definition]") {
  const auto policy = LoadEscalationPolicy(
      "name: site\nlevels:\n  - {after: soon, to: level-1}\n  - {severities: [bad]}\n"
      "respond_within: {urgent: 5m}\nmay_decid: true\n",
      "site.yaml");
  REQUIRE_FALSE(policy);
  const std::string& report = policy.error().message;
  for (const char* expected : {"site.yaml:3:13: after: ", "site.yaml:4:5: ", "site.yaml:4:19: ",
                               "site.yaml:5:18: ", "may_decid", "did you mean"}) {
    CAPTURE(report, expected);
    CHECK(report.find(expected) != std::string::npos);
  }
}

TEST_CASE("a target names a policy that is there", "[definition]") {
  Inventory inventory;
  const auto unknown = inventory.AddFile("name: health\nescalation_policy: sites\n", "health.yaml");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message.find("health.yaml:2:20: ") == 0);
  REQUIRE(inventory.AddPolicyFile(kSite, "site.yaml"));
  REQUIRE(inventory.AddFile("name: health\nescalation_policy: site\n", "health.yaml"));
  CHECK(inventory.PolicyOf(*inventory.Find("health"))->name == "site");
  CHECK(inventory.AddPolicyFile(kSite, "again.yaml").error().code == Code::kAlreadyExists);
}

}  // namespace recourse::definition

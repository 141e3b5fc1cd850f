#include "server/access.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "tests/unit/server/calls.h"

namespace recourse::server {

TEST_CASE("every call of the API has a rule that says who may make it", "[server]") {
  const std::set<std::string_view> roles = {"viewer", "operator", "admin", kDelegate, kAnyRole};
  for (const ApiCall& call : AllCalls()) {
    INFO(call.rpc);
    const auto role = RoleFor(call.rpc);
    REQUIRE(role);
    CHECK(roles.contains(*role));
  }
}

TEST_CASE("the hooks need a role of their own", "[server]") {
  CHECK(*RoleFor("Hooks.Alertmanager") == "alerts");
  CHECK(*RoleFor("Hooks.Alert") == "alerts");
}

TEST_CASE("a call without a rule is refused", "[server]") {
  CHECK(RoleFor("RunService.DropEverything").error().code == Code::kUnimplemented);
}

}  // namespace recourse::server

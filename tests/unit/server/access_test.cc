#include "server/access.h"

#include <google/protobuf/descriptor.h>

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "recourse/v1/admin.pb.h"
#include "recourse/v1/approval.pb.h"
#include "recourse/v1/event.pb.h"
#include "recourse/v1/report.pb.h"
#include "recourse/v1/run.pb.h"
#include "recourse/v1/workflow.pb.h"

namespace recourse::server {

TEST_CASE("every call of the API has a rule that says who may make it", "[server]") {
  const std::set<std::string_view> roles = {"viewer", "operator", "admin", kAnyRole};
  int calls = 0;
  for (const auto* file :
       {v1::Run::descriptor()->file(), v1::Approval::descriptor()->file(),
        v1::Workflow::descriptor()->file(), v1::WatchEventsRequest::descriptor()->file(),
        v1::Report::descriptor()->file(),
        v1::GetInfoRequest::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const std::string rpc =
            file->service(s)->name() + "." + file->service(s)->method(m)->name();
        INFO(rpc);
        const auto role = RoleFor(rpc);
        REQUIRE(role);
        CHECK(roles.contains(*role));
        ++calls;
      }
    }
  }
  CHECK(calls == 37);
}

TEST_CASE("a call without a rule is refused", "[server]") {
  CHECK(RoleFor("RunService.DropEverything").error().code == Code::kUnimplemented);
}

}  // namespace recourse::server

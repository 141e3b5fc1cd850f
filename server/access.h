// Which call needs which role: one table for all of the API.
#pragma once

#include <functional>
#include <string_view>

#include "engine/base/error.h"
#include "engine/runtime/engine.h"
#include "server/principals.h"

namespace grpc {
class ServerContextBase;
}  // namespace grpc

namespace recourse::server {

// The role that a call needs. `rpc` is the name without the package, "RunService.StartRun"; a hook
// of the HTTP port is "Hooks.Alertmanager". kAnyRole: the caller must be known, and the machine
// looks at the roles. kUnimplemented: there is no rule; such a call is refused.
inline constexpr std::string_view kAnyRole = "";
Result<std::string_view> RoleFor(std::string_view rpc);

// Who calls, once it is clear that they may. Who has the role delegate may for itself only look and
// keep references; for a person, who is the caller then, it may call what is about runs.
// kUnauthenticated, kResourceExhausted: see Principals. kPermissionDenied: the caller lacks the
// role; the message names it.
Result<runtime::Caller> Admit(const Principals& principals, const grpc::ServerContextBase& context,
                              std::string_view rpc);
// The same by what was shown.
Result<runtime::Caller> Admit(const Principals& principals, const Presented& presented,
                              std::string_view rpc);

// Whether who has begun a stream may still have it. The principals must outlive it.
using StillAdmitted = std::function<Result<void>()>;
// The same as Admit for a call that is not over soon: what answers, from any thread, whether what
// admitted the caller still holds. Errors are those of Admit.
Result<StillAdmitted> AdmitStream(const Principals& principals,
                                  const grpc::ServerContextBase& context, std::string_view rpc);

}  // namespace recourse::server

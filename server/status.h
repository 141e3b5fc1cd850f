// How an Error leaves the server.
#pragma once

#include <grpcpp/support/status.h>

#include "engine/base/error.h"

namespace recourse::server {

// The status with the error's code and message. The codes have the same numbers. A message that
// would not fit into gRPC's trailers (8 KiB, percent-encoded) is cut and says so.
grpc::Status ToStatus(const Error& error);

}  // namespace recourse::server

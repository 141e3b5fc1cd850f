// Who somebody is whom the chat system itself cannot tell apart from others: by their own token.
#pragma once

#include <string>

#include "client/connection.h"

namespace recourse::chatops {

// Answers the name of the principal whose token it is, who then is known as "SURFACE:TEAM/NAME".
// The token is shown to the server and kept nowhere. kUnauthenticated: it is nobody's.
// kPermissionDenied: that key does not stand at that principal. kUnavailable, kDeadlineExceeded:
// the server did not answer.
Result<std::string> ProveByToken(const client::Connection& server, const std::string& surface,
                                 const std::string& team, const std::string& token);

}  // namespace recourse::chatops

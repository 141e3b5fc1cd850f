// Who listens on a port that this server wants.
#pragma once

#include <string>

namespace recourse::server {

// The process that listens on TCP port `port` of this machine, for a message: "recoursed (pid 4711,
// journal /var/lib/recourse/journal.db)", "nginx (pid 12)". Empty: none does, or it cannot be known,
// because the process is another user's.
std::string HolderOfPort(int port);

}  // namespace recourse::server

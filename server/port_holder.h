// Who listens on a port that this server wants.
#pragma once

#include <string>

namespace recourse::server {

struct PortHolder {
  // For a message: "recoursed (pid 4711, journal /var/lib/recourse/journal.db)", "nginx (pid 12)".
  // Empty: nobody listens, or it cannot be known, because the process is another user's.
  std::string who;
  std::string data;  // the data directory, when it is a server like this one
};

// The process that listens on TCP port `port` of this machine.
PortHolder HolderOfPort(int port);

}  // namespace recourse::server

#include "server/version.h"

namespace recourse::server {

const char* Version() { return RECOURSE_VERSION; }

}  // namespace recourse::server

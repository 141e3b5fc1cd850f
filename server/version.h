// Which build this is.
#pragma once

namespace recourse::server {

// "0.1.0", as the project's CMake file says.
const char* Version();

}  // namespace recourse::server

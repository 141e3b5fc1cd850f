// What a wrong command line is told.
#pragma once

#include <string>

#include "engine/base/error.h"

namespace CLI {
class App;
class Error;
}  // namespace CLI

namespace recourse::cli {

// kInvalidArgument: one of the words is not UTF-8, as a terminal of another encoding sends it, and
// would reach no server.
Result<void> CheckText(int argc, const char* const* argv);

// What is wrong with it, what was probably meant, and where to read on.
std::string Complaint(const CLI::App* app, const CLI::Error& error);

}  // namespace recourse::cli

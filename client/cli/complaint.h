// What a wrong command line is told.
#pragma once

#include <string>

namespace CLI {
class App;
class Error;
}  // namespace CLI

namespace recourse::cli {

// What is wrong with it, what was probably meant, and where to read on.
std::string Complaint(const CLI::App* app, const CLI::Error& error);

}  // namespace recourse::cli

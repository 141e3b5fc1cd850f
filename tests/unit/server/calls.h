// Every call of the API, as the definitions in proto/recourse/v1 have them.
#pragma once

#include <string>
#include <vector>

namespace recourse::server {

struct ApiCall {
  std::string rpc;   // "RunService.GetRun"
  std::string path;  // "/recourse.v1.RunService/GetRun"
  bool streams = false;
};

// The test fails when a file of the folder is not in the program, so that none is forgotten.
std::vector<ApiCall> AllCalls();

}  // namespace recourse::server

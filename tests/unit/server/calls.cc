#include "tests/unit/server/calls.h"

#include <google/protobuf/descriptor.h>

#include <catch2/catch.hpp>
#include <filesystem>

namespace recourse::server {

std::vector<ApiCall> AllCalls() {
  std::vector<ApiCall> calls;
  for (const auto& entry :
       std::filesystem::directory_iterator(RECOURSE_SOURCE_DIR "/proto/recourse/v1")) {
    if (entry.path().extension() != ".proto") continue;
    const std::string name = "recourse/v1/" + entry.path().filename().string();
    INFO(name);
    const auto* file = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(name);
    REQUIRE(file != nullptr);
    for (int s = 0; s < file->service_count(); ++s) {
      const auto* service = file->service(s);
      for (int m = 0; m < service->method_count(); ++m) {
        const auto* method = service->method(m);
        calls.push_back({service->name() + "." + method->name(),
                         "/" + service->full_name() + "/" + method->name(),
                         method->server_streaming()});
      }
    }
  }
  REQUIRE(calls.size() > 30);
  return calls;
}

}  // namespace recourse::server

// The documentation says what the program does.
#include <google/protobuf/descriptor.h>

#include <catch2/catch.hpp>
#include <string>

#include "engine/base/file.h"
#include "engine/base/text.h"
#include "server/access.h"
#include "server/config.h"
#include "tests/unit/server/fixture.h"

namespace recourse::server {
namespace {

std::string Document(const std::string& name) {
  auto text = ReadFile(RECOURSE_SOURCE_DIR "/docs/" + name, 1024 * 1024);
  if (!text) FAIL(text.error().message);
  return *text;
}

}  // namespace

TEST_CASE("docs/operations.md has every numeric setting with default, unit and bounds",
          "[server]") {
  const std::string text = Document("operations.md");
  const Config defaults;
  for (const Setting& setting : NumericSettings()) {
    const auto show = [&](std::int64_t value) {
      return setting.unit == "duration" ? FormatDuration(std::chrono::microseconds(value))
                                        : std::to_string(value);
    };
    const std::string row = "| `" + std::string(setting.name) + "` | " +
                            show(setting.get(defaults)) + " | " + std::string(setting.unit) +
                            " | " + show(setting.min) + " to " + show(setting.max) + " |";
    INFO(row);
    CHECK(text.find(row) != std::string::npos);
  }
}

TEST_CASE("docs/api.md has every call with the role that it needs", "[server]") {
  const std::string text = Document("api.md");
  for (const auto* file :
       {v1::Run::descriptor()->file(), v1::Approval::descriptor()->file(),
        v1::Workflow::descriptor()->file(), v1::WatchEventsRequest::descriptor()->file(),
        v1::Report::descriptor()->file(),
        v1::Schedule::descriptor()->file(),
        v1::GetInfoRequest::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const std::string rpc =
            file->service(s)->name() + "." + file->service(s)->method(m)->name();
        const auto role = RoleFor(rpc);
        REQUIRE(role);
        const std::string row =
            "| `" + rpc + "` | " + (*role == kAnyRole ? "any" : std::string(*role)) + " |";
        INFO(row);
        CHECK(text.find(row) != std::string::npos);
      }
    }
  }
}

}  // namespace recourse::server

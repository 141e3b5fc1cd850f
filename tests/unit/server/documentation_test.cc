// The documentation says what the program does.
#include <catch2/catch.hpp>
#include <string>

#include "engine/base/file.h"
#include "engine/base/text.h"
#include "server/access.h"
#include "server/config.h"
#include "server/principals_file.h"
#include "tests/unit/server/calls.h"
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

TEST_CASE("the files in docs/identity.md are taken as they stand there", "[server]") {
  const std::string text = Document("identity.md");
  constexpr std::string_view kBegin = "```yaml\n";
  int files = 0;
  for (auto at = text.find(kBegin); at != std::string::npos; at = text.find(kBegin, at + 1)) {
    const std::size_t begin = at + kBegin.size();
    const std::string yaml = text.substr(begin, text.find("```", begin) - begin);
    INFO(yaml);
    if (yaml.starts_with("principals:")) {
      const auto file = ParsePrincipals(yaml, "principals.yaml");
      INFO((file ? "" : file.error().message));
      CHECK(file);
    } else {
      const auto config = ParseConfig(yaml, "recourse.yaml");
      INFO((config ? "" : config.error().message));
      CHECK(config);
    }
    ++files;
  }
  CHECK(files == 5);
}

TEST_CASE("docs/api.md has every call with the role that it needs", "[server]") {
  const std::string text = Document("api.md");
  for (const ApiCall& call : AllCalls()) {
    const auto role = RoleFor(call.rpc);
    REQUIRE(role);
    const std::string row =
        "| `" + call.rpc + "` | " + (*role == kAnyRole ? "any" : std::string(*role)) + " |";
    INFO(row);
    CHECK(text.find(row) != std::string::npos);
  }
}

}  // namespace recourse::server

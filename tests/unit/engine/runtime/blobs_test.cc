#include "engine/runtime/blobs.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "engine/base/digest.h"
#include "engine/base/file.h"
#include "engine/base/json.h"

namespace recourse::runtime {
namespace {

struct Directory {
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "recourse-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~Directory() { std::filesystem::remove_all(path); }
  std::string path;
};

}  // namespace

TEST_CASE("a value fits by the length of its JSON", "[runtime]") {
  const Value value = Value::Object({{"text", std::string(90, 'x')}});
  const auto bytes = static_cast<std::int64_t>(ToJson(value).size());
  CHECK(FitsAsJson(value, bytes));
  CHECK_FALSE(FitsAsJson(value, bytes - 1));
  CHECK(FitsAsJson(value, 100'000));
}

TEST_CASE("a large output stands whole in a file named by its digest", "[runtime]") {
  const Directory directory;
  const Blobs blobs(directory.path + "/blobs", 500);
  const Value output = Value::Object({{"ok", true},
                                      {"rows", 50'000},
                                      {"name", "health"},
                                      {"long", std::string(300, 'y')},
                                      {"list", Value::List(1000, Value(1))}});
  const auto shortened = blobs.Shorten(output);
  REQUIRE(shortened);
  const std::string json = ToJson(output);
  const std::string digest = ToHex(Sha256Of(json));
  CHECK(*shortened == Value::Object({{"ok", true},
                                     {"rows", 50'000},
                                     {"name", "health"},
                                     {"blob", digest},
                                     {"bytes", static_cast<std::int64_t>(json.size())}}));
  const auto stored = ReadFile(directory.path + "/blobs/" + digest, 1'000'000);
  REQUIRE(stored);
  CHECK(*stored == json);
  CHECK(blobs.Shorten(output));  // again: the same file
}

TEST_CASE("a small output is left alone", "[runtime]") {
  const Value output = Value::Object({{"rows", 1}});
  const auto same = Blobs("", 500).Shorten(output);
  REQUIRE(same);
  CHECK(*same == output);
}

TEST_CASE("a large output without a directory is an error", "[runtime]") {
  const auto refused = Blobs("", 500).Shorten(Value(std::string(1000, 'x')));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kResourceExhausted);
}

}  // namespace recourse::runtime

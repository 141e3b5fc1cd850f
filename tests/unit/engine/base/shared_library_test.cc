#include "engine/base/shared_library.h"

#include <catch2/catch.hpp>

namespace recourse {
namespace {

TEST_CASE(
    "a library that is not installed is told by its name, and its functions are never looked for") {
  SharedLibrary library("librecourse-is-not-there.so.1");
  bool looked = false;
  const auto loaded = library.Load([&]() -> Result<void> {
    looked = true;
    return {};
  });
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().code == Code::kUnavailable);
  CHECK_THAT(loaded.error().message, Catch::Contains("librecourse-is-not-there.so.1"));
  CHECK_THAT(loaded.error().message, Catch::Contains("install"));
  CHECK_FALSE(looked);
}

TEST_CASE(
    "a library without a function that is needed is of another version, and is looked at again") {
  SharedLibrary library("libm.so.6");
  double (*cosine)(double) = nullptr;
  const auto missing = library.Load([&] { return library.Find("recourse_cosine", cosine); });
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == Code::kUnavailable);
  CHECK_THAT(missing.error().message, Catch::Contains("another version"));

  REQUIRE(library.Load([&] { return library.Find("cos", cosine); }));
  CHECK(cosine(0.0) == 1.0);
}

}  // namespace
}  // namespace recourse

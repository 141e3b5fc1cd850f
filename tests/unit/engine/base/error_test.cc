#include "engine/base/error.h"

#include <catch2/catch.hpp>
#include <cerrno>

namespace recourse {

TEST_CASE("each layer puts what it was doing before the message and keeps the code", "[base]") {
  const Error error = DataLoss("page 12 is damaged").In("check /x.db").In("detect");
  CHECK(error.ToString() == "DATA_LOSS: detect: check /x.db: page 12 is damaged");
}

TEST_CASE("every code has a name that leads back to it", "[base]") {
  for (int number = 1; number <= 16; ++number) {
    const Code code = static_cast<Code>(number);
    CHECK(CodeFromString(ToString(code)) == code);
  }
  CHECK_FALSE(CodeFromString("DATALOSS"));
}

TEST_CASE("a system error keeps its meaning for the caller", "[base]") {
  CHECK(ErrnoError(ENOSPC, "write").code == Code::kResourceExhausted);
  CHECK(ErrnoError(EACCES, "open").code == Code::kPermissionDenied);
  CHECK(ErrnoError(ENOENT, "open /x").ToString() ==
        "NOT_FOUND: open /x: No such file or directory");
}

}  // namespace recourse

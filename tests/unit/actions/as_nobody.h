// Another user's eyes.
#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>

namespace recourse::testing {

// For as long as it lives, when the test has root's.
class AsNobody {
 public:
  AsNobody() {
    if (geteuid() == 0) CHECK(seteuid(65534) == 0);
  }
  ~AsNobody() {
    if (getuid() == 0) CHECK(seteuid(0) == 0);
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
};

}  // namespace recourse::testing

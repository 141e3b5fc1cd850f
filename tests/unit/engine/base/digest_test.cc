#include "engine/base/digest.h"

#include <catch2/catch.hpp>

namespace recourse {

TEST_CASE("SHA-256 gives the values of FIPS 180-4, in one piece or in many", "[base]") {
  const std::string abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  CHECK(ToHex(Sha256Of("abc")) == abc);
  Sha256 sha;
  sha.Add("a");
  sha.Add("bc");
  CHECK(ToHex(sha.Finish()) == abc);
  CHECK(ToHex(sha.Finish()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace recourse

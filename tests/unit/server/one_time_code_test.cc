#include "server/one_time_code.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "tests/unit/server/fixture.h"

namespace recourse::server {
namespace {

using std::chrono::seconds;

const std::string kSecret = "12345678901234567890";  // of RFC 6238, appendix B

Time At(std::int64_t second) { return Time(seconds(second)); }

}  // namespace

TEST_CASE("codes are those of RFC 6238's test vectors", "[server]") {
  CHECK(OneTimeCode(kSecret, 59 / 30) == "287082");
  CHECK(OneTimeCode(kSecret, 1111111109 / 30) == "081804");
  CHECK(OneTimeCode(kSecret, 1111111111 / 30) == "050471");
  CHECK(OneTimeCode(kSecret, 1234567890 / 30) == "005924");
  CHECK(OneTimeCode(kSecret, 2000000000 / 30) == "279037");
  CHECK(OneTimeCode(kSecret, 20000000000 / 30) == "353130");
}

TEST_CASE("a secret is read as apps show it", "[server]") {
  CHECK(*DecodeBase32("GEZD GNBV GY3T QOJQ GEZDGNBVGY3TQOJQ") == kSecret);
  CHECK(*DecodeBase32("gezdgnbvgy3tqojqgezdgnbvgy3tqojq==\n") == kSecret);
  CHECK_FALSE(DecodeBase32("GEZDGNBV"));
  CHECK_FALSE(DecodeBase32("GEZDGNBVGY3TQOJQ1"));
}

TEST_CASE("a code counts for one approval, and one step early or late", "[server]") {
  OneTimeCodes codes(At(0));
  const auto check = [&](std::int64_t now, std::int64_t of, const std::string& approval = "A-1") {
    return codes.Check("ada", kSecret, OneTimeCode(kSecret, of / 30), approval, At(now));
  };
  CHECK_FALSE(check(1000, 900));
  CHECK_FALSE(check(1000, 1100));
  CHECK(check(1000, 970));
  CHECK(check(1000, 1000));
  CHECK(check(1001, 1000));  // the answer was lost, or the vote refused
  const auto again = check(1001, 1000, "A-2");
  REQUIRE_FALSE(again);
  CHECK(again.error().message.find("was used already, for A-1") != std::string::npos);
  CHECK_FALSE(check(1001, 970));  // what came before it does not count any more
  CHECK(check(1020, 1050));
  CHECK(codes.Check("kim", kSecret, OneTimeCode(kSecret, 1020 / 30), "A-2", At(1020)));
}

TEST_CASE("no code counts that could have been used before the server was started", "[server]") {
  OneTimeCodes codes(At(1000));
  const auto check = [&](std::int64_t now, std::int64_t of) {
    return codes.Check("ada", kSecret, OneTimeCode(kSecret, of / 30), "A-1", At(now));
  };
  for (const std::int64_t of : {970, 1000}) {
    const auto early = check(1001, of);
    REQUIRE_FALSE(early);
    CHECK(early.error().message.find("server was started while") != std::string::npos);
  }
  CHECK(check(1001, 1030));
}

TEST_CASE("who guesses codes has to wait, and nobody else", "[server]") {
  OneTimeCodes codes(At(0));
  for (int i = 0; i < 5; ++i) {
    CHECK(codes.Check("ada", kSecret, "000000", "A-1", At(1000)).error().code ==
          Code::kPermissionDenied);
  }
  const std::string right = OneTimeCode(kSecret, 1200 / 30);
  CHECK(codes.Check("ada", kSecret, right, "A-1", At(1200)).error().code ==
        Code::kResourceExhausted);
  CHECK(codes.Check("kim", kSecret, right, "A-1", At(1200)));
  CHECK(codes.Check("ada", kSecret, OneTimeCode(kSecret, 1301 / 30), "A-1", At(1301)));
  CHECK(codes.Check("ada", kSecret, "12345", "A-1", At(1302)).error().code ==
        Code::kPermissionDenied);
}

TEST_CASE("an approval that asks for a one-time code is not given without the right one",
          "[server]") {
  const TemporaryDirectory folder;
  const std::string secret = folder.Write("ada.code", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n");
  REQUIRE(chmod(secret.c_str(), 0600) == 0);
  std::vector<PrincipalConfig> who(3);
  who[0] = {"operator", {"viewer", "operator", "admin"}, "", "", {}};
  who[1] = {"ada", {"viewer", "dba"}, "", secret, {}};
  who[2] = {"kim", {"viewer", "dba"}, "", "", {}};
  RunningServer running({}, who);
  const v1::Run run = running.Start("wipe");
  const auto decide = [&](const std::string& name, const std::string& code) {
    v1::DecideRequest request;
    request.set_approval(run.open_approvals(0));
    request.set_decision(v1::DECISION_APPROVE);
    request.set_one_time_code(code);
    v1::Approval approval;
    return running.approvals->Decide(running.As(name).get(), request, &approval);
  };
  const auto right = [&] {
    const auto now =
        std::chrono::floor<std::chrono::seconds>(running.clock.Now().time_since_epoch());
    return OneTimeCode(kSecret, now.count() / 30 + 1);  // the first after the server's start
  };
  CHECK(decide("ada", "").error_code() == grpc::StatusCode::PERMISSION_DENIED);
  CHECK(decide("ada", "").error_message().find("takes a one-time code of ada too") !=
        std::string::npos);
  CHECK(decide("ada", "000000").error_code() == grpc::StatusCode::PERMISSION_DENIED);
  CHECK(decide("kim", right()).error_message().find("knows no one-time codes of kim") !=
        std::string::npos);
  const grpc::Status given = decide("ada", right());
  CHECK(given.error_message() == "");
  CHECK(given.ok());
}

}  // namespace recourse::server

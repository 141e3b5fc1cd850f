// Signatures, checked by Slack's own framework in both directions.
#include <catch2/catch.hpp>
#include <sstream>

#include "client/chatops/slack/signature.h"
#include "engine/base/json.h"
#include "tests/integration/chat/node.h"

namespace recourse::integration {
namespace {

struct SignedRequest {
  std::string secret;
  std::string timestamp;
  std::string signature;
  std::string body;
};

constexpr std::int64_t kNow = 1'800'000'000;

SignedRequest Good(const std::string& body, std::int64_t timestamp = kNow) {
  const std::string stamp = std::to_string(timestamp);
  return {"a secret", stamp, chatops::slack::Signature("a secret", stamp, body), body};
}

std::vector<SignedRequest> Requests() {
  std::vector<SignedRequest> all = {Good(""),
                                    Good("payload=%7B%7D"),
                                    Good("\xc3\xa4\xf0\x9f\x98\x80 &"),
                                    Good(std::string(100000, 'x')),
                                    Good("edge", kNow - 300),
                                    Good("late", kNow - 301),
                                    Good("very late", kNow - 86400)};
  SignedRequest changed = Good("approve A-381");
  changed.body = "approve A-382";
  all.push_back(changed);
  SignedRequest restamped = Good("x", kNow - 4000);
  restamped.timestamp = std::to_string(kNow);
  all.push_back(restamped);
  SignedRequest other = Good("x");
  other.secret = "another secret";
  all.push_back(other);
  for (const std::string signature : {"", "v0=", "v1=00", "v0=0000", "00"}) {
    SignedRequest wrong = Good("x");
    wrong.signature = signature;
    all.push_back(wrong);
  }
  SignedRequest version = Good("x");
  version.signature.replace(0, 2, "v1");
  all.push_back(version);
  return all;
}

TEST_CASE("slack: what we sign Slack's framework accepts, and what it rejects we reject",
          "[chat]") {
  Scratch scratch;
  std::string lines;
  for (const SignedRequest& request : Requests()) {
    lines += ToJson(Value::Object({{"secret", request.secret},
                                   {"timestamp", request.timestamp},
                                   {"signature", request.signature},
                                   {"body", request.body},
                                   {"now", kNow}})) +
             "\n";
  }
  const Finished node = Run(NodeArguments("slack_signature.js", {scratch.Write("in", lines)}),
                            scratch.path("node"), NodeEnvironment());
  INFO(node.err);
  REQUIRE(node.code == 0);
  std::istringstream verdicts(node.out);
  int accepted = 0;
  for (const SignedRequest& request : Requests()) {
    std::string verdict;
    REQUIRE(std::getline(verdicts, verdict));
    CAPTURE(request.timestamp, request.signature, request.body.substr(0, 40), verdict);
    const bool ours =
        chatops::slack::CheckSignature({request.secret}, request.timestamp, request.signature,
                                       request.body, Time(std::chrono::seconds(kNow)))
            .ok();
    CHECK(ours == (verdict == "accepted"));
    accepted += ours ? 1 : 0;
  }
  CHECK(accepted == 5);
}

}  // namespace
}  // namespace recourse::integration

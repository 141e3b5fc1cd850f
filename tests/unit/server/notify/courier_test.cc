// What is told arrives, once where all goes well, and is told to be missing where it does not.
#include "engine/base/json.h"
#include "engine/web/mac.h"
#include "tests/unit/server/notify/told.h"

namespace recourse::notify {

using Catch::Contains;

TEST_CASE_METHOD(Told, "a webhook is told of an approval, signed, and once", "[notify]") {
  Tell("kind: webhook, signing_secret: hook, url: \"" + sink.url() + "\"");
  Begin("parks");
  const auto bodies = sink.Bodies(1);
  const Value told = *ParseJson(bodies[0]);
  const Value& one = told["notifications"].as_list().front();
  CHECK(one["event"] == Value("approval_requested"));
  CHECK(one["run"]["id"] == Value("R-1"));
  const std::string signature = sink.signature();
  const std::string at = signature.substr(2, signature.find(',') - 2);
  CHECK(signature == "t=" + at + ",v1=" + web::HmacSha256("hook-key", at + "." + bodies[0]));
  Until([&] { return AllSent(); });
  CHECK(Undelivered().empty());
}

TEST_CASE_METHOD(Told, "a pager's incident is opened, taken and closed under the run's key",
                 "[notify]") {
  Tell("kind: pagerduty, routing_key: pd, url: \"" + sink.url() + "\"");
  Begin("parks");
  const Value trigger = *ParseJson(sink.Bodies(1)[0]);
  CHECK(trigger["event_action"] == Value("trigger"));
  CHECK(trigger["routing_key"] == Value("pd-key"));
  CHECK_THAT(trigger["dedup_key"].as_string(),
             Catch::StartsWith("recourse/") && Catch::EndsWith("/R-1"));
  REQUIRE(Decide(ApprovalId{1}, machine::Vote::kApprove).Get());
  const Value resolve = *ParseJson(sink.Bodies(2)[1]);
  CHECK(resolve["event_action"] == Value("resolve"));
  CHECK(resolve["dedup_key"] == trigger["dedup_key"]);
}

TEST_CASE_METHOD(Told, "a message in a chat mentions nobody", "[notify]") {
  Tell("kind: pagerduty, routing_key: pd, url: \"" + sink.url() + "\"");
  // The texts of a chat are tested by what is sent to it.
  ChannelSettings slack;
  slack.name = "s";
  slack.kind = ChannelSettings::Kind::kSlack;
  class Url final : public runtime::SecretSource {
   public:
    explicit Url(std::string url) : url_(std::move(url)) {}
    Result<std::string> Read(const std::string&, const std::stop_token&,
                             std::chrono::steady_clock::time_point) const override {
      return url_;
    }
    Result<void> Knows(const std::string&) const override { return {}; }

   private:
    std::string url_;
  } url(sink.url());
  Letter letter;
  letter.row.event = "attended";
  letter.row.text = "<!channel> & ``` @all";
  REQUIRE(NewChannel(slack, "j", &url, clock)->Send({letter}, {}));
  CHECK_THAT(sink.Bodies(1)[0], Contains("&lt;!channel&gt; &amp; "));
  slack.kind = ChannelSettings::Kind::kMattermost;
  REQUIRE(NewChannel(slack, "j", &url, clock)->Send({letter}, {}));
  CHECK_THAT(sink.Bodies(2)[1], Contains("```\\n<!channel> & ''' @all"));
}

TEST_CASE_METHOD(Told, "what a channel refuses for now is tried again, and seen meanwhile",
                 "[notify]") {
  sink.Answer(503);
  Tell("kind: webhook, signing_secret: hook, url: \"" + sink.url() + "\"");
  Begin("parks");
  Until([&] { return !Undelivered().empty(); });
  CHECK_THAT(Undelivered()[0].error, Contains("it answered 503"));
  CHECK_FALSE(Undelivered()[0].given_up);
  sink.Answer(200);
  Until([&] { return AllSent(); });
  CHECK(Undelivered().empty());
  CHECK(sink.Bodies(1).size() == 1);
}

TEST_CASE_METHOD(Told, "what a channel will never take is given up, until somebody asks for it",
                 "[notify]") {
  sink.Answer(400);
  Tell("kind: webhook, signing_secret: hook, url: \"" + sink.url() + "\"");
  Begin("parks");
  Until([&] { return !Undelivered().empty(); });
  CHECK(Undelivered()[0].given_up);
  CHECK(AllSent());  // nothing is tried by itself
  CHECK(courier->Retry("nobody").error().code == Code::kNotFound);
  sink.Answer(200);
  const auto count = courier->Retry("it");
  REQUIRE(count);
  CHECK(*count == 1);
  sink.Bodies(1);
  Until([&] { return Undelivered().empty(); });
}

TEST_CASE_METHOD(Told, "a storm is told as one", "[notify]") {
  sink.Answer(503);
  Tell("kind: webhook, signing_secret: hook, digest_after: 3, url: \"" + sink.url() + "\"");
  for (int i = 0; i < 6; ++i) Begin("parks");
  sink.WaitForAsked(1);
  sink.Answer(200);
  Until([&] { return AllSent(); });
  std::size_t told = 0;
  for (const std::string& body : sink.Bodies(1)) {
    const Value parsed = *ParseJson(body);
    told += parsed["notifications"].as_list().size();
  }
  CHECK(told == 6);
  CHECK(sink.Bodies(1).size() < 6);
}

TEST_CASE_METHOD(Told, "what a former server left is sent by the next", "[notify]") {
  sink.Answer(503);
  Tell("kind: webhook, signing_secret: hook, url: \"" + sink.url() + "\"");
  Begin("parks");
  sink.WaitForAsked(1);
  courier.reset();
  StopEngine();
  sink.Answer(200);
  StartEngine();
  Send();
  sink.Bodies(1);
  Until([&] { return AllSent(); });
}

TEST_CASE_METHOD(Told, "what was sent is not sent again while the journal cannot note it",
                 "[notify]") {
  Tell("kind: webhook, signing_secret: hook, url: \"" + sink.url() + "\"");
  journal().refuse_notes = true;
  Begin("parks");
  sink.Bodies(1);
  Until([&] { return journal().notes_refused > 0; });
  CHECK_FALSE(AllSent());
  journal().refuse_notes = false;
  Until([&] { return AllSent(); });
  CHECK(sink.Bodies(1).size() == 1);
}

TEST_CASE("a channel that fails is asked ever more seldom", "[notify]") {
  CHECK(DelayAfter(1) == seconds(1));
  CHECK(DelayAfter(4) == seconds(8));
  CHECK(DelayAfter(100) == seconds(300));
  journal::OutboxRow row;
  row.tries = 298;
  row = AfterFailure(row, Unavailable("no network"), Time());
  CHECK_FALSE(row.given_up);
  row = AfterFailure(row, Unavailable("no network"), Time(seconds(5)));
  CHECK(row.given_up == Time(seconds(5)));
  CHECK(row.error == "no network");
}

}  // namespace recourse::notify

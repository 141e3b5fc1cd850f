#include "server/notify/letter.h"

#include <catch2/catch.hpp>

#include "engine/base/text.h"
#include "server/notify/mail_channel.h"

namespace recourse::notify {
namespace {

using Catch::Contains;

Letter About(std::int64_t run, const std::string& event, const std::string& text) {
  Letter letter;
  letter.row.position = run * 10;
  letter.row.event = event;
  letter.row.run = RunId{run};
  letter.row.text = text;
  letter.run.run = RunId{run};
  letter.run.target = "health";
  letter.run.severity = "critical";
  return letter;
}

}  // namespace

TEST_CASE("a letter says what, where and how bad, in one line that nothing obeys", "[notify]") {
  const Letter letter = About(7, "needs_attention",
                              "R-7 needs\nattention: \x1b[31m\xc2\x9b"
                              "now");
  CHECK(TextOf(letter, {}) == "R-7 needs attention:  [31m now - on health (critical)");
  CHECK(CommandsOf(letter) == "recourse show R-7\n");
  CHECK(CommandsOf(About(7, "escalated", "x")) == "recourse show R-7\nrecourse ack R-7\n");
  CHECK(CommandsOf(About(7, "attended", "x")).empty());
  CHECK_THAT(CommandsOf(About(7, "run_failed", "x")), Contains("recourse timeline R-7"));
}

TEST_CASE("a channel says it in words of its own", "[notify]") {
  ChannelSettings channel;
  channel.text = *expression::Template::Parse(Value("${run.id}/${run.severity}/${event}: ${text}"));
  CHECK(TextOf(About(7, "escalated", "x"), channel) == "R-7/critical/escalated: x");
}

TEST_CASE("a long text is cut between two characters", "[notify]") {
  std::string umlauts;
  for (int i = 0; i < 3000; ++i) umlauts += "\xc3\xa4";
  const std::string text = TextOf(About(7, "escalated", umlauts), {});
  CHECK(text.size() < 2100);
  CHECK(IsUtf8(text));
  CHECK(text.ends_with("..."));
}

TEST_CASE("many letters at once say how many, and the first", "[notify]") {
  std::vector<Letter> letters;
  for (int i = 1; i <= 30; ++i)
    letters.push_back(
        About(i, i % 2 == 0 ? "escalated" : "needs_attention", "n" + std::to_string(i)));
  const std::string text = DigestOf(letters, {});
  CHECK_THAT(text, Contains("30 notifications at once: 15 escalated, 15 needs_attention."));
  CHECK_THAT(text, Contains("n10 - on health"));
  CHECK_THAT(text, !Contains("n11 - on health"));
  CHECK_THAT(text, Contains("and 20 more"));
}

TEST_CASE("a mail is one whatever stands in it, and the same one when it is sent again",
          "[notify]") {
  ChannelSettings channel;
  channel.from = "recourse@example.net";
  channel.to = {"ada@example.net", "kim@example.net"};
  const Letter letter = About(7, "needs_attention", "evil\r\nBcc: all@example.net \xc3\xa9");
  const Time now{std::chrono::seconds(1795662245)};
  const std::string mail = MailOf(channel, "j1", {letter}, now);
  CHECK_THAT(mail, Contains("To: ada@example.net, kim@example.net\r\n"));
  CHECK_THAT(mail, Contains("Message-ID: <j1.70.0@recourse>\r\n"));
  CHECK_THAT(mail, Contains("Date: Thu, 26 Nov 2026 03:04:05 +0000\r\n"));
  CHECK_THAT(mail, Contains("Subject: =?UTF-8?B?"));
  CHECK_THAT(mail, !Contains("\r\nBcc:"));
  CHECK_THAT(mail,
             Contains("\r\n\r\n" + Base64("evil  Bcc: all@example.net \xc3\xa9").substr(0, 20)));
  for (std::size_t at = 0; at < mail.size();) {
    const std::size_t end = mail.find("\r\n", at);
    CHECK(end - at <= 998);
    at = end + 2;
  }
}

}  // namespace recourse::notify

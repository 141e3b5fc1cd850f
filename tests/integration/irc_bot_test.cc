// The bot and what befalls it: a connection with TLS, and a restart. Its end at every point of its
// work: killed_bot_test.cc.
#include "tests/integration/irc_chat.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

// Lets the bot speak TLS; it believes `ca_file`.
void SpeakTls(const Chat& chat, const std::string& ca_file) {
  std::string config = *ReadFile(chat.folder / "bot.yaml", 1 << 20);
  const auto put = [&](const std::string& old, const std::string& text) {
    config.replace(config.find(old), old.size(), text);
  };
  put("127.0.0.1:" + std::to_string(chat.irc.port()),
      "127.0.0.1:" + std::to_string(chat.irc.tls_port()));
  put("tls: false", "tls: true\n    ca_file: " + ca_file);
  chat.folder.Write("bot.yaml", config);
}

// How often the text stands in what the person has heard.
int Count(const std::string& heard, const std::string& text) {
  int count = 0;
  for (auto at = heard.find(text); at != std::string::npos; at = heard.find(text, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("the bot speaks to an IRC server with TLS, if its certificate is right",
          "[integration][chat]") {
  Chat chat(false);
  chat.StartServer();
  SpeakTls(chat, chat.irc.ca_file());
  const Finished checked =
      Run({RECOURSE_BOT, "--config", chat.folder / "bot.yaml", "--check"}, chat.folder / "check");
  INFO(checked.err);
  CHECK(checked.code == 0);
  chat.StartBot();
  const auto bo = chat.Person("bo");
  chat.Start("ask");
  chat.WaitUntilTold("A-1");
  bo->Say("recourse: approve A-1");
  CHECK_THAT(bo->WaitFor("NOTICE bo :"), Contains("you approved A-1"));
}

TEST_CASE("an IRC server whose certificate is not believed is not spoken to",
          "[integration][chat]") {
  Chat chat(false);
  chat.StartServer();
  const Authority other("another");
  SpeakTls(chat, chat.folder.Write("other.pem", other.certificate()));
  const Finished checked =
      Run({RECOURSE_BOT, "--config", chat.folder / "bot.yaml", "--check"}, chat.folder / "check");
  CHECK(checked.code == 1);
  CHECK_THAT(checked.err, Contains("irc: ") && Contains("certificate"));
}

TEST_CASE("a bot that starts again says what has changed, and nothing that was said",
          "[integration][chat]") {
  Chat chat;
  const auto bo = chat.Person("bo");
  for (const char* run : {"R-1", "R-2"}) {
    CHECK(chat.Start("ask") == run);
    chat.WaitUntilTold(run);
  }
  chat.WaitUntilTold("A-1");
  chat.WaitUntilTold("A-2");
  chat.KillBot();
  REQUIRE(chat.Recourse({"--as", "bo", "approve", "A-2"}).code == 0);
  chat.WaitForStatus("R-2", "RUN_STATUS_SUCCEEDED");
  chat.StartBot();
  bo->WaitFor("R-2 ask: succeeded");
  bo->WaitFor("A-2 is approved");
  CHECK(chat.Start("ask") == "R-3");
  bo->WaitFor("A-3 asks for a decision");
  CHECK(Count(bo->Heard(), "A-1 asks for a decision") == 1);
  CHECK(Count(bo->Heard(), "A-2 is approved") == 1);
}

}  // namespace recourse::integration

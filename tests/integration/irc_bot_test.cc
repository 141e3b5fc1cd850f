// The bot and what befalls it: a connection with TLS, a restart, and its end at every point of its work.
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
  put("127.0.0.1:" + std::to_string(chat.irc.port()), "127.0.0.1:" + std::to_string(chat.irc.tls_port()));
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

TEST_CASE("the bot speaks to an IRC server with TLS, if its certificate is right", "[integration][chat]") {
  Chat chat(false);
  chat.StartServer();
  SpeakTls(chat, chat.irc.ca_file());
  const Finished checked = Run({RECOURSE_BOT, "--config", chat.folder / "bot.yaml", "--check"}, chat.folder / "check");
  INFO(checked.err);
  CHECK(checked.code == 0);
  chat.StartBot();
  const auto bo = chat.Person("bo");
  chat.Start("ask");
  chat.WaitUntilTold("A-1");
  bo->Say("recourse: approve A-1");
  CHECK_THAT(bo->WaitFor("NOTICE bo :"), Contains("you approved A-1"));
}

TEST_CASE("an IRC server whose certificate is not believed is not spoken to", "[integration][chat]") {
  Chat chat(false);
  chat.StartServer();
  const Authority other("another");
  SpeakTls(chat, chat.folder.Write("other.pem", other.certificate()));
  const Finished checked = Run({RECOURSE_BOT, "--config", chat.folder / "bot.yaml", "--check"}, chat.folder / "check");
  CHECK(checked.code == 1);
  CHECK_THAT(checked.err, Contains("irc: ") && Contains("certificate"));
}

TEST_CASE("a bot that starts again says what has changed, and nothing that was said", "[integration][chat]") {
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

TEST_CASE("a bot may end at every point of its work: each vote counts once, and all is told", "[integration][chat]") {
  Chat chat(false);
  chat.StartServer();
  chat.StartBot();
  auto bo = chat.Person("bo");
  chat.KillBot();
  int number = 0;
  for (const std::string point :
       {"bot_before_post", "bot_posted", "bot_place_stored:2", "bot_before_vote", "bot_voted", "bot_before_update",
        "bot_updated:2", "bot_before_over", "bot_after_over"}) {
    INFO("killed at " << point);
    const std::string id = std::to_string(++number);
    const std::string approval = "A-" + id;
    chat.StartBot({{"RECOURSE_FAIL_POINT", point}});
    chat.LogIn(*bo, "bo");
    CHECK(chat.Start("ask") == "R-" + id);
    // Until it dies, or all is done.
    bool ended = false;
    Eventually("the bot ends at " + point, [&] {
      ended = chat.BotHasEnded();
      if (!ended) bo->Say("recourse: approve " + approval);
      return ended || !bo->Hears("R-" + id + " ask: succeeded", 1s).empty();
    });
    Eventually("the bot ends at " + point, [&] { return chat.BotHasEnded(); });
    chat.DropBot();
    chat.StartBot();
    chat.LogIn(*bo, "bo");
    Eventually("the vote counts", [&] {
      if (chat.StatusOf("R-" + id) == "RUN_STATUS_SUCCEEDED") return true;
      bo->Say("recourse: approve " + approval);
      return !bo->Hears("you approved " + approval, 2s).empty();
    });
    chat.WaitForStatus("R-" + id, "RUN_STATUS_SUCCEEDED");
    CHECK(chat.Json({"approval", approval})["votes"].as_list().size() == 1);
    Eventually("all is told", [&] {
      const std::string heard = bo->Heard();
      return heard.find(approval + " is approved") != std::string::npos &&
             heard.find("R-" + id + " ask: succeeded") != std::string::npos;
    });
    chat.WaitUntilTold("R-" + id, "over");
    chat.KillBot();
  }
  chat.StartBot();
}

}  // namespace recourse::integration

// Slack's Socket Mode against a WebSocket server of Node.js.
#include "tests/integration/chat/slack_socket.h"

#include <catch2/catch.hpp>
#include <future>

#include "client/chatops/slack/slack.h"
#include "client/chatops/web/web_socket.h"
#include "tests/integration/certificates.h"
#include "tests/integration/chat/people.h"
#include "tests/integration/chat/slack_workspace.h"

namespace recourse::integration {
namespace {

struct SocketBot {
  SocketBot(SlackWorkspace& workspace, People& people, const std::string& ca_file = "")
      : surface(chatops::NewSlack({.bot_token = SlackWorkspace::kToken,
                                   .listen = "",
                                   .signing_secrets = {},
                                   .app_token = SlackWorkspace::kAppToken,
                                   .command = "/recourse",
                                   .api = workspace.api(),
                                   .ca_file = ca_file,
                                   .report = reports.Sink()})) {
    REQUIRE(surface->Start(people));
  }

  Reports reports;
  std::unique_ptr<chatops::Surface> surface;
};

TEST_CASE("slack socket: clicks and commands come in envelopes and are acknowledged when done",
          "[chat]") {
  SocketServer socket;
  SlackWorkspace workspace;
  workspace.SetSocketUrl(socket.url());
  People people;
  people.Answer("well");
  SocketBot bot(workspace, people);
  Eventually("it connects", [&] { return socket.opened() == 1; });
  REQUIRE(bot.surface->Post("C1", Approval()));
  const Value click = workspace.Click("UALICE", workspace.messages()[0], "Approve");

  socket.SendEnvelope("e1", "interactive", click);
  CHECK(socket.Acknowledged("e1")["payload"].is_null());
  REQUIRE(people.clicks().size() == 1);
  CHECK(people.clicks()[0].user == chatops::ChatUser{"slack", "T024BE7LD", "UALICE"});
  Eventually("who clicked is answered", [&] { return workspace.told().size() == 1; });

  socket.SendEnvelope("e2", "slash_commands", workspace.Command("UALICE", "show R-1"));
  CHECK(socket.Acknowledged("e2")["payload"]["text"] == Value("well"));
  CHECK(people.commands()[0].text == "show R-1");

  socket.SendEnvelope("e3", "interactive", click);  // Slack did not hear the acknowledgement
  socket.Acknowledged("e3");
  CHECK(people.clicks().size() == 1);

  socket.SendEnvelope("e4", "events_api", Value::Object({{"type", "event_callback"}}));
  socket.Acknowledged("e4");
  socket.Do("/send", "no JSON");
  socket.SendEnvelope("e5", "interactive", Value());
  socket.Acknowledged("e5");
}

TEST_CASE("slack socket: a lost connection is opened again", "[chat]") {
  SocketServer socket;
  SlackWorkspace workspace;
  workspace.SetSocketUrl(socket.url());
  People people;
  SocketBot bot(workspace, people);
  Eventually("it connects", [&] { return socket.open() == 1; });
  socket.Do("/end");
  Eventually("it connects again", [&] { return socket.opened() == 2 && socket.open() == 1; });
  socket.SendEnvelope("e1", "slash_commands", workspace.Command("UALICE", "runs"));
  socket.Acknowledged("e1");
  CHECK(people.commands().size() == 1);
}

TEST_CASE("slack socket: what cannot be connected is tried again until it can", "[chat]") {
  SlackWorkspace workspace;
  workspace.SetSocketUrl("ws://127.0.0.1:1/link");
  workspace.Refuse("apps.connections.open", "internal_error");
  People people;
  SocketBot bot(workspace, people);
  Eventually("it fails twice", [&] { return workspace.calls().size() >= 3; });
  SocketServer socket;
  workspace.SetSocketUrl(socket.url());
  Eventually("it connects", [&] { return socket.open() == 1; });
  CHECK_THAT(bot.reports.text(), Catch::Contains("Slack answered internal_error") &&
                                     Catch::Contains("connected to Slack (Socket Mode)"));
}

TEST_CASE("slack socket: before Slack ends a connection the next one is open", "[chat]") {
  SocketServer socket;
  SlackWorkspace workspace;
  workspace.SetSocketUrl(socket.url());
  People people;
  SocketBot bot(workspace, people);
  Eventually("it connects", [&] { return socket.open() == 1; });
  socket.Do("/send", R"({"type": "disconnect", "reason": "refresh_requested"})");
  Eventually("the next is open beside it", [&] { return socket.open() == 2; });
  CHECK_THAT(bot.reports.text(), Catch::Contains("refresh_requested"));
  socket.SendEnvelope("e1", "slash_commands", workspace.Command("UALICE", "runs"));
  socket.Acknowledged("e1");
}

TEST_CASE("slack socket: an authority that is not believed is not talked to", "[chat]") {
  const Authority authority("Slack's authority");
  const Pem issued =
      authority.Issue({.common_name = "slack", .alternative_names = {"DNS:localhost"}});
  Scratch scratch;
  const std::string ca = scratch.Write("ca.pem", authority.certificate());
  SocketServer socket(
      {scratch.Write("key.pem", issued.key), scratch.Write("cert.pem", issued.certificate)});
  SlackWorkspace workspace;
  People people;
  SECTION("the system's authorities do not know it") {
    workspace.SetSocketUrl(socket.secure_url("localhost"));
    SocketBot bot(workspace, people);
    Eventually("it is refused",
               [&] { return bot.reports.text().find("no connection") != std::string::npos; });
    CHECK(socket.opened() == 0);
  }
  SECTION("the certificate is another host's") {
    workspace.SetSocketUrl(socket.secure_url("127.0.0.1"));
    SocketBot bot(workspace, people, ca);
    Eventually("it is refused",
               [&] { return bot.reports.text().find("no connection") != std::string::npos; });
    CHECK(socket.opened() == 0);
  }
  SECTION("the authority is believed") {
    workspace.SetSocketUrl(socket.secure_url("localhost"));
    SocketBot bot(workspace, people, ca);
    Eventually("it connects", [&] { return socket.open() == 1; });
  }
}

TEST_CASE("a WebSocket pings a silent peer, and gives it up when no answer comes", "[chat]") {
  SocketServer socket;
  std::promise<std::string> closed;
  const auto opened = chatops::web::WebSocket::Open(
      socket.url(), "",
      {.on_text = [](std::string) {}, .on_closed = [&](std::string why) { closed.set_value(why); }},
      1s);
  REQUIRE(opened);
  Eventually("it is pinged twice", [&] { return socket.Ask("/state")["pings"].as_int() >= 2; });
  socket.Do("/mute");
  CHECK(closed.get_future().wait_for(20s) == std::future_status::ready);
}

}  // namespace
}  // namespace recourse::integration

// A chat hears that a click has come only when it is done: what is acknowledged is not sent again.
#include <catch2/catch.hpp>
#include <functional>
#include <future>

#include "client/chatops/mattermost/mattermost.h"
#include "client/chatops/slack/slack.h"
#include "tests/integration/chat/mattermost_server.h"
#include "tests/integration/chat/people.h"
#include "tests/integration/chat/slack_socket.h"
#include "tests/integration/chat/slack_workspace.h"
#include "tests/integration/program.h"

namespace recourse::integration {
namespace {

// A core whose server takes its time.
class Slow final : public chatops::Listener {
 public:
  chatops::ChatAnswer OnCommand(const chatops::ChatCommand&) override { return {}; }
  chatops::ChatAnswer OnClick(const chatops::ChatClick&) override {
    begun.set_value();
    done.get_future().wait();
    return {"done", false, "", ""};
  }

  std::promise<void> begun;
  std::promise<void> done;
};

// `send` delivers the click and answers whether it is acknowledged, once it is.
void CheckAcknowledgedWhenDone(Slow& slow, const std::function<bool()>& send) {
  auto acknowledged = std::async(std::launch::async, send);
  CHECK(slow.begun.get_future().wait_for(10s) == std::future_status::ready);
  CHECK(acknowledged.wait_for(200ms) == std::future_status::timeout);
  slow.done.set_value();
  CHECK(acknowledged.get());
}

chatops::SlackOptions SlackTo(const SlackWorkspace& workspace, Reports& reports) {
  return {.bot_token = SlackWorkspace::kToken,
          .listen = "127.0.0.1:0",
          .signing_secrets = {SlackWorkspace::kSecret},
          .app_token = "",
          .command = "/recourse",
          .api = workspace.api(),
          .ca_file = "",
          .report = reports.Sink()};
}

}  // namespace

TEST_CASE("slack: a click is acknowledged when it is done, and not before", "[chat]") {
  SlackWorkspace workspace;
  Reports reports;
  Slow slow;
  const auto surface = chatops::NewSlack(SlackTo(workspace, reports));
  REQUIRE(surface->Start(slow));
  workspace.SetBot(reports.Port());
  REQUIRE(surface->Post("C1", Approval()));
  const Value click = workspace.Click("UALICE", workspace.messages()[0], "Approve");
  CheckAcknowledgedWhenDone(slow, [&] { return workspace.Deliver(click).status == 200; });
}

TEST_CASE("slack socket: a click is acknowledged when it is done, and not before", "[chat]") {
  SocketServer socket;
  SlackWorkspace workspace;
  workspace.SetSocketUrl(socket.url());
  Reports reports;
  Slow slow;
  chatops::SlackOptions options = SlackTo(workspace, reports);
  options.listen = "";
  options.app_token = SlackWorkspace::kAppToken;
  const auto surface = chatops::NewSlack(std::move(options));
  REQUIRE(surface->Start(slow));
  Eventually("it connects", [&] { return socket.open() == 1; });
  REQUIRE(surface->Post("C1", Approval()));
  socket.SendEnvelope("e1", "interactive",
                      workspace.Click("UALICE", workspace.messages()[0], "Approve"));
  CHECK(slow.begun.get_future().wait_for(10s) == std::future_status::ready);
  CHECK(socket.Answered("e1").is_null());
  slow.done.set_value();
  CHECK(socket.Acknowledged("e1")["payload"].is_null());
}

TEST_CASE("mattermost: a click is acknowledged when it is done, and not before", "[chat]") {
  MattermostServer server;
  Reports reports;
  Slow slow;
  const auto surface = chatops::NewMattermost({.url = server.url(),
                                               .token = MattermostServer::kToken,
                                               .listen = "127.0.0.1:0",
                                               .public_url = "http://bot.example.org",
                                               .command_tokens = {MattermostServer::kCommandToken},
                                               .button_key = std::string(32, 'k'),
                                               .command = "/recourse",
                                               .ca_file = "",
                                               .report = reports.Sink()});
  REQUIRE(surface->Start(slow));
  server.SetBot(reports.Port());
  REQUIRE(surface->Post("channel1", Approval()));
  const Value click = server.Click("alice", server.posts()[0], "Approve");
  CheckAcknowledgedWhenDone(slow, [&] { return server.SendClick(click).status == 200; });
}

}  // namespace recourse::integration

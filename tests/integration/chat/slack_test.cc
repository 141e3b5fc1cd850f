// The Slack surface against a workspace that behaves as Slack's documentation says.
#include "client/chatops/slack/slack.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "client/chatops/slack/signature.h"
#include "engine/base/json.h"
#include "tests/integration/chat/people.h"
#include "tests/integration/chat/slack_workspace.h"
#include "tests/integration/program.h"

namespace recourse::integration {
namespace {

using chatops::ChatClick;
using chatops::ChatUser;
using chatops::MessagePlace;
using chatops::SlackOptions;
using chatops::Surface;

const ChatUser kAliceOfSlack{"slack", "T024BE7LD", "UALICE"};

struct Bot {
  explicit Bot(SlackWorkspace& workspace, People& people)
      : surface(chatops::NewSlack({.bot_token = SlackWorkspace::kToken,
                                   .listen = "127.0.0.1:0",
                                   .signing_secrets = {SlackWorkspace::kSecret, "the next secret"},
                                   .app_token = "",
                                   .command = "/recourse",
                                   .api = workspace.api(),
                                   .ca_file = "",
                                   .report = reports.Sink()})) {
    const auto started = surface->Start(people);
    INFO((started ? "" : started.error().message));
    REQUIRE(started);
    workspace.SetBot(reports.Port());
  }

  Reports reports;
  std::unique_ptr<Surface> surface;
};

SlackWorkspace::Message Posted(SlackWorkspace& workspace, Bot& bot) {
  REQUIRE(bot.surface->Post("C1", Approval()));
  return workspace.messages().back();
}

TEST_CASE("slack: what is posted can be clicked, and the click is answered to who clicked",
          "[chat]") {
  SlackWorkspace workspace;
  People people;
  Bot bot(workspace, people);
  const auto place = bot.surface->Post("C1", Approval());
  REQUIRE(place);
  const auto message = workspace.messages().back();
  CHECK(*place == MessagePlace{"C1", message.ts});
  people.Answer("approved A-381");
  CHECK(workspace.Deliver(workspace.Click("UALICE", message, "Approve")).status == 200);
  REQUIRE(people.clicks().size() == 1);
  const ChatClick click = people.clicks()[0];
  CHECK(click.user == kAliceOfSlack);
  CHECK(click.place == *place);
  CHECK(click.action == "approve");
  CHECK(click.about == "A-381");
  CHECK(click.digest == std::string(64, 'd'));
  CHECK_FALSE(click.delivery.empty());
  Eventually("the answer is told", [&] { return workspace.told().size() == 1; });
  CHECK(workspace.told()[0].user == "UALICE");
  CHECK(workspace.told()[0].text == "approved A-381");
  CHECK(workspace.told()[0].content["replace_original"] == Value(false));
}

TEST_CASE("slack: a settled message loses its buttons", "[chat]") {
  SlackWorkspace workspace;
  People people;
  Bot bot(workspace, people);
  const auto message = Posted(workspace, bot);
  chatops::ChatMessage settled = Approval();
  settled.buttons.clear();
  settled.command = "";
  REQUIRE(bot.surface->Update({"C1", message.ts}, settled));
  CHECK(workspace.messages()[0].updates == 1);
  CHECK_THAT(ToJson(workspace.messages()[0].content), !Catch::Contains("\"actions\""));
  const auto gone = bot.surface->Update({"C1", "1.2"}, settled);
  REQUIRE_FALSE(gone);
  CHECK(gone.error().ToString() ==
        "NOT_FOUND: chat.update in C1: Slack answered message_not_found; somebody has deleted it");
}

TEST_CASE("slack: rejecting asks for a reason first, and nothing counts before it is given",
          "[chat]") {
  SlackWorkspace workspace;
  People people;
  Bot bot(workspace, people);
  const auto message = Posted(workspace, bot);
  CHECK(workspace.Deliver(workspace.Click("UALICE", message, "Reject")).status == 200);
  Eventually("the dialog opens", [&] { return workspace.views().size() == 1; });
  CHECK(people.clicks().empty());

  people.Answer("rejected A-381");
  const auto heard = workspace.Deliver(
      workspace.Submission("UALICE", workspace.views()[0], "the wrong <!channel> backup"));
  CHECK(heard.status == 200);
  REQUIRE(people.clicks().size() == 1);
  CHECK(people.clicks()[0].user == kAliceOfSlack);
  CHECK(people.clicks()[0].action == "reject");
  CHECK(people.clicks()[0].reason == "the wrong <!channel> backup");
  CHECK(people.clicks()[0].place == MessagePlace{"C1", message.ts});
  const auto shown = ParseJson(heard.body);
  REQUIRE(shown);
  CHECK((*shown)["response_action"] == Value("update"));
  CHECK(WrongBlocks((*shown)["view"]["blocks"]).empty());
  CHECK_THAT(heard.body, Catch::Contains("rejected A-381"));
}

TEST_CASE("slack: a one-time code is asked for where the button says so", "[chat]") {
  SlackWorkspace workspace;
  People people;
  Bot bot(workspace, people);
  const auto message = Posted(workspace, bot);
  workspace.Deliver(workspace.Click("UALICE", message, "Approve with code"));
  Eventually("the dialog opens", [&] { return workspace.views().size() == 1; });
  workspace.Deliver(workspace.Submission("UALICE", workspace.views()[0], "", "123456"));
  REQUIRE(people.clicks().size() == 1);
  CHECK(people.clicks()[0].code == "123456");
}

TEST_CASE("slack: a dialog that does not open is told, with what to write instead", "[chat]") {
  SlackWorkspace workspace;
  People people;
  Bot bot(workspace, people);
  const auto message = Posted(workspace, bot);
  workspace.Refuse("views.open", "expired_trigger_id");
  workspace.Deliver(workspace.Click("UALICE", message, "Reject"));
  Eventually("it is told", [&] { return workspace.told().size() == 1; });
  CHECK(people.clicks().empty());
  CHECK_THAT(workspace.told()[0].text,
             Catch::StartsWith("Nothing was done: the dialog did not open") &&
                 Catch::Contains("expired_trigger_id") &&
                 Catch::EndsWith("/recourse reject A-381 and your reason"));
}

TEST_CASE("slack: a command is answered at once, to who wrote it", "[chat]") {
  SlackWorkspace workspace;
  People people;
  Bot bot(workspace, people);
  people.Answer("R-1 <RUNNING> & well");
  const auto heard = workspace.Deliver(workspace.Command("UALICE", "show R-1"));
  CHECK(heard.status == 200);
  REQUIRE(people.commands().size() == 1);
  CHECK(people.commands()[0].user == kAliceOfSlack);
  CHECK(people.commands()[0].channel == "C1");
  CHECK(people.commands()[0].text == "show R-1");
  const auto answer = ParseJson(heard.body);
  REQUIRE(answer);
  CHECK((*answer)["response_type"] == Value("ephemeral"));
  CHECK((*answer)["text"] == Value("R-1 &lt;RUNNING&gt; &amp; well"));
  CHECK((*answer)["blocks"].as_list()[0]["text"]["text"] == Value("R-1 <RUNNING> & well"));
  people.Answer("for all", true);
  CHECK_THAT(workspace.Deliver(workspace.Command("UALICE", "show R-1")).body,
             Catch::Contains("in_channel"));
}

TEST_CASE("slack: a picture is shown in the channel where it was asked for", "[chat]") {
  SlackWorkspace workspace;
  People people;
  Bot bot(workspace, people);
  const std::string png("\x89PNG\r\n\x1a\n\0&=", 11);
  people.Show("R-1 graph.png", png);
  CHECK(workspace.Deliver(workspace.Command("UALICE", "graph R-1")).status == 200);
  Eventually("it is shown", [&] { return workspace.pictures().size() == 1; });
  CHECK(workspace.pictures()[0].channel == "C1");
  CHECK(workspace.pictures()[0].title == "R-1 graph.png");
  CHECK(workspace.pictures()[0].bytes == png);

  workspace.Refuse("files.completeUploadExternal", "missing_scope");
  workspace.Deliver(workspace.Command("UALICE", "graph R-1"));
  Eventually("that it is not shown is told", [&] {
    return bot.reports.text().find("a picture was not shown") != std::string::npos;
  });
}

TEST_CASE("slack: a delivery that comes again counts once and hears the same", "[chat]") {
  SlackWorkspace workspace;
  People people;
  Bot bot(workspace, people);
  const auto message = Posted(workspace, bot);
  const Value click = workspace.Click("UALICE", message, "Approve");
  CHECK(workspace.Deliver(click).status == 200);
  CHECK(workspace.Deliver(click).status == 200);
  CHECK(workspace.Deliver(click, SlackWorkspace::kSecret, 1).status == 200);  // stamped anew
  CHECK(people.clicks().size() == 1);

  const Value command = workspace.Command("UALICE", "approve A-381");
  people.Answer("approved");
  const auto first = workspace.Deliver(command);
  people.Answer("it is approved already");
  CHECK(workspace.Deliver(command).body == first.body);
  CHECK(people.commands().size() == 1);
}

TEST_CASE("slack: what is not signed well does nothing", "[chat]") {
  SlackWorkspace workspace;
  People people;
  Bot bot(workspace, people);
  const auto message = Posted(workspace, bot);
  const Value click = workspace.Click("UALICE", message, "Approve");
  CHECK(workspace.Deliver(click, "another secret").status == 401);
  CHECK(workspace.Deliver(click, SlackWorkspace::kSecret, 302).status == 401);
  CHECK(workspace.Deliver(click, SlackWorkspace::kSecret, -302).status == 401);
  CHECK(people.clicks().empty());
  CHECK_THAT(bot.reports.text(), Catch::Contains("a request was refused, and did nothing"));
  CHECK(workspace.Deliver(click, "the next secret").status == 200);
  CHECK(people.clicks().size() == 1);
}

TEST_CASE("slack: a rate limit is waited for, in its channel alone", "[chat]") {
  SlackWorkspace workspace;
  People people;
  Bot bot(workspace, people);
  const auto begun = std::chrono::steady_clock::now();
  workspace.LimitRate("chat.postMessage", 1, 1);
  REQUIRE(bot.surface->Post("C1", Approval()));
  CHECK(std::chrono::steady_clock::now() - begun >= 1s);
  CHECK(workspace.messages().size() == 1);

  workspace.LimitRate("chat.postMessage", 1, 3000);
  const auto refused = bot.surface->Post("C1", Approval());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kResourceExhausted);
  CHECK(bot.surface->Post("C2", Approval()));
}

TEST_CASE("slack: what Slack refuses is told by its word, with what to do", "[chat]") {
  SlackWorkspace workspace;
  People people;
  Bot bot(workspace, people);
  const auto post = [&](const std::string& error) {
    workspace.Refuse("chat.postMessage", error);
    return bot.surface->Post("C1", Approval()).error();
  };
  CHECK(
      post("not_in_channel") ==
      Error{
          Code::kFailedPrecondition,
          "chat.postMessage in C1: Slack answered not_in_channel; invite the app to the channel"});
  CHECK(post("token_revoked").code == Code::kUnauthenticated);
  CHECK(post("missing_scope").code == Code::kPermissionDenied);
  CHECK(post("internal_error").code == Code::kUnavailable);
  CHECK(post("something_new") ==
        Error{Code::kUnknown, "chat.postMessage in C1: Slack answered something_new"});
  CHECK(bot.surface->Post("C404", Approval()).error().code == Code::kNotFound);
}

TEST_CASE("slack: messages of before a restart can be clicked after it", "[chat]") {
  SlackWorkspace workspace;
  People people;
  auto before = std::make_unique<Bot>(workspace, people);
  const auto message = Posted(workspace, *before);
  before->surface->Stop();
  CHECK(before->surface->Post("C1", Approval()).error().code == Code::kUnavailable);
  before.reset();
  Bot after(workspace, people);
  CHECK(workspace.Deliver(workspace.Click("UALICE", message, "Approve")).status == 200);
  REQUIRE(people.clicks().size() == 1);
  CHECK(people.clicks()[0].digest == std::string(64, 'd'));
}

TEST_CASE(
    "slack: a wrong token is told before anything begins, an unreachable Slack is not the end",
    "[chat]") {
  SlackWorkspace workspace;
  People people;
  Reports reports;
  SlackOptions options{.bot_token = "xoxb-wrong",
                       .listen = "127.0.0.1:0",
                       .signing_secrets = {"secret"},
                       .app_token = "",
                       .command = "/recourse",
                       .api = workspace.api(),
                       .ca_file = "",
                       .report = reports.Sink()};
  CHECK(chatops::NewSlack(options)->Start(people).error().ToString() ==
        "UNAUTHENTICATED: slack: auth.test: Slack answered invalid_auth; the token is wrong");
  options.api = "http://127.0.0.1:1/api";
  CHECK(chatops::NewSlack(options)->Start(people));
  CHECK_THAT(reports.text(), Catch::Contains("nothing was sent; begins all the same"));
  options.app_token = "xapp-1";
  CHECK(chatops::NewSlack(options)->Start(people).error().code == Code::kInvalidArgument);
}

TEST_CASE("slack: a message whose place was lost is found again by what it is about", "[chat]") {
  SlackWorkspace workspace;
  People people;
  Bot bot(workspace, people);
  const auto posted = Posted(workspace, bot);
  CHECK(*bot.surface->Find("C1", "A-381", 0) == MessagePlace{"C1", posted.ts});
  CHECK_FALSE(*bot.surface->Find("C2", "A-381", 0));
  workspace.Chat("C1", 450);  // more than Slack shows at once
  CHECK(*bot.surface->Find("C1", "A-381", 0) == MessagePlace{"C1", posted.ts});
  // Without the scope for it nothing is found, and that is told once.
  workspace.Refuse("conversations.history", "missing_scope");
  CHECK_FALSE(*bot.surface->Find("C1", "A-381", 0));
  CHECK_THAT(bot.reports.text(), Catch::Contains("may stand twice"));
  workspace.Refuse("conversations.history", "internal_error");
  CHECK(bot.surface->Find("C1", "A-381", 0).error().code == Code::kUnavailable);
}

TEST_CASE("slack: a check finds a wrong token and a port that is taken, and begins nothing",
          "[chat]") {
  SlackWorkspace workspace;
  People people;
  Bot bot(workspace, people);
  CHECK(bot.surface->Check());
  SlackOptions options = {.bot_token = "wrong",
                          .listen = "127.0.0.1:" + std::to_string(bot.reports.Port()),
                          .signing_secrets = {"s"},
                          .app_token = "",
                          .command = "/recourse",
                          .api = workspace.api(),
                          .ca_file = "",
                          .report = bot.reports.Sink()};
  CHECK_THAT(chatops::NewSlack(options)->Check().error().message, Catch::Contains("invalid_auth"));
  options.bot_token = SlackWorkspace::kToken;
  CHECK_THAT(chatops::NewSlack(options)->Check().error().message,
             Catch::Contains("cannot listen on 127.0.0.1:"));
}

TEST_CASE("slack: requests that are none of Slack's are refused without their body being read",
          "[chat]") {
  SlackWorkspace workspace;
  People people;
  Bot bot(workspace, people);
  httplib::Client client("127.0.0.1", bot.reports.Port());
  const auto stamp = std::to_string(ToTimestamp(SystemClock().Now()).seconds);
  const auto post = [&](const std::string& path, const std::string& body) {
    const auto answer = client.Post(
        path,
        {{"X-Slack-Request-Timestamp", stamp},
         {"X-Slack-Signature", chatops::slack::Signature(SlackWorkspace::kSecret, stamp, body)}},
        body, "application/x-www-form-urlencoded");
    return answer ? answer->status : 0;
  };
  CHECK(client.Get("/slack/commands")->status == 405);
  CHECK(client.Post("/elsewhere", "x", "text/plain")->status == 404);
  CHECK(client.Post("/slack/commands", "x", "text/plain")->status == 401);
  CHECK(post("/slack/interactions", "payload=%7B") == 400);
  CHECK(post("/slack/interactions", "") == 400);
  CHECK(post("/slack/interactions", "payload=[]") == 200);
  CHECK(post("/slack/interactions", "payload=" + std::string(20000, '1')) == 400);
  CHECK(post("/slack/interactions", std::string(300 * 1024, 'x')) == 413);
  CHECK(people.clicks().empty());
}

TEST_CASE("slack: garbage by the thousand does not stop good clicks", "[chat]") {
  SlackWorkspace workspace;
  People people;
  Bot bot(workspace, people);
  const auto message = Posted(workspace, bot);
  const int port = bot.reports.Port();
  std::atomic<int> refused = 0;
  std::atomic<bool> done = false;
  std::vector<std::thread> attackers;
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 4; ++i) {
    attackers.emplace_back([&refused, &done, port, i] {
      const httplib::Headers forged = {
          {"X-Slack-Request-Timestamp", std::to_string(ToTimestamp(SystemClock().Now()).seconds)},
          {"X-Slack-Signature", "v0=" + std::string(64, '0')}};
      // At least 4000 of them, and as long as there are clicks.
      for (int sent = 0; sent < 1000 || !done; ++sent) {
        httplib::Client client("127.0.0.1", port);
        const auto answer =
            client.Post("/slack/interactions", i % 2 == 0 ? forged : httplib::Headers{},
                        std::string(1000, 'x'), "application/x-www-form-urlencoded");
        refused += answer && answer->status == 401 ? 1 : 0;
      }
    });
  }
  std::chrono::steady_clock::duration slowest{};
  for (int i = 0; i < 20; ++i) {
    const auto clicked = std::chrono::steady_clock::now();
    CHECK(workspace.Deliver(workspace.Click("UALICE", message, "Approve")).status == 200);
    slowest = std::max(slowest, std::chrono::steady_clock::now() - clicked);
  }
  done = true;
  for (std::thread& attacker : attackers) attacker.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  CAPTURE(refused, took.count());
  CHECK(slowest < 3s);
  CHECK(refused >= 3900);
  CHECK(people.clicks().size() == 20);
}

}  // namespace
}  // namespace recourse::integration

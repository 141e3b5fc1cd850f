// The Mattermost surface against a server that behaves as Mattermost's documentation says.
#include "client/chatops/mattermost/mattermost.h"

#include <catch2/catch.hpp>
#include <chrono>

#include "engine/base/json.h"
#include "tests/integration/chat/mattermost_server.h"
#include "tests/integration/chat/people.h"
#include "tests/integration/program.h"

namespace recourse::integration {
namespace {

using chatops::ChatUser;
using chatops::MattermostOptions;
using chatops::MessagePlace;
using chatops::Surface;

const ChatUser kAliceOfMattermost{"mattermost", "rdc9bgriktyx9p4kowh3dmgqyc", "alice"};

MattermostOptions OptionsFor(const MattermostServer& server, Reports& reports) {
  return {.url = server.url(),
          .token = MattermostServer::kToken,
          .listen = "127.0.0.1:0",
          .public_url = "http://bot.example.org",
          .command_tokens = {MattermostServer::kCommandToken, "the next token"},
          .button_key = std::string(32, 'k'),
          .command = "/recourse",
          .ca_file = "",
          .report = reports.Sink()};
}

struct MattermostBot {
  MattermostBot(MattermostServer& server, People& people)
      : surface(chatops::NewMattermost(OptionsFor(server, reports))) {
    const auto started = surface->Start(people);
    INFO((started ? "" : started.error().message));
    REQUIRE(started);
    server.SetBot(reports.Port());
  }

  Reports reports;
  std::unique_ptr<Surface> surface;
};

MattermostServer::Post Posted(MattermostServer& server, MattermostBot& bot) {
  REQUIRE(bot.surface->Post("channel1", Approval()));
  return server.posts().back();
}

TEST_CASE("mattermost: what is posted can be clicked, and the click is answered to who clicked",
          "[chat]") {
  MattermostServer server;
  People people;
  MattermostBot bot(server, people);
  const auto place = bot.surface->Post("channel1", Approval());
  REQUIRE(place);
  const auto post = server.posts().back();
  CHECK(*place == MessagePlace{"channel1", post.id});
  people.Answer("approved A-381, @all");
  const auto heard = server.SendClick(server.Click("alice", post, "Approve"));
  CHECK(heard.status == 200);
  CHECK_THAT(heard.body.StringOr("ephemeral_text", ""),
             Catch::StartsWith("approved A-381") && !Catch::Contains("@all"));
  REQUIRE(people.clicks().size() == 1);
  CHECK(people.clicks()[0].user == kAliceOfMattermost);
  CHECK(people.clicks()[0].place == *place);
  CHECK(people.clicks()[0].action == "approve");
  CHECK(people.clicks()[0].about == "A-381");
  CHECK(people.clicks()[0].digest == std::string(64, 'd'));
}

TEST_CASE("mattermost: a settled post loses its buttons", "[chat]") {
  MattermostServer server;
  People people;
  MattermostBot bot(server, people);
  const auto post = Posted(server, bot);
  chatops::ChatMessage settled = Approval();
  settled.buttons.clear();
  REQUIRE(bot.surface->Update({"channel1", post.id}, settled));
  CHECK(server.posts()[0].updates == 1);
  CHECK_THAT(ToJson(server.posts()[0].content), Catch::Contains("\"actions\":[]"));
  const auto gone = bot.surface->Update({"channel1", "nopost"}, settled);
  REQUIRE_FALSE(gone);
  CHECK(
      gone.error().ToString() ==
      "NOT_FOUND: channel channel1: PUT /posts/nopost/patch: Mattermost answered HTTP 404: Unable "
      "to find the post.");
}

TEST_CASE("mattermost: a context stolen from another approval, or changed, counts for nothing",
          "[chat]") {
  MattermostServer server;
  People people;
  MattermostBot bot(server, people);
  const auto post = Posted(server, bot);
  chatops::ChatMessage other = Approval();
  other.about = "A-382";
  REQUIRE(bot.surface->Post("channel1", other));
  const Value own = server.Click("mallory", server.posts().back(), "Approve");
  const Value target = server.Click("mallory", post, "Approve");

  const Value stolen = target["context"].With("secret", own["context"]["secret"]);
  CHECK(server.SendClick(own.With("context", stolen)).status == 401);
  CHECK(server.SendClick(own.With("context", own["context"].With("about", "A-381"))).status == 401);
  CHECK(server.SendClick(own.With("context", Value())).status == 401);
  CHECK(server.SendClick(own.With("channel_id", "channel2")).status == 401);
  CHECK(server.SendClick(Value()).status == 401);
  CHECK(people.clicks().empty());
  CHECK_THAT(bot.reports.text(), Catch::Contains("refused, and did nothing"));
}

TEST_CASE("mattermost: rejecting asks for a reason first, and only who was asked can give it",
          "[chat]") {
  MattermostServer server;
  People people;
  MattermostBot bot(server, people);
  const auto post = Posted(server, bot);
  CHECK(server.SendClick(server.Click("alice", post, "Reject")).status == 200);
  Eventually("the dialog opens", [&] { return server.dialogs().size() == 1; });
  CHECK(people.clicks().empty());
  const Value dialog = server.dialogs()[0];
  CHECK(dialog["url"] == Value("http://bot.example.org/mattermost/dialog"));

  CHECK(server.SendDialog(server.Submission("mallory", dialog, "because")).status == 401);
  CHECK(people.clicks().empty());

  people.Answer("rejected A-381");
  CHECK(server.SendDialog(server.Submission("alice", dialog, "the wrong backup")).status == 200);
  CHECK(server.SendDialog(server.Submission("alice", dialog, "the wrong backup")).status == 200);
  REQUIRE(people.clicks().size() == 1);
  CHECK(people.clicks()[0].user == kAliceOfMattermost);
  CHECK(people.clicks()[0].action == "reject");
  CHECK(people.clicks()[0].reason == "the wrong backup");
  CHECK(people.clicks()[0].place == MessagePlace{"channel1", post.id});
  Eventually("who rejected hears it", [&] { return server.posts().size() == 2; });
  CHECK(server.posts()[1].channel == "direct alice");
  CHECK(server.posts()[1].content["message"] == Value("rejected A-381"));
}

TEST_CASE("mattermost: a dialog that does not open is told, with what to write instead", "[chat]") {
  MattermostServer server;
  People people;
  MattermostBot bot(server, people);
  const auto post = Posted(server, bot);
  server.Refuse("/actions/dialogs/open", 400);
  server.SendClick(server.Click("alice", post, "Reject"));
  Eventually("it is told", [&] { return server.posts().size() == 2; });
  CHECK(people.clicks().empty());
  CHECK(server.posts()[1].channel == "direct alice");
  CHECK_THAT(server.posts()[1].content["message"].as_string(),
             Catch::StartsWith("Nothing was done: the dialog did not open") &&
                 Catch::EndsWith("/recourse reject A-381 and your reason"));
}

TEST_CASE("mattermost: a command needs the slash command's token", "[chat]") {
  MattermostServer server;
  People people;
  MattermostBot bot(server, people);
  people.Answer("R-1 *RUNNING*");
  const auto heard = server.SendCommand("alice", "show R-1");
  CHECK(heard.status == 200);
  CHECK(heard.body["response_type"] == Value("ephemeral"));
  CHECK(heard.body["text"] == Value("R-1 \\*RUNNING\\*"));
  REQUIRE(people.commands().size() == 1);
  CHECK(people.commands()[0].user == kAliceOfMattermost);
  CHECK(people.commands()[0].text == "show R-1");
  CHECK(server.SendCommand("alice", "show R-1", "the next token").status == 200);
  CHECK(server.SendCommand("alice", "show R-1", "a wrong token").status == 401);
  CHECK(server.SendCommand("alice", "show R-1", "").status == 401);
  CHECK(people.commands().size() == 2);
}

TEST_CASE("mattermost: a picture is shown in the channel where it was asked for", "[chat]") {
  MattermostServer server;
  People people;
  MattermostBot bot(server, people);
  people.Show("R-1.png", "png");
  CHECK(server.SendCommand("alice", "graph R-1").status == 200);
  Eventually("it is shown", [&] { return server.posts().size() == 1; });
  CHECK(server.posts()[0].channel == "channel1");
  CHECK(server.posts()[0].content["file_ids"].as_list()[0] == Value("file1"));
}

TEST_CASE("mattermost: a click that comes again counts once and hears the same", "[chat]") {
  MattermostServer server;
  People people;
  MattermostBot bot(server, people);
  const Value click = server.Click("alice", Posted(server, bot), "Approve");
  people.Answer("approved");
  const auto first = server.SendClick(click);
  people.Answer("it is approved already");
  CHECK(server.SendClick(click).body == first.body);
  CHECK(people.clicks().size() == 1);
}

TEST_CASE("mattermost: messages of before a restart can be clicked after it", "[chat]") {
  MattermostServer server;
  People people;
  auto before = std::make_unique<MattermostBot>(server, people);
  const auto post = Posted(server, *before);
  before.reset();
  MattermostBot after(server, people);
  CHECK(server.SendClick(server.Click("alice", post, "Approve")).status == 200);
  CHECK(people.clicks().size() == 1);
}

TEST_CASE("mattermost: a post whose place was lost is found again by what it is about", "[chat]") {
  MattermostServer server;
  People people;
  MattermostBot bot(server, people);
  const auto posted = Posted(server, bot);
  const auto found = bot.surface->Find("channel1", "A-381", 0);
  REQUIRE(found);
  REQUIRE(*found);
  CHECK(**found == chatops::MessagePlace{"channel1", posted.id});
  CHECK_FALSE(*bot.surface->Find("channel1", "A-38", 0));
  CHECK(posted.content.StringOr("pending_post_id", "") == "recourse:channel1:A-381");
}

TEST_CASE("mattermost: a rate limit is waited for, and what is refused is told", "[chat]") {
  MattermostServer server;
  People people;
  MattermostBot bot(server, people);
  const auto begun = std::chrono::steady_clock::now();
  server.LimitRate("/posts", 1);
  REQUIRE(bot.surface->Post("channel1", Approval()));
  CHECK(std::chrono::steady_clock::now() - begun >= 1s);
  const auto refused = bot.surface->Post("nochannel", Approval());
  REQUIRE_FALSE(refused);
  CHECK(
      refused.error().ToString() ==
      "PERMISSION_DENIED: channel nochannel: POST /posts: Mattermost answered HTTP 403: You do not "
      "have the appropriate permissions.");
  server.Refuse("/posts", 503);
  CHECK(bot.surface->Post("channel1", Approval()).error().code == Code::kUnavailable);
  server.LimitRate("/posts", 3000);
  CHECK(bot.surface->Post("channel1", Approval()).error().code == Code::kResourceExhausted);
}

TEST_CASE("mattermost: what is missing or wrong is told before anything begins", "[chat]") {
  MattermostServer server;
  People people;
  Reports reports;
  const MattermostOptions good = OptionsFor(server, reports);
  MattermostOptions options = good;
  options.button_key = "short";
  CHECK(chatops::NewMattermost(options)->Start(people).error().message ==
        "mattermost: the button key has 5 characters; at least 32 random ones are needed");
  options = good;
  options.command_tokens.clear();
  CHECK(chatops::NewMattermost(options)->Start(people).error().code == Code::kInvalidArgument);
  options = good;
  options.token = "wrong";
  CHECK(chatops::NewMattermost(options)->Start(people).error().code == Code::kUnauthenticated);
  options = good;
  options.url = "http://127.0.0.1:1";
  CHECK(chatops::NewMattermost(options)->Start(people));
  CHECK_THAT(reports.text(), Catch::Contains("nothing was sent; begins all the same"));
}

}  // namespace
}  // namespace recourse::integration

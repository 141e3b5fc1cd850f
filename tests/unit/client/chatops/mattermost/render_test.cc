#include "client/chatops/mattermost/render.h"

#include <catch2/catch.hpp>

#include "engine/base/json.h"

namespace recourse::chatops::mattermost {
namespace {

const Place kPlace{"/recourse", "http://bot/mattermost/action", std::string(32, 'k')};

TEST_CASE("a post has title, lines, fields, buttons and the command without buttons",
          "[chatops][mattermost]") {
  const ChatMessage message{.about = "A-381",
                            .digest = "d1",
                            .title = "Restore health?",
                            .tone = Tone::kBad,
                            .fields = {{"target", "health"}},
                            .lines = {"one", "two"},
                            .buttons = {{.action = "reject",
                                         .label = "Reject",
                                         .style = Button::Style::kDanger,
                                         .asks_reason = true}},
                            .command = "approve A-381"};
  const Value body = PostBody(message, "ops", kPlace);
  CHECK(body["message"] == Value("Restore health?"));
  const Value attachment = body["props"]["attachments"].as_list()[0];
  CHECK(attachment["text"] == Value("one\ntwo\n\n/recourse approve A-381"));
  CHECK(attachment["color"] == Value("#cf222e"));
  CHECK(attachment["fields"].as_list()[0]["value"] == Value("health"));
  const Value action = attachment["actions"].as_list()[0];
  CHECK(action["name"] == Value("Reject"));
  CHECK(action["style"] == Value("danger"));
  CHECK(action["integration"]["url"] == Value("http://bot/mattermost/action"));
  const auto meant = ReadContext(action["integration"]["context"], kPlace.button_key);
  REQUIRE(meant);
  CHECK(meant->about == "A-381");
  CHECK(meant->channel == "ops");
  CHECK(meant->asks_reason);
}

TEST_CASE("a settled post has no buttons left", "[chatops][mattermost]") {
  ChatMessage settled;
  settled.title = "done";
  const Value attachment = PostBody(settled, "ops", kPlace)["props"]["attachments"].as_list()[0];
  CHECK(attachment["actions"].as_list().empty());
  CHECK(attachment["text"] == Value(""));
}

TEST_CASE("nothing in a text is Markdown, a mention, a link to a channel or an emoji",
          "[chatops][mattermost]") {
  const std::string joiner = "\xe2\x81\xa0";
  CHECK(Shown("@all @channel @here ~town-square #tag") ==
        "\\@" + joiner + "all \\@" + joiner + "channel \\@" + joiner + "here \\~" + joiner +
            "town-square \\#" + joiner + "tag");
  CHECK(Shown(":white_check_mark:") == ":" + joiner + "white\\_check\\_mark:");
  CHECK(Shown("at 03:04:05, sha256:abc, R-1: well") != "");
  CHECK(Shown("sha256:abc, R-1: well") == "sha256:abc, R-1: well");
  CHECK(Shown("**b** `c` [l](http://x) <b> | x") ==
        "\\*\\*b\\*\\* \\`c\\` \\[l\\](http\\://x) \\<b\\> \\| x");
  CHECK(Shown("one\n- two\n# three") == "one\n\\- two\n\\#" + joiner + " three");
  CHECK_THAT(Shown("a\x1b[2J\xff"), !Catch::Contains("\x1b"));
  ChatMessage message;
  message.title = "@all";
  message.fields = {{"@all", "@all"}};
  message.lines = {"@all"};
  message.command = "show @all";
  CHECK_THAT(ToJson(PostBody(message, "ops", kPlace)), !Catch::Contains("@all"));
}

TEST_CASE("a post is within Mattermost's limits, whatever its texts are", "[chatops][mattermost]") {
  ChatMessage message;
  message.title = std::string(20000, '*');
  message.lines.assign(5000, std::string(500, '_'));
  message.fields.assign(500, {std::string(5000, 'n'), std::string(5000, 'v')});
  message.command = "approve A-381";
  const Value body = PostBody(message, "ops", kPlace);
  CHECK(body["message"].as_string().size() <= 16383);
  CHECK(ToJson(body["props"]).size() <= 800000);
  CHECK_THAT(body["props"]["attachments"].as_list()[0]["text"].as_string(),
             Catch::EndsWith("... and more, which is not shown here\n/recourse approve A-381"));
  CHECK(Shown(std::string(50000, '*')).size() <= 16383);
}

TEST_CASE("a dialog asks for what the button needs", "[chatops][mattermost]") {
  const Value dialog = QuestionDialog({.action = "reject",
                                       .about = "A-381",
                                       .digest = "",
                                       .channel = "ops",
                                       .asks_reason = true,
                                       .asks_code = true},
                                      "state");
  CHECK(dialog["title"] == Value("reject A-381"));
  CHECK(dialog["elements"].as_list().size() == 2);
  CHECK(dialog["state"] == Value("state"));
}

}  // namespace
}  // namespace recourse::chatops::mattermost

#include "client/chatops/slack/render.h"

#include <catch2/catch.hpp>

#include "client/chatops/web/cut.h"
#include "engine/base/json.h"

namespace recourse::chatops::slack {
namespace {

using web::LengthOf;

std::vector<Value> BlocksOf(const ChatMessage& message) {
  return MessageArguments(message, "/recourse")["blocks"].as_list();
}

std::vector<Value> OfType(const std::vector<Value>& blocks, const std::string& type) {
  std::vector<Value> found;
  for (const Value& block : blocks) {
    if (block["type"] == Value(type)) found.push_back(block);
  }
  return found;
}

ChatMessage Small() {
  return {.about = "A-381",
          .digest = "d1",
          .title = "Restore health.db?",
          .tone = Tone::kNormal,
          .fields = {{"target", "health"}},
          .lines = {"one", "two"},
          .buttons = {{.action = "approve", .label = "Approve", .style = Button::Style::kPrimary}},
          .command = "approve A-381"};
}

TEST_CASE("a message has its title, fields, lines, buttons and the command without buttons",
          "[chatops][slack]") {
  const auto blocks = BlocksOf(Small());
  REQUIRE(blocks.size() == 5);
  CHECK(blocks[0]["type"] == Value("header"));
  CHECK(blocks[0]["text"]["text"] == Value("Restore health.db?"));
  CHECK(blocks[1]["fields"].as_list()[0]["text"] == Value("target\nhealth"));
  CHECK(blocks[2]["text"]["text"] == Value("one\ntwo"));
  const Value& button = blocks[3]["elements"].as_list()[0];
  CHECK(button["style"] == Value("primary"));
  const Meant meant = ParseMeant(button["value"].as_string());
  CHECK(meant.action == "approve");
  CHECK(meant.about == "A-381");
  CHECK(meant.digest == "d1");
  CHECK(blocks[4]["text"]["text"] == Value("/recourse approve A-381"));
}

TEST_CASE("nothing in a text is markup, mentions anybody or hides what follows",
          "[chatops][slack]") {
  ChatMessage message = Small();
  const std::string hostile =
      "<!channel> <@U1> @here *bold* `x` & <https://evil|ok> \x1b[2J \xe2\x80\xae gpj \xff";
  message.title = hostile;
  message.lines = {hostile};
  message.fields = {{hostile, hostile}};
  const Value arguments = MessageArguments(message, "/recourse");
  for (const Value& block : arguments["blocks"].as_list()) {
    if (!block["text"].is_null()) CHECK(block["text"]["type"] == Value("plain_text"));
  }
  const std::string json = ToJson(arguments);
  CHECK_THAT(json, !Catch::Contains("mrkdwn\":true") && !Catch::Contains("\"mrkdwn\",") &&
                       !Catch::Contains("\x1b") && !Catch::Contains("\xe2\x80\xae"));
  const std::string fallback = arguments["text"].as_string();
  CHECK_THAT(fallback, Catch::Contains("&lt;!channel&gt; &lt;@U1&gt;") && !Catch::Contains("<"));
  CHECK(arguments["parse"] == Value("none"));
  CHECK(arguments["link_names"] == Value(false));
  const Value answer =
      AnswerArguments({.text = hostile, .for_all = false, .picture_png = "", .picture_name = ""});
  CHECK_THAT(answer["text"].as_string(), !Catch::Contains("<"));
  CHECK(answer["blocks"].as_list()[0]["text"]["type"] == Value("plain_text"));
}

TEST_CASE("a title that is too long for a header is not cut", "[chatops][slack]") {
  ChatMessage message = Small();
  message.title = std::string(150, 't');
  CHECK(BlocksOf(message)[0]["type"] == Value("header"));
  message.title += "t";
  CHECK(BlocksOf(message)[0]["type"] == Value("section"));
  CHECK(BlocksOf(message)[0]["text"]["text"] == Value(message.title));
}

TEST_CASE("a section has at most 10 fields of 2000 characters", "[chatops][slack]") {
  ChatMessage message = Small();
  message.fields.assign(11, {"name", std::string(3000, 'v')});
  const auto blocks = BlocksOf(message);
  CHECK(blocks[1]["fields"].as_list().size() == 10);
  CHECK(blocks[2]["fields"].as_list().size() == 1);
  CHECK(LengthOf(blocks[1]["fields"].as_list()[0]["text"].as_string()) == 2000);
}

TEST_CASE("a section's text has at most 3000 characters, whatever they are", "[chatops][slack]") {
  ChatMessage message = Small();
  std::string faces;
  for (int i = 0; i < 2500; ++i) faces += "\xf0\x9f\x98\x80";
  message.lines = {std::string(5000, 'l'), faces};
  int sections = 0;
  for (const Value& section : OfType(BlocksOf(message), "section")) {
    if (section["text"].is_null()) continue;
    CHECK(LengthOf(section["text"]["text"].as_string()) <= 3000);
    ++sections;
  }
  CHECK(sections == 3);  // one for each line, and the command
}

TEST_CASE("a message has at most 50 blocks: lines go first, never buttons or the command",
          "[chatops][slack]") {
  ChatMessage message = Small();
  message.fields.assign(480, {"name", "value"});
  message.lines.assign(1000, std::string(200, 'l'));
  message.buttons.assign(26, message.buttons[0]);
  const auto blocks = BlocksOf(message);
  CHECK(blocks.size() == 50);
  CHECK(blocks[0]["type"] == Value("header"));
  CHECK(OfType(blocks, "actions").size() == 2);
  CHECK(OfType(blocks, "actions")[0]["elements"].as_list().size() == 25);
  CHECK(blocks.back()["text"]["text"] == Value("/recourse approve A-381"));
}

TEST_CASE("lines that are left out are said to be", "[chatops][slack]") {
  ChatMessage message = Small();
  message.lines.assign(1000, std::string(200, 'l'));
  const auto sections = OfType(BlocksOf(message), "section");
  CHECK_THAT(sections[sections.size() - 2]["text"]["text"].as_string(),
             Catch::EndsWith("... and more, which is not shown here"));
}

TEST_CASE("a button's label has at most 75 characters", "[chatops][slack]") {
  ChatMessage message = Small();
  message.buttons[0].label = std::string(80, 'b');
  const Value button = OfType(BlocksOf(message), "actions")[0]["elements"].as_list()[0];
  CHECK(LengthOf(button["text"]["text"].as_string()) == 75);
}

TEST_CASE("an empty text is none that Slack refuses", "[chatops][slack]") {
  ChatMessage message = Small();
  message.title = "";
  message.lines = {""};
  for (const Value& block : BlocksOf(message)) {
    if (!block["text"].is_null()) CHECK_FALSE(block["text"]["text"].as_string().empty());
  }
  CHECK_FALSE(AnswerArguments({})["blocks"].as_list().empty());
}

TEST_CASE("a dialog asks for what the button needs, and remembers what was shown",
          "[chatops][slack]") {
  const Meant meant{.action = "reject",
                    .about = "A-381",
                    .digest = "d1",
                    .label = "Reject the whole restore of it",
                    .asks_reason = true,
                    .asks_code = true,
                    .place = {"C1", "15.1"}};
  const Value view = QuestionView(meant);
  CHECK(LengthOf(view["title"]["text"].as_string()) == 24);
  CHECK(LengthOf(view["submit"]["text"].as_string()) == 24);
  REQUIRE(view["blocks"].as_list().size() == 2);
  CHECK(view["blocks"].as_list()[0]["block_id"] == Value("reason"));
  CHECK(view["blocks"].as_list()[1]["block_id"] == Value("code"));
  const Meant back = ParseMeant(view["private_metadata"].as_string());
  CHECK(back.digest == "d1");
  CHECK(back.place == MessagePlace{"C1", "15.1"});
}

}  // namespace
}  // namespace recourse::chatops::slack

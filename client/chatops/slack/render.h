// Messages, answers and questions as Slack's Block Kit takes them, within its limits.
//
// All texts of people and systems are plain_text objects, in which nothing is markup or a mention;
// the fallback text that notifications show has its control characters escaped.
// https://docs.slack.dev/reference/block-kit/blocks
#pragma once

#include <string>
#include <string_view>

#include "client/chatops/surface.h"
#include "engine/base/value.h"

namespace recourse::chatops::slack {

// What chat.postMessage and chat.update take, but channel and ts. `command`: "/recourse".
// By it a message of the bot's is found again among others: Slack's `metadata`.
inline constexpr std::string_view kMessageType = "recourse_message";

Value MessageArguments(const ChatMessage& message, const std::string& command);

// What a slash command's answer and a response_url take.
Value AnswerArguments(const ChatAnswer& answer);

// What a click means; it travels in a button's value, and in the dialog that asks for more.
struct Meant {
  std::string action;
  std::string about;
  std::string digest;
  std::string label;
  bool asks_reason = false;
  bool asks_code = false;
  MessagePlace place;  // known from the click on
};

// The dialog that asks for a reason, a code or both, for views.open.
Value QuestionView(const Meant& meant);
// The dialog as it tells the answer.
Value AnswerView(const Meant& meant, const std::string& answer);

// The JSON in a button's value or a dialog's private_metadata, and back; an empty action: it is
// none of ours.
std::string MeantText(const Meant& meant);
Meant ParseMeant(const std::string& text);

}  // namespace recourse::chatops::slack

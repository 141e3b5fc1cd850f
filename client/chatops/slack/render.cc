#include "client/chatops/slack/render.h"

#include <algorithm>

#include "client/chatops/web/cut.h"
#include "client/report/clean.h"
#include "engine/base/json.h"

namespace recourse::chatops::slack {
namespace {

using report::Clean;
using report::OneLine;
using web::Cut;
using web::LengthOf;

constexpr std::size_t kBlocksMax = 50;
constexpr std::size_t kHeaderMax = 150;
constexpr std::size_t kSectionMax = 3000;
constexpr std::size_t kFieldsMax = 10;  // of a section
constexpr std::size_t kFieldMax = 2000;
constexpr std::size_t kElementsMax = 25;  // of an actions block
constexpr std::size_t kLabelMax = 75;
constexpr std::size_t kFallbackMax = 3000;
constexpr std::size_t kLinesMax = 12000;  // of all lines; a message is no place to read more
constexpr std::size_t kViewTitleMax = 24;
constexpr std::size_t kReasonMax = 3000;

Value PlainText(const std::string& text, std::size_t length_max) {
  // Slack refuses an empty text.
  return Value::Object({{"type", "plain_text"},
                        {"text", Cut(text.empty() ? " " : text, length_max)},
                        {"emoji", false}});
}

Value Section(const std::string& text) {
  return Value::Object({{"type", "section"}, {"text", PlainText(text, kSectionMax)}});
}

// As Slack's control sequences cannot begin.
std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

const char* SignOf(Tone tone) {
  switch (tone) {
    case Tone::kNormal:
      return "";
    case Tone::kGood:
      return "\xf0\x9f\x9f\xa2 ";  // a green circle
    case Tone::kWarning:
      return "\xf0\x9f\x9f\xa0 ";  // an orange one
    case Tone::kBad:
      return "\xf0\x9f\x94\xb4 ";  // a red one
  }
  return "";
}

Value Title(const ChatMessage& message) {
  const std::string title = SignOf(message.tone) + OneLine(message.title);
  if (LengthOf(title) > kHeaderMax) return Section(title);  // a header would cut it
  return Value::Object({{"type", "header"}, {"text", PlainText(title, kHeaderMax)}});
}

void AddFields(const ChatMessage& message, Value::List& blocks) {
  Value::List fields;
  for (std::size_t i = 0; i < message.fields.size(); ++i) {
    const auto& [name, value] = message.fields[i];
    fields.push_back(PlainText(OneLine(name) + "\n" + Clean(value), kFieldMax));
    if (fields.size() == kFieldsMax || i + 1 == message.fields.size()) {
      blocks.push_back(Value::Object({{"type", "section"}, {"fields", std::move(fields)}}));
      fields.clear();
    }
  }
}

Value ButtonOf(const Button& button, const ChatMessage& message, std::size_t number) {
  const Meant meant{.action = button.action,
                    .about = message.about,
                    .digest = message.digest,
                    .label = Cut(OneLine(button.label), kLabelMax),
                    .asks_reason = button.asks_reason,
                    .asks_code = button.asks_code,
                    .place = {}};
  Value element = Value::Object({{"type", "button"},
                                 {"action_id", std::to_string(number) + " " + button.action},
                                 {"text", PlainText(meant.label, kLabelMax)},
                                 {"value", MeantText(meant)}});
  if (button.style == Button::Style::kPrimary) element = element.With("style", "primary");
  if (button.style == Button::Style::kDanger) element = element.With("style", "danger");
  return element;
}

void AddButtons(const ChatMessage& message, Value::List& blocks) {
  Value::List elements;
  for (std::size_t i = 0; i < message.buttons.size(); ++i) {
    elements.push_back(ButtonOf(message.buttons[i], message, i));
    if (elements.size() == kElementsMax || i + 1 == message.buttons.size()) {
      blocks.push_back(Value::Object({{"type", "actions"}, {"elements", std::move(elements)}}));
      elements.clear();
    }
  }
}

// The texts as sections, each as full as it may be: at most `sections_max`, and the last one says
// so when there was more.
void AddLines(const std::vector<std::string>& lines, std::size_t sections_max,
              Value::List& blocks) {
  const std::string more = "... and more, which is not shown here";
  std::vector<std::string> sections;
  std::size_t length = 0;
  for (const std::string& line : lines) {
    const std::string text = Cut(Clean(line), kSectionMax - more.size() - 1);
    const std::size_t added = LengthOf(text) + 1;
    const bool fits =
        !sections.empty() && LengthOf(sections.back()) + added + more.size() + 1 <= kSectionMax;
    length += added;
    if (length > kLinesMax || (!fits && sections.size() == sections_max)) {
      if (sections.empty()) return;
      sections.back() += "\n" + more;
      break;
    }
    if (fits) {
      sections.back() += "\n" + text;
    } else {
      sections.push_back(text);
    }
  }
  for (const std::string& section : sections) blocks.push_back(Section(section));
}

Value ViewOf(const Meant& meant, Value::List blocks) {
  return Value::Object({{"type", "modal"},
                        {"title", PlainText(meant.label + " " + meant.about, kViewTitleMax)},
                        {"private_metadata", MeantText(meant)},
                        {"blocks", std::move(blocks)}});
}

Value Question(const std::string& id, const std::string& label, bool long_text,
               std::size_t length_max) {
  const Value element = Value::Object({{"type", "plain_text_input"},
                                       {"action_id", id},
                                       {"multiline", long_text},
                                       {"max_length", static_cast<std::int64_t>(length_max)}});
  return Value::Object({{"type", "input"},
                        {"block_id", id},
                        {"label", PlainText(label, kFieldMax)},
                        {"element", element}});
}

}  // namespace

Value MessageArguments(const ChatMessage& message, const std::string& command) {
  Value::List blocks{Title(message)};
  AddFields(message, blocks);
  Value::List last;
  AddButtons(message, last);
  const std::string by_hand = message.command.empty() ? "" : command + " " + message.command;
  if (!by_hand.empty()) last.push_back(Section(Clean(by_hand)));
  // Buttons and command stay; then fields; the lines have what is left.
  if (last.size() >= kBlocksMax) last.resize(kBlocksMax - 1);
  blocks.resize(std::min(blocks.size(), kBlocksMax - last.size()));
  AddLines(message.lines, kBlocksMax - last.size() - blocks.size(), blocks);
  blocks.insert(blocks.end(), last.begin(), last.end());

  std::string fallback = SignOf(message.tone) + OneLine(message.title);
  if (!by_hand.empty()) fallback += "\n" + Clean(by_hand);
  return Value::Object(
      {{"text", Escaped(Cut(fallback, kFallbackMax))},
       {"mrkdwn", false},
       {"parse", "none"},
       {"link_names", false},
       {"unfurl_links", false},
       {"unfurl_media", false},
       {"metadata", Value::Object({{"event_type", std::string(kMessageType)},
                                   {"event_payload", Value::Object({{"about", message.about}})}})},
       {"blocks", std::move(blocks)}});
}

Value AnswerArguments(const ChatAnswer& answer) {
  Value::List blocks;
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin <= answer.text.size();) {
    const std::size_t end = std::min(answer.text.find('\n', begin), answer.text.size());
    lines.push_back(answer.text.substr(begin, end - begin));
    begin = end + 1;
  }
  AddLines(lines, kBlocksMax, blocks);
  return Value::Object({{"response_type", answer.for_all ? "in_channel" : "ephemeral"},
                        {"replace_original", false},
                        {"text", Escaped(Cut(Clean(answer.text), kFallbackMax))},
                        {"mrkdwn", false},
                        {"blocks", std::move(blocks)}});
}

Value QuestionView(const Meant& meant) {
  Value::List blocks;
  if (meant.asks_reason) blocks.push_back(Question("reason", "Reason", true, kReasonMax));
  if (meant.asks_code) blocks.push_back(Question("code", "One-time code", false, 20));
  return ViewOf(meant, std::move(blocks))
      .With("submit", PlainText(meant.label, kViewTitleMax))
      .With("close", PlainText("Leave it open", kViewTitleMax));
}

Value AnswerView(const Meant& meant, const std::string& answer) {
  return ViewOf(meant, {Section(Clean(answer))}).With("close", PlainText("Close", kViewTitleMax));
}

std::string MeantText(const Meant& meant) {
  return ToJson(Value::Object({{"action", meant.action},
                               {"about", meant.about},
                               {"digest", meant.digest},
                               {"label", meant.label},
                               {"reason", meant.asks_reason},
                               {"code", meant.asks_code},
                               {"channel", meant.place.channel},
                               {"message", meant.place.message}}));
}

Meant ParseMeant(const std::string& text) {
  const auto parsed = ParseJson(text);
  if (!parsed) return {};
  return {.action = parsed->StringOr("action", ""),
          .about = parsed->StringOr("about", ""),
          .digest = parsed->StringOr("digest", ""),
          .label = parsed->StringOr("label", ""),
          .asks_reason = parsed->BoolOr("reason", false),
          .asks_code = parsed->BoolOr("code", false),
          .place = {parsed->StringOr("channel", ""), parsed->StringOr("message", "")}};
}

}  // namespace recourse::chatops::slack

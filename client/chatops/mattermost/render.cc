#include "client/chatops/mattermost/render.h"

#include <algorithm>
#include <cctype>

#include "client/chatops/web/cut.h"
#include "client/report/clean.h"
#include "engine/base/json.h"

namespace recourse::chatops::mattermost {
namespace {

using web::Cut;

constexpr std::size_t kTitleMax = 1000;
constexpr std::size_t kLinesMax = 8000;  // of all lines; a post is no place to read more
constexpr std::size_t kFieldMax = 2000;
constexpr std::size_t kFieldsMax = 50;
constexpr std::size_t kShownMax = 8000;  // a post has 16383 characters at most, escapes and all
constexpr std::size_t kDialogTitleMax = 24;
constexpr std::size_t kReasonMax = 3000;
// Joins words without a mark of its own; a name that follows it is no name to Mattermost.
constexpr const char* kJoiner = "\xe2\x81\xa0";

// Whether an emoji's name follows the colon: ":name:", also with its underscores escaped.
bool BeginsEmoji(const std::string& text, std::size_t colon) {
  std::size_t end = colon + 1;
  while (end < text.size() &&
         (std::isalnum(static_cast<unsigned char>(text[end])) != 0 ||
          std::string_view("_+-\\").find(text[end]) != std::string_view::npos)) {
    ++end;
  }
  return end > colon + 1 && end < text.size() && text[end] == ':';
}

// Mentions, links to channels, hashtags and emojis, parted so that they are none.
std::string Parted(const std::string& text) {
  std::string parted;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    parted += c;
    if (c == '@' || c == '~' || c == '#' || (c == ':' && BeginsEmoji(text, i))) parted += kJoiner;
  }
  return parted;
}

// Escapes of Markdown alone would leave mentions and links to channels as they are.
std::string ShownLine(const std::string& line) { return Parted(report::MarkdownText(line)); }

const char* ColourOf(Tone tone) {
  switch (tone) {
    case Tone::kNormal:
      return "#6b7280";
    case Tone::kGood:
      return "#2da44e";
    case Tone::kWarning:
      return "#d97706";
    case Tone::kBad:
      return "#cf222e";
  }
  return "#6b7280";
}

const char* StyleOf(Button::Style style) {
  switch (style) {
    case Button::Style::kPlain:
      return "default";
    case Button::Style::kPrimary:
      return "primary";
    case Button::Style::kDanger:
      return "danger";
  }
  return "default";
}

Value Fields(const ChatMessage& message) {
  Value::List fields;
  for (const auto& [name, value] : message.fields) {
    if (fields.size() == kFieldsMax) break;
    fields.push_back(Value::Object({{"title", ShownLine(Cut(report::OneLine(name), kFieldMax))},
                                    {"value", Shown(Cut(report::Clean(value), kFieldMax))},
                                    {"short", true}}));
  }
  return Value(std::move(fields));
}

Value Actions(const ChatMessage& message, const std::string& channel, const Place& place) {
  Value::List actions;
  for (const Button& button : message.buttons) {
    const Meant meant{.action = button.action,
                      .about = message.about,
                      .digest = message.digest,
                      .channel = channel,
                      .asks_reason = button.asks_reason,
                      .asks_code = button.asks_code};
    // An id is of letters and digits only.
    actions.push_back(Value::Object(
        {{"id", "button" + std::to_string(actions.size())},
         {"type", "button"},
         {"name", report::OneLine(button.label)},
         {"style", StyleOf(button.style)},
         {"integration", Value::Object({{"url", place.action_url},
                                        {"context", ContextOf(meant, place.button_key)}})}}));
  }
  return Value(std::move(actions));
}

std::string Lines(const ChatMessage& message) {
  std::string text;
  for (const std::string& line : message.lines) {
    const std::string shown = Shown(Cut(report::Clean(line), kLinesMax / 4));
    if (text.size() + shown.size() > kLinesMax)
      return text + "... and more, which is not shown here";
    text += shown + "\n";
  }
  return text;
}

Value Question(const char* name, const char* label, const char* type, std::size_t length_max) {
  return Value::Object({{"display_name", label},
                        {"name", name},
                        {"type", type},
                        {"max_length", static_cast<std::int64_t>(length_max)},
                        {"optional", false}});
}

}  // namespace

std::string Shown(const std::string& text) {
  std::string shown;
  const std::string clean = Cut(report::Clean(text), kShownMax);
  for (std::size_t begin = 0; begin <= clean.size();) {
    const std::size_t end = std::min(clean.find('\n', begin), clean.size());
    shown += (begin == 0 ? "" : "\n") + ShownLine(clean.substr(begin, end - begin));
    begin = end + 1;
  }
  return shown;
}

Value PostBody(const ChatMessage& message, const std::string& channel, const Place& place) {
  const std::string title = Cut(report::OneLine(message.title), kTitleMax);
  std::string text = Lines(message);
  if (!message.command.empty()) text += "\n" + ShownLine(place.command + " " + message.command);
  const Value attachment = Value::Object({{"fallback", Parted(title)},
                                          {"color", ColourOf(message.tone)},
                                          {"text", text},
                                          {"fields", Fields(message)},
                                          {"actions", Actions(message, channel, place)}});
  return Value::Object({{"message", ShownLine(title)},
                        // Mattermost takes a post with the same one, lately, for the same post.
                        {"pending_post_id", "recourse:" + channel + ":" + message.about},
                        {"props", Value::Object({{"attachments", Value::List{attachment}},
                                                 {kAboutProp, message.about},
                                                 {"disable_group_highlight", true}})}});
}

Value QuestionDialog(const Meant& meant, const std::string& state) {
  Value::List elements;
  if (meant.asks_reason) elements.push_back(Question("reason", "Reason", "textarea", kReasonMax));
  if (meant.asks_code) elements.push_back(Question("code", "One-time code", "text", 20));
  return Value::Object({{"callback_id", "recourse"},
                        {"title", Cut(meant.action + " " + meant.about, kDialogTitleMax)},
                        {"elements", std::move(elements)},
                        {"submit_label", Cut(meant.action, kDialogTitleMax)},
                        {"notify_on_cancel", false},
                        {"state", state}});
}

}  // namespace recourse::chatops::mattermost

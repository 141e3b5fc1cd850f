#include "actions/inputs.h"
#include "actions/notify/notify.h"

namespace recourse {
namespace {

constexpr std::size_t kTextMax = 8000;  // bytes; a chat takes no more in one message
constexpr std::size_t kSubjectMax = 200;

constexpr std::string_view kInputs = R"({
  "type": "object", "additionalProperties": false, "required": ["channel", "text"],
  "properties": {
    "channel": {"type": "string", "minLength": 1, "description": "a channel of the server's file of notifications"},
    "text": {"type": "string", "minLength": 1, "description": "what is said, in one or more lines"},
    "subject": {"type": "string", "description": "one line: a mail's subject, the first line elsewhere"}
  }
})";

constexpr std::string_view kOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "channel": {"type": "string"},
    "kind": {"type": "string", "description": "of the channel: mail, webhook, slack, mattermost, pagerduty"},
    "subject": {"type": "string"},
    "text": {"type": "string", "description": "as it is sent"}
  }
})";

// At most `most` bytes of it, whole characters, and a word on what is missing.
std::string Cut(const std::string& text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "... (" + std::to_string(text.size() - end) +
         " bytes more are left out)";
}

std::string InOneLine(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return text;
}

// It changes nothing by itself: the engine stores what it answers as a notification, in the commit
// that says that the step has succeeded.
class Send final : public Action {
 public:
  explicit Send(const ChannelNames* channels) : channels_(channels) {
    spec_.name = "notify.send";
    spec_.summary = "Tell people something through a channel: mail, chat, pager, webhook";
    spec_.inputs = Schema(kInputs);
    spec_.output = Schema(kOutput);
    spec_.repeat = RepeatClass::kIdempotent;
    spec_.has_plan = true;
    spec_.sends = true;
    spec_.without_compensation = "none: what was said stays said";
    spec_.timeout = std::chrono::seconds(10);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Result<ActionPlan> Plan(const Context& context) const override {
    auto kind = KindOf(context);
    if (!kind) return std::move(kind).error();
    const std::string subject = InOneLine(context.inputs.StringOr("subject", ""));
    const std::string text = context.inputs.StringOr("text", "");
    const std::string said = subject.empty() ? text.substr(0, text.find('\n')) : subject;
    return ActionPlan{.lines = {"tell " + context.inputs.StringOr("channel", "") + " (" + *kind +
                                "): " + Cut(said, kSubjectMax)},
                      .irreversible = {}};
  }

  Outcome Apply(const Context& context) const override {
    auto kind = KindOf(context);
    if (!kind) return std::move(kind).error();
    return Value::Object(
        {{"channel", context.inputs.StringOr("channel", "")},
         {"kind", *kind},
         {"subject", Cut(InOneLine(context.inputs.StringOr("subject", "")), kSubjectMax)},
         {"text", Cut(context.inputs.StringOr("text", ""), kTextMax)}});
  }

 private:
  Result<std::string> KindOf(const Context& context) const {
    const std::string channel = context.inputs.StringOr("channel", "");
    if (channels_ == nullptr) {
      return FailedPrecondition("this server has no channels, so that nothing was sent to \"" +
                                channel + "\"; a file notifications.yaml gives it some");
    }
    auto kind = channels_->KindOf(channel);
    if (!kind) return std::move(kind).error().In("nothing was sent");
    return kind;
  }

  const ChannelNames* channels_;
  ActionSpec spec_;
};

}  // namespace

void AddNotifyActions(Registry& registry, const ChannelNames* channels) {
  registry.Add(std::make_unique<Send>(channels));
}

}  // namespace recourse

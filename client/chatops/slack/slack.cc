#include "client/chatops/slack/slack.h"

#include <optional>

#include "client/chatops/slack/interactions.h"
#include "client/chatops/slack/signature.h"
#include "client/chatops/slack/socket_mode.h"
#include "client/chatops/web/deliveries.h"
#include "client/chatops/web/form.h"
#include "client/chatops/web/http_entry.h"
#include "client/chatops/web/refusals.h"
#include "client/chatops/web/workers.h"
#include "engine/base/check.h"
#include "engine/base/json.h"

namespace recourse::chatops {
namespace {

using namespace std::chrono_literals;
using slack::Reply;
using web::EntryReply;
using web::EntryRequest;

constexpr const char* kCommands = "/slack/commands";
constexpr const char* kInteractions = "/slack/interactions";
constexpr std::size_t kFollowers = 4;       // threads for what comes after an acknowledgement
constexpr std::size_t kFollowUpsMax = 500;  // that wait
constexpr auto kStopTime = 3s;              // for answers that are on their way
constexpr std::chrono::seconds kPatience = 60s;
// A signature is good from 5 minutes before its timestamp to 5 minutes after.
constexpr std::chrono::seconds kRemembered = 11min;
constexpr std::size_t kRememberedMax = 20000;
constexpr int kPageSize = 200;  // messages; Slack recommends no more
constexpr int kPagesMax = 25;

// The place in its channel of the newest of these messages that is about it.
std::optional<std::string> MessageAbout(const Value& history, const std::string& about) {
  if (!history["messages"].is_list()) return std::nullopt;
  for (const Value& message : history["messages"].as_list()) {
    const Value& metadata = message["metadata"];
    if (metadata.StringOr("event_type", "") != slack::kMessageType) continue;
    if (metadata["event_payload"].StringOr("about", "") != about) continue;
    return message.StringOr("ts", "");
  }
  return std::nullopt;
}

class SlackSurface final : public Surface {
 public:
  explicit SlackSurface(SlackOptions options)
      : options_(std::move(options)),
        report_([report = options_.report](const std::string& line) { report("slack: " + line); }),
        api_({options_.api, options_.bot_token, options_.app_token, options_.ca_file}),
        refusals_(report_),
        deliveries_(kRemembered, kRememberedMax),
        follow_ups_(kFollowers, kFollowUpsMax) {}
  ~SlackSurface() override { Stop(); }

  const std::string& name() const override {
    static const std::string kName = "slack";
    return kName;
  }

  Result<void> Start(Listener& listener) override;
  void Stop() override;
  Result<MessagePlace> Post(const std::string& channel, const ChatMessage& message) override;
  Result<void> Update(const MessagePlace& place, const ChatMessage& message) override;
  Result<std::optional<MessagePlace>> Find(const std::string& channel, const std::string& about,
                                           std::int64_t since) override;
  Result<void> Check() override;

 private:
  void TellCannotLook(const std::string& why);
  Result<void> CheckOptions() const;
  Result<void> Listen();
  void Connect();
  std::optional<EntryReply> Refuse(const EntryRequest& request);
  EntryReply Take(const EntryRequest& request);
  Result<std::string> Deliver(const Value& payload, bool command);

  const SlackOptions options_;
  const std::function<void(const std::string&)> report_;
  slack::Api api_;
  web::Refusals refusals_;
  web::Deliveries deliveries_;
  std::optional<slack::Interactions> interactions_;
  web::Workers follow_ups_;
  std::optional<web::HttpEntry> entry_;
  std::optional<slack::SocketMode> socket_mode_;
  bool told_cannot_look_ = false;  // of the thread that finds
};

Result<void> SlackSurface::CheckOptions() const {
  const bool http = !options_.listen.empty();
  if (options_.bot_token.empty()) return InvalidArgument("slack: the bot token is missing");
  if (http == !options_.app_token.empty()) {
    return InvalidArgument(
        "slack: either listen (Slack calls the bot) or an app token (Socket Mode) is needed, not "
        "both");
  }
  if (http && options_.signing_secrets.empty()) {
    return InvalidArgument("slack: listen needs the app's signing secret");
  }
  for (const std::string& secret : options_.signing_secrets) {
    if (secret.empty()) return InvalidArgument("slack: a signing secret is empty");
  }
  return {};
}

Result<void> SlackSurface::Start(Listener& listener) {
  if (auto checked = CheckOptions(); !checked) return checked;
  const auto known = api_.Call("auth.test", Value::Object({}), 0s);
  if (!known && known.error().code == Code::kUnauthenticated) return known.error().In("slack");
  if (!known) report_(known.error().ToString() + "; begins all the same");
  interactions_.emplace(api_, listener, options_.command, report_);
  if (!options_.listen.empty()) return Listen();
  Connect();
  return {};
}

Result<void> SlackSurface::Listen() {
  entry_.emplace(
      std::vector<std::string>{kCommands, kInteractions},
      [this](const EntryRequest& request) { return Refuse(request); },
      [this](const EntryRequest& request) { return Take(request); });
  const auto port = entry_->Start(options_.listen);
  if (!port) return port.error().In("slack");
  report_("listens on port " + std::to_string(*port) + " for " + kCommands + " and " +
          kInteractions);
  return {};
}

void SlackSurface::Connect() {
  socket_mode_.emplace(
      api_, options_.ca_file,
      [this](const Value& envelope) -> std::optional<std::string> {
        const auto answer =
            Deliver(envelope["payload"], envelope["type"] == Value("slash_commands"));
        if (!answer) report_(answer.error().ToString());
        return answer ? std::optional(*answer) : std::nullopt;
      },
      report_);
  socket_mode_->Start();
}

void SlackSurface::Stop() {
  if (entry_) entry_->Stop();
  if (socket_mode_) socket_mode_->Stop();
  // Answers that are on their way have a moment; so have Post() and Update().
  follow_ups_.StopWithin(kStopTime, [this] { api_.Stop(); });
}

Result<MessagePlace> SlackSurface::Post(const std::string& channel, const ChatMessage& message) {
  const auto posted = api_.Call(
      "chat.postMessage",
      slack::MessageArguments(message, options_.command).With("channel", channel), kPatience);
  if (!posted) return posted.error();
  return MessagePlace{posted->StringOr("channel", channel), posted->StringOr("ts", "")};
}

Result<void> SlackSurface::Update(const MessagePlace& place, const ChatMessage& message) {
  const auto updated = api_.Call("chat.update",
                                 slack::MessageArguments(message, options_.command)
                                     .With("channel", place.channel)
                                     .With("ts", place.message),
                                 kPatience);
  if (!updated) return updated.error();
  return {};
}

Result<std::optional<MessagePlace>> SlackSurface::Find(const std::string& channel,
                                                       const std::string& about,
                                                       std::int64_t since) {
  using Found = std::optional<MessagePlace>;
  std::string cursor;
  for (int page = 0; page < kPagesMax; ++page) {  // the newest first
    std::vector<std::pair<std::string, std::string>> arguments = {
        {"channel", channel},
        {"oldest", std::to_string(since)},
        {"include_all_metadata", "true"},
        {"limit", std::to_string(kPageSize)}};
    if (!cursor.empty()) arguments.emplace_back("cursor", cursor);
    const auto history = api_.Look("conversations.history", arguments, kPatience);
    if (!history) {
      const Code code = history.error().code;
      if (code == Code::kUnavailable || code == Code::kResourceExhausted) return history.error();
      TellCannotLook(history.error().ToString());
      return Found();
    }
    if (auto found = MessageAbout(*history, about)) return Found(MessagePlace{channel, *found});
    cursor = (*history)["response_metadata"].StringOr("next_cursor", "");
    if (cursor.empty()) return Found();
  }
  TellCannotLook("there are more than " + std::to_string(kPagesMax * kPageSize) + " since");
  return Found();
}

void SlackSurface::TellCannotLook(const std::string& why) {
  if (std::exchange(told_cannot_look_, true)) return;
  report_(
      "messages that a bot posted just before it was killed cannot be looked for, and may stand "
      "twice: " +
      why);
}

Result<void> SlackSurface::Check() {
  if (auto checked = CheckOptions(); !checked) return checked;
  if (auto known = api_.Call("auth.test", Value::Object({}), 0s); !known)
    return std::move(known).error();
  return options_.listen.empty() ? Result<void>() : web::TryListen(options_.listen);
}

EntryReply Plain(int status, const std::string& text) {
  return {status, text + "\n", "text/plain; charset=utf-8"};
}

std::optional<EntryReply> SlackSurface::Refuse(const EntryRequest& request) {
  const auto formed = slack::CheckHeaders(request.header("X-Slack-Request-Timestamp"),
                                          request.header("X-Slack-Signature"), SystemClock().Now());
  if (formed) return std::nullopt;
  refusals_.Count(formed.error().message);
  return Plain(401, formed.error().message);
}

EntryReply SlackSurface::Take(const EntryRequest& request) {
  const auto is_signed =
      slack::CheckSignature(options_.signing_secrets, request.header("X-Slack-Request-Timestamp"),
                            request.header("X-Slack-Signature"), request.body, SystemClock().Now());
  if (!is_signed) {
    refusals_.Count(is_signed.error().message);
    return Plain(401, is_signed.error().message);
  }
  const bool command = request.path == kCommands;
  Value payload = web::ParseForm(request.body);
  if (!command) {
    auto parsed = ParseJson(payload.StringOr("payload", ""));
    if (!parsed) return Plain(400, "payload: " + parsed.error().message);
    payload = *std::move(parsed);
  }
  const auto answer = Deliver(payload, command);
  if (!answer) return Plain(503, answer.error().message);
  return {.status = 200, .body = *answer};
}

Result<std::string> SlackSurface::Deliver(const Value& payload, bool command) {
  return deliveries_.Once(slack::DeliveryOf(payload), [&] {
    Reply reply = command ? interactions_->OnCommand(payload) : interactions_->OnPayload(payload);
    if (reply.then && !follow_ups_.Submit(std::move(reply.then))) {
      report_("an answer was not sent: too many wait. What was clicked or written stays done");
    }
    return std::move(reply.body);
  });
}

}  // namespace

std::unique_ptr<Surface> NewSlack(SlackOptions options) {
  RECOURSE_CHECK(options.report != nullptr);
  return std::make_unique<SlackSurface>(std::move(options));
}

}  // namespace recourse::chatops

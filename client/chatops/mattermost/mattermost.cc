#include "client/chatops/mattermost/mattermost.h"

#include <optional>

#include "client/chatops/mattermost/api.h"
#include "client/chatops/mattermost/context.h"
#include "client/chatops/mattermost/render.h"
#include "client/chatops/web/deliveries.h"
#include "client/chatops/web/form.h"
#include "client/chatops/web/http_entry.h"
#include "client/chatops/web/refusals.h"
#include "client/chatops/web/workers.h"
#include "engine/base/check.h"
#include "engine/base/digest.h"
#include "engine/base/fail_point.h"
#include "engine/base/json.h"
#include "engine/web/mac.h"

namespace recourse::chatops {
namespace {

using namespace std::chrono_literals;
using mattermost::Asked;
using mattermost::Meant;
using web::EntryReply;
using web::EntryRequest;

constexpr const char* kCommandPath = "/mattermost/command";
constexpr const char* kActionPath = "/mattermost/action";
constexpr const char* kDialogPath = "/mattermost/dialog";
constexpr std::size_t kKeyMin = 32;
constexpr std::size_t kFollowers = 4;       // threads for what comes after an answer
constexpr std::size_t kFollowUpsMax = 500;  // that wait
constexpr auto kStopTime = 3s;              // for answers that are on their way
constexpr std::chrono::seconds kPatience = 60s;
constexpr std::chrono::seconds kPersonPatience = 5s;  // for somebody who has clicked
constexpr std::chrono::seconds kRemembered = 10min;
constexpr std::size_t kRememberedMax = 20000;

struct Reply {
  std::string body;
  std::function<void()> then;  // to be done after it
};

// What tells a repeated delivery from a new one.
std::string DeliveryOf(const Value& request) {
  const std::string trigger = request.StringOr("trigger_id", "");
  return "mattermost " + (trigger.empty() ? ToHex(Sha256Of(ToJson(request))) : trigger);
}

ChatUser UserOf(const Value& request) {
  return {"mattermost", request.StringOr("team_id", ""), request.StringOr("user_id", "")};
}

EntryReply Plain(int status, const std::string& text) {
  return {status, text + "\n", "text/plain; charset=utf-8"};
}

class MattermostSurface final : public Surface {
 public:
  explicit MattermostSurface(MattermostOptions options)
      : options_(std::move(options)),
        report_(
            [report = options_.report](const std::string& line) { report("mattermost: " + line); }),
        place_{options_.command, options_.public_url + kActionPath, options_.button_key},
        api_(options_.url, options_.token, options_.ca_file),
        refusals_(report_),
        deliveries_(kRemembered, kRememberedMax),
        follow_ups_(kFollowers, kFollowUpsMax) {}
  ~MattermostSurface() override { Stop(); }

  const std::string& name() const override {
    static const std::string kName = "mattermost";
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
  Result<void> CheckOptions() const;
  EntryReply Take(const EntryRequest& request);
  EntryReply TakeCommand(const Value& form);
  EntryReply TakeAction(const Value& request);
  EntryReply TakeDialog(const Value& request);
  EntryReply Deliver(const Value& request, const std::function<Reply()>& handle);
  EntryReply NotOurs(const std::string& why);
  Reply Ask(const Value& request, const Meant& meant);
  void ShowAll(const std::string& channel, const std::string& text);
  void Tell(const std::string& user, const std::string& text);

  const MattermostOptions options_;
  const std::function<void(const std::string&)> report_;
  const mattermost::Place place_;
  mattermost::Api api_;
  web::Refusals refusals_;
  web::Deliveries deliveries_;
  Listener* listener_ = nullptr;
  web::Workers follow_ups_;
  std::optional<web::HttpEntry> entry_;
};

Result<void> MattermostSurface::CheckOptions() const {
  const std::pair<const char*, bool> needed[] = {
      {"the URL of the server", options_.url.empty()},
      {"the bot's token", options_.token.empty()},
      {"listen, the address for commands and clicks", options_.listen.empty()},
      {"the URL at which Mattermost reaches the bot", options_.public_url.empty()},
      {"the slash command's token", options_.command_tokens.empty()}};
  for (const auto& [what, missing] : needed) {
    if (missing) return InvalidArgument(std::string("mattermost: ") + what + " is missing");
  }
  for (const std::string& token : options_.command_tokens) {
    if (token.empty()) return InvalidArgument("mattermost: a token of the slash command is empty");
  }
  if (options_.button_key.size() < kKeyMin) {
    return InvalidArgument("mattermost: the button key has " +
                           std::to_string(options_.button_key.size()) +
                           " characters; at least 32 random ones are needed");
  }
  return {};
}

Result<void> MattermostSurface::Start(Listener& listener) {
  if (auto checked = CheckOptions(); !checked) return checked;
  listener_ = &listener;
  const auto known = api_.Call("GET", "/users/me", Value(), 0s);
  if (!known && known.error().code == Code::kUnauthenticated) return known.error().In("mattermost");
  if (!known) report_(known.error().ToString() + "; begins all the same");
  entry_.emplace(
      std::vector<std::string>{kCommandPath, kActionPath, kDialogPath},
      [](const EntryRequest&) { return std::nullopt; },  // the secrets stand in the bodies
      [this](const EntryRequest& request) { return Take(request); });
  const auto port = entry_->Start(options_.listen);
  if (!port) return port.error().In("mattermost");
  report_("listens on port " + std::to_string(*port) + " for " + kCommandPath + ", " + kActionPath +
          " and " + kDialogPath);
  return {};
}

void MattermostSurface::Stop() {
  if (entry_) entry_->Stop();
  // Answers that are on their way have a moment; so have Post() and Update().
  follow_ups_.StopWithin(kStopTime, [this] { api_.Stop(); });
}

Result<MessagePlace> MattermostSurface::Post(const std::string& channel,
                                             const ChatMessage& message) {
  const auto posted = api_.Call(
      "POST", "/posts", PostBody(message, channel, place_).With("channel_id", channel), kPatience);
  if (!posted) return posted.error().In("channel " + channel);
  return MessagePlace{channel, posted->StringOr("id", "")};
}

Result<void> MattermostSurface::Update(const MessagePlace& place, const ChatMessage& message) {
  const auto updated = api_.Call("PUT", "/posts/" + place.message + "/patch",
                                 PostBody(message, place.channel, place_), kPatience);
  if (!updated) return updated.error().In("channel " + place.channel);
  return {};
}

Result<std::optional<MessagePlace>> MattermostSurface::Find(const std::string& channel,
                                                            const std::string& about,
                                                            std::int64_t since) {
  using Found = std::optional<MessagePlace>;
  const auto own = api_.OwnId(kPatience);
  if (!own) return own.error();
  const auto posts =
      api_.Call("GET", "/channels/" + channel + "/posts?since=" + std::to_string(since * 1000),
                Value(), kPatience);
  if (!posts) return posts.error().In("channel " + channel);
  if (!(*posts)["posts"].is_map()) return Found();
  for (const auto& [id, post] : (*posts)["posts"].as_map()) {
    const bool is_it = post.StringOr("user_id", "") == *own && post.IntOr("delete_at", 0) == 0 &&
                       post["props"].StringOr(mattermost::kAboutProp, "") == about;
    if (is_it) return Found(MessagePlace{channel, id.as_string()});
  }
  return Found();
}

Result<void> MattermostSurface::Check() {
  if (auto checked = CheckOptions(); !checked) return checked;
  if (auto known = api_.Call("GET", "/users/me", Value(), 0s); !known)
    return std::move(known).error();
  return web::TryListen(options_.listen);
}

EntryReply MattermostSurface::Take(const EntryRequest& request) {
  if (request.path == kCommandPath) return TakeCommand(web::ParseForm(request.body));
  const auto parsed = ParseJson(request.body);
  if (!parsed) return Plain(400, parsed.error().message);
  return request.path == kActionPath ? TakeAction(*parsed) : TakeDialog(*parsed);
}

EntryReply MattermostSurface::NotOurs(const std::string& why) {
  refusals_.Count(why);
  return Plain(401, why);
}

EntryReply MattermostSurface::TakeCommand(const Value& form) {
  const std::string given = form.StringOr("token", "");
  bool known = false;
  for (const std::string& token : options_.command_tokens)
    known |= recourse::web::SameSecret(token, given);
  if (!known) return NotOurs("a command came with none of the slash command's tokens");
  return Deliver(form.With("token", Value()), [&] {
    const std::string channel = form.StringOr("channel_id", "");
    const ChatAnswer answer = listener_->OnCommand({.user = UserOf(form),
                                                    .channel = channel,
                                                    .text = form.StringOr("text", ""),
                                                    .delivery = DeliveryOf(form)});
    Reply reply;
    reply.body =
        ToJson(Value::Object({{"response_type", answer.for_all ? "in_channel" : "ephemeral"},
                              {"skip_slack_parsing", true},
                              {"text", mattermost::Shown(answer.text)}}));
    if (!answer.picture_png.empty()) {
      reply.then = [this, channel, answer] {
        const auto shown =
            api_.ShowPicture(channel, answer.picture_name, answer.picture_png, kPersonPatience);
        if (!shown) report_("a picture was not shown: " + shown.error().ToString());
      };
    }
    return reply;
  });
}

EntryReply MattermostSurface::TakeAction(const Value& request) {
  const auto meant = mattermost::ReadContext(request["context"], options_.button_key);
  if (!meant) return NotOurs("a click came with a context that is none of our buttons'");
  if (request["channel_id"] != Value(meant->channel)) {
    return NotOurs("a click came from another channel than its button's");
  }
  return Deliver(request, [&]() -> Reply {
    if (meant->asks_reason || meant->asks_code) return Ask(request, *meant);
    const ChatAnswer answer =
        listener_->OnClick({.user = UserOf(request),
                            .place = {meant->channel, request.StringOr("post_id", "")},
                            .action = meant->action,
                            .about = meant->about,
                            .digest = meant->digest,
                            .reason = "",
                            .code = "",
                            .delivery = DeliveryOf(request)});
    const std::string text = mattermost::Shown(answer.text);
    if (answer.for_all) {
      return {"{}", [this, channel = meant->channel, text] { ShowAll(channel, text); }};
    }
    return {ToJson(Value::Object({{"ephemeral_text", text}, {"skip_slack_parsing", true}})), {}};
  });
}

Reply MattermostSurface::Ask(const Value& request, const Meant& meant) {
  const ChatUser user = UserOf(request);
  const Asked asked{meant, request.StringOr("post_id", ""), user.id, user.team,
                    request.StringOr("trigger_id", "")};
  const Value dialog =
      Value::Object({{"trigger_id", request["trigger_id"]},
                     {"url", options_.public_url + kDialogPath},
                     {"dialog", mattermost::QuestionDialog(
                                    meant, mattermost::StateOf(asked, options_.button_key))}});
  return {"{}", [this, dialog, asked] {
            RECOURSE_FAIL_POINT("bot_before_dialog");
            const auto opened = api_.Call("POST", "/actions/dialogs/open", dialog, 0s);
            if (opened) return;
            const std::string what = asked.meant.action + " " + asked.meant.about;
            const std::string why = opened.error().ToString();
            report_("the dialog for " + what + " was not opened: " + why);
            Tell(asked.user,
                 mattermost::Shown("Nothing was done: the dialog did not open (" + why +
                                   "). Click again, or write:\n" + options_.command + " " + what +
                                   (asked.meant.asks_reason ? " and your reason" : "")));
          }};
}

EntryReply MattermostSurface::TakeDialog(const Value& request) {
  const ChatUser user = UserOf(request);
  const auto asked =
      mattermost::ReadState(request.StringOr("state", ""), user.id, user.team, options_.button_key);
  if (!asked) return NotOurs("a dialog came with a state that was not made for its user");
  if (request.BoolOr("cancelled", false)) return {.status = 200, .body = "{}"};
  return Deliver(request, [&]() -> Reply {
    const Value& given = request["submission"];
    const ChatAnswer answer = listener_->OnClick({.user = user,
                                                  .place = {asked->meant.channel, asked->post},
                                                  .action = asked->meant.action,
                                                  .about = asked->meant.about,
                                                  .digest = asked->meant.digest,
                                                  .reason = given.StringOr("reason", ""),
                                                  .code = given.StringOr("code", ""),
                                                  .delivery = DeliveryOf(request)});
    // A dialog's own answer can only be an error.
    const std::string text = mattermost::Shown(answer.text);
    return {"{}", [this, for_all = answer.for_all, asked = *asked, text] {
              if (for_all) return ShowAll(asked.meant.channel, text);
              Tell(asked.user, text);
            }};
  });
}

EntryReply MattermostSurface::Deliver(const Value& request, const std::function<Reply()>& handle) {
  const auto answer = deliveries_.Once(DeliveryOf(request), [&] {
    Reply reply = handle();
    if (reply.then && !follow_ups_.Submit(std::move(reply.then))) {
      report_("an answer was not sent: too many wait. What was clicked or written stays done");
    }
    return std::move(reply.body);
  });
  if (!answer) return Plain(503, answer.error().message);
  return {.status = 200, .body = *answer};
}

void MattermostSurface::ShowAll(const std::string& channel, const std::string& text) {
  const auto shown =
      api_.Call("POST", "/posts", Value::Object({{"channel_id", channel}, {"message", text}}),
                kPersonPatience);
  if (!shown) report_("an answer was not shown: " + shown.error().ToString());
}

void MattermostSurface::Tell(const std::string& user, const std::string& text) {
  const auto told = api_.Tell(user, text, kPersonPatience);
  if (told) return;
  report_("an answer did not reach who clicked: " + told.error().ToString() +
          ". What the click did stays done");
}

}  // namespace

std::unique_ptr<Surface> NewMattermost(MattermostOptions options) {
  RECOURSE_CHECK(options.report != nullptr);
  return std::make_unique<MattermostSurface>(std::move(options));
}

}  // namespace recourse::chatops

#include "client/chatops/slack/interactions.h"

#include "engine/base/digest.h"
#include "engine/base/fail_point.h"
#include "engine/base/json.h"

namespace recourse::chatops::slack {
namespace {

constexpr std::chrono::seconds kPatience{5};  // for a person who has clicked

// A user's own team, which in a shared channel is not the channel's.
ChatUser UserOf(const Value& payload) {
  const Value& user = payload["user"];
  const std::string team = payload["team"].StringOr("id", "");
  return {"slack", user.StringOr("team_id", team), user.StringOr("id", "")};
}

MessagePlace PlaceOf(const Value& payload) {
  const Value& container = payload["container"];
  return {payload["channel"].StringOr("id", container.StringOr("channel_id", "")),
          payload["message"].StringOr("ts", container.StringOr("message_ts", ""))};
}

ChatClick ClickOf(const Value& payload, const Meant& meant) {
  return {.user = UserOf(payload),
          .place = meant.place,
          .action = meant.action,
          .about = meant.about,
          .digest = meant.digest,
          .reason = "",
          .code = "",
          .delivery = DeliveryOf(payload)};
}

// What stands in the field of that name: its block and its action have it both.
std::string Entered(const Value& payload, const std::string& name) {
  return payload["view"]["state"]["values"][name][name].StringOr("value", "");
}

}  // namespace

std::string DeliveryOf(const Value& payload) {
  const std::string trigger = payload.StringOr("trigger_id", "");
  return "slack " + (trigger.empty() ? ToHex(Sha256Of(ToJson(payload))) : trigger);
}

Reply Interactions::OnPayload(const Value& payload) {
  const std::string type = payload.StringOr("type", "");
  if (type == "block_actions") return OnClick(payload);
  if (type == "view_submission") return OnSubmission(payload);
  return {};
}

Reply Interactions::OnCommand(const Value& fields) {
  const ChatCommand command{
      .user = {"slack", fields.StringOr("team_id", ""), fields.StringOr("user_id", "")},
      .channel = fields.StringOr("channel_id", ""),
      .text = fields.StringOr("text", ""),
      .delivery = DeliveryOf(fields)};
  const ChatAnswer answer = listener_.OnCommand(command);
  Reply reply;
  if (!answer.text.empty()) reply.body = ToJson(AnswerArguments(answer));
  if (!answer.picture_png.empty()) {
    reply.then = [this, channel = command.channel, answer] { Show(channel, answer); };
  }
  return reply;
}

Reply Interactions::OnClick(const Value& payload) {
  const Value& actions = payload["actions"];
  if (!actions.is_list() || actions.as_list().empty()) return {};
  Meant meant = ParseMeant(actions.as_list().front().StringOr("value", ""));
  if (meant.action.empty()) return {};
  meant.place = PlaceOf(payload);
  if (meant.asks_reason || meant.asks_code) {
    return {.body = "", .then = [this, payload, meant] { Ask(payload, meant); }};
  }
  const ChatAnswer answer = listener_.OnClick(ClickOf(payload, meant));
  return {.body = "",
          .then = [this, payload, meant, answer] { Tell(payload, meant.place, answer); }};
}

Reply Interactions::OnSubmission(const Value& payload) {
  const Meant meant = ParseMeant(payload["view"].StringOr("private_metadata", ""));
  if (meant.action.empty()) return {};
  ChatClick click = ClickOf(payload, meant);
  click.reason = Entered(payload, "reason");
  click.code = Entered(payload, "code");
  const ChatAnswer answer = listener_.OnClick(click);
  Reply reply;
  reply.body = ToJson(
      Value::Object({{"response_action", "update"}, {"view", AnswerView(meant, answer.text)}}));
  if (answer.for_all) {
    reply.then = [this, payload, meant, answer] { Tell(payload, meant.place, answer); };
  }
  return reply;
}

void Interactions::Ask(const Value& payload, const Meant& meant) {
  RECOURSE_FAIL_POINT("bot_before_dialog");
  const auto opened = api_.Call("views.open",
                                Value::Object({{"trigger_id", payload.StringOr("trigger_id", "")},
                                               {"view", QuestionView(meant)}}),
                                std::chrono::seconds(0));
  if (opened) return;
  const std::string why = opened.error().ToString();
  report_("the dialog for " + meant.action + " " + meant.about + " was not opened: " + why);
  Tell(payload, meant.place,
       {.text = "Nothing was done: the dialog did not open (" + why +
                "). Click again, or write:\n" + command_ + " " + meant.action + " " + meant.about +
                (meant.asks_reason ? " and your reason" : ""),
        .for_all = false,
        .picture_png = "",
        .picture_name = ""});
}

void Interactions::Tell(const Value& payload, const MessagePlace& place, const ChatAnswer& answer) {
  if (answer.text.empty()) return;
  RECOURSE_FAIL_POINT("bot_before_told");
  const Value arguments = AnswerArguments(answer);
  const std::string url = payload.StringOr("response_url", "");
  Result<void> told = FailedPrecondition("there is no response_url");
  if (!url.empty()) told = api_.Respond(url, arguments);
  if (told) return;
  Value message = Value::Object({{"channel", place.channel},
                                 {"text", arguments["text"]},
                                 {"mrkdwn", false},
                                 {"blocks", arguments["blocks"]}});
  if (!answer.for_all) message = message.With("user", UserOf(payload).id);
  const auto posted =
      api_.Call(answer.for_all ? "chat.postMessage" : "chat.postEphemeral", message, kPatience);
  if (posted) return;
  report_("an answer did not reach who clicked: " + told.error().ToString() + "; " +
          posted.error().ToString() + ". What the click did stays done");
}

void Interactions::Show(const std::string& channel, const ChatAnswer& answer) {
  const auto shown = api_.ShowPicture(channel, answer.picture_name, answer.picture_png);
  if (!shown) report_("a picture was not shown: " + shown.error().ToString());
}

}  // namespace recourse::chatops::slack

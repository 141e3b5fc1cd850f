// What people do in Slack, from Slack's payloads to the Listener and back.
//
// HTTP and Socket Mode bring the same payloads and take the same answers.
#pragma once

#include <functional>
#include <string>

#include "client/chatops/slack/api.h"
#include "client/chatops/slack/render.h"
#include "client/chatops/surface.h"
#include "engine/base/value.h"

namespace recourse::chatops::slack {

struct Reply {
  std::string body;            // acknowledges the payload; can be empty
  std::function<void()> then;  // what has no place in the acknowledgement, to be done after it
};

// What tells a repeated delivery of a payload from a new one.
std::string DeliveryOf(const Value& payload);

// Thread safety: any. `then` must not outlive it.
class Interactions {
 public:
  using Report = std::function<void(const std::string&)>;

  // All of them outlive this.
  Interactions(Api& api, Listener& listener, const std::string& command, const Report& report)
      : api_(api), listener_(listener), command_(command), report_(report) {}

  // A click or a dialog that was sent; of another kind: acknowledged, nothing else.
  Reply OnPayload(const Value& payload);
  // A slash command.
  Reply OnCommand(const Value& fields);

 private:
  Reply OnClick(const Value& payload);
  Reply OnSubmission(const Value& payload);
  void Ask(const Value& payload, const Meant& meant);
  void Tell(const Value& payload, const MessagePlace& place, const ChatAnswer& answer);
  void Show(const std::string& channel, const ChatAnswer& answer);

  Api& api_;
  Listener& listener_;
  const std::string& command_;
  const Report& report_;
};

}  // namespace recourse::chatops::slack

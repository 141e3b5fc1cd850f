// What a button of ours means, with the secret that proves it: Mattermost does not sign the
// requests that a click makes it send, but keeps a button's context from everybody.
//
// The secret is an HMAC under the bot's key over all that the button means, so that it is another
// one for each approval, holds after a restart, and fits no other button's context.
#pragma once

#include <optional>
#include <string>

#include "engine/base/value.h"

namespace recourse::chatops::mattermost {

struct Meant {
  std::string action;
  std::string about;
  std::string digest;
  std::string channel;  // where it was posted; a click from elsewhere is none
  bool asks_reason = false;
  bool asks_code = false;

  bool operator==(const Meant&) const = default;
};

// The context of a button.
Value ContextOf(const Meant& meant, const std::string& key);

// What the context means; nothing: it is not one that ContextOf() made with this key.
std::optional<Meant> ReadContext(const Value& context, const std::string& key);

// Who was asked for more in a dialog, about which post.
struct Asked {
  Meant meant;
  std::string post;
  std::string user;
  std::string team;
  // The click that opened the dialog: what is said in another one is said anew, also in the same
  // words.
  std::string opened = {};

  bool operator==(const Asked&) const = default;
};

// The state of a dialog. Who is asked can read it, so it proves nothing of anybody else, and does
// not hold the button's secret.
std::string StateOf(const Asked& asked, const std::string& key);

// What the state means when that user of that team sends it; nothing: it was not made for them.
std::optional<Asked> ReadState(const std::string& state, const std::string& user,
                               const std::string& team, const std::string& key);

}  // namespace recourse::chatops::mattermost

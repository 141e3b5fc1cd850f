// Where letters go: one class a kind of channel, behind one interface.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/runtime/secrets.h"
#include "server/notify/letter.h"

namespace recourse::notify {

// How long a secret may take to be read.
inline constexpr std::chrono::seconds kSecretTime{10};

class Channel {
 public:
  virtual ~Channel() = default;

  // Delivers one letter, or several as one message. Blocks until the other side has answered, or
  // for the kind's timeout. kInvalidArgument: the other side will never take it. Anything else may
  // be tried again; the other side can tell a repetition by the key that it is given (position and
  // number), where its protocol has a place for one.
  virtual Result<void> Send(const std::vector<Letter>& letters, const std::stop_token& stop) = 0;

  // Whether the other side can be spoken to as things are: its secret is read, and a connection
  // made and closed. Nothing is sent. Blocks as Send().
  virtual Result<void> Reach(const std::stop_token& stop) = 0;

  // Whether several letters may be said as one.
  virtual bool CanDigest() const { return true; }
};

// `journal`: the journal's identity, which tells its runs from those of others. `secrets` may be
// null, and outlives the channel.
std::unique_ptr<Channel> NewChannel(const ChannelSettings& settings, std::string journal,
                                    const runtime::SecretSource* secrets, const Clock& clock);

}  // namespace recourse::notify

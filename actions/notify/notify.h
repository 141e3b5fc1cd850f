// notify.send: a workflow tells people something through a channel of the server's.
#pragma once

#include <string>

#include "actions/registry.h"

namespace recourse {

// The channels that there are now. Thread safety: any.
class ChannelNames {
 public:
  virtual ~ChannelNames() = default;
  // What kind the channel is of: "mail". kNotFound: there is none of that name; the message says
  // which there are.
  virtual Result<std::string> KindOf(const std::string& channel) const = 0;
};

// `channels` outlives the registry; null: there are none.
void AddNotifyActions(Registry& registry, const ChannelNames* channels);

}  // namespace recourse

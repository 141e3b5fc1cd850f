// Mail, through a server that takes it by SMTP.
#pragma once

#include <memory>
#include <string>

#include "server/notify/channel.h"

namespace recourse::notify {

// As NewChannel.
std::unique_ptr<Channel> NewMailChannel(const ChannelSettings& settings, std::string journal,
                                        const runtime::SecretSource* secrets, const Clock& clock);

// The message of RFC 5322, for tests.
std::string MailOf(const ChannelSettings& settings, const std::string& journal,
                   const std::vector<Letter>& letters, Time now);

}  // namespace recourse::notify

// The file of notifications as it stands now: channels and routes, read again when somebody asks.
//
// Thread safety: every function may be called from any thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "actions/notify/notify.h"
#include "server/notify/settings.h"

namespace recourse::notify {

class ChannelFile final : public ChannelNames {
 public:
  // `data` and `file`, and the errors: as FindSettings.
  static Result<std::unique_ptr<ChannelFile>> Open(std::string data, std::string file);
  // Never null; it stays as it is when the file is read again.
  std::shared_ptr<const Settings> settings() const;

  // Reads the file again. Errors as FindSettings: what was there before stays in use.
  Result<void> Reload();

  Result<std::string> KindOf(const std::string& channel) const override;

  // For runtime::Options::route; this outlives the engine.
  auto Router() const {
    return [this](const machine::Notify& notify, const journal::RunRow& run) {
      return settings()->ChannelsFor(notify, run);
    };
  }

 private:
  ChannelFile(std::string data, std::string file, Settings settings);

  const std::string data_;
  const std::string file_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Settings> settings_;  // guarded by mutex_
};

}  // namespace recourse::notify

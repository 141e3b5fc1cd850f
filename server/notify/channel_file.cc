#include "server/notify/channel_file.h"

#include <utility>

namespace recourse::notify {

Result<std::unique_ptr<ChannelFile>> ChannelFile::Open(std::string data, std::string file) {
  auto settings = FindSettings(data, file);
  if (!settings) return std::move(settings).error();
  return std::unique_ptr<ChannelFile>(
      new ChannelFile(std::move(data), std::move(file), *std::move(settings)));
}

ChannelFile::ChannelFile(std::string data, std::string file, Settings settings)
    : data_(std::move(data)),
      file_(std::move(file)),
      settings_(std::make_shared<const Settings>(std::move(settings))) {}

std::shared_ptr<const Settings> ChannelFile::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

Result<void> ChannelFile::Reload() {
  auto settings = FindSettings(data_, file_);
  if (!settings) return std::move(settings).error();
  const std::lock_guard lock(mutex_);
  settings_ = std::make_shared<const Settings>(*std::move(settings));
  return {};
}

Result<std::string> ChannelFile::KindOf(const std::string& channel) const {
  const auto now = settings();
  std::string known;
  for (const ChannelSettings& one : now->channels) {
    if (one.name == channel) return NameOf(one.kind);
    known += (known.empty() ? "" : ", ") + one.name;
  }
  return NotFound(
      "there is no channel \"" + channel +
      "\" in the file of notifications; known are: " + (known.empty() ? "none" : known));
}

}  // namespace recourse::notify

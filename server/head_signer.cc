#include "server/head_signer.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/record/heads.h"

namespace recourse::server {
namespace {

Result<void> AppendLine(const std::string& path, const std::string& line) {
  auto file = OpenFile(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
  if (!file) return std::move(file).error();
  if (auto written = WriteAll(file->get(), line); !written) return written;
  if (fsync(file->get()) != 0) return ErrnoError(errno, "sync " + path);
  return SyncParent(path);
}

}  // namespace

Result<std::unique_ptr<HeadSigner>> HeadSigner::Start(Options options,
                                                      const journal::Journal& journal,
                                                      const SigningKey& key, const Clock& clock) {
  auto reader = journal.OpenReader();
  if (!reader) return std::move(reader).error();
  std::unique_ptr<HeadSigner> signer(
      new HeadSigner(std::move(options), *std::move(reader), key, clock));
  signer->thread_ = std::thread([of = signer.get()] { of->Work(); });
  return signer;
}

HeadSigner::HeadSigner(Options options, std::unique_ptr<journal::Reader> reader,
                       const SigningKey& key, const Clock& clock)
    : options_(std::move(options)), reader_(std::move(reader)), key_(key), clock_(clock) {}

HeadSigner::~HeadSigner() { Stop(); }

void HeadSigner::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void HeadSigner::Work() {
  std::unique_lock lock(mutex_);
  for (bool last = false; !last;) {
    last = stopping_;
    lock.unlock();
    if (auto done = SignIfNew(); !done) {
      spdlog::error("the journal's head was not signed and kept, which is tried again in {}: {}",
                    FormatDuration(options_.every), done.error().message);
    }
    lock.lock();
    if (!last) changed_.wait_for(lock, options_.every, [this] { return stopping_; });
  }
}

Result<void> HeadSigner::SignIfNew() {
  auto position = reader_->LastPosition();
  if (!position) return std::move(position).error();
  if (*position == signed_) return {};
  auto head = record::SignHead(*reader_, key_, clock_.Now());
  if (!head) return std::move(head).error();
  // The first one ends a line that a crash cut off.
  const std::string line = (signed_ == 0 ? "\n" : "") + record::LineOf(*head) + "\n";
  if (auto kept = AppendLine(options_.file, line); !kept) return kept;
  signed_ = head->position;
  return {};
}

}  // namespace recourse::server

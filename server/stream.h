// A stream that follows the journal: it reads what it has not sent, sends it, and reads again when
// it is told of a commit. What a slow client has not taken stays in the journal, never in a queue.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "engine/runtime/engine.h"
#include "server/reader_pool.h"
#include "server/status.h"

namespace recourse::server {

// What the hub knows of a stream. Every function may be called from any thread and does not block.
class Watcher {
 public:
  virtual ~Watcher() = default;
  // Something was committed that the stream may have to send.
  virtual void Wake() = 0;
  // Live news of the run that the stream is about.
  virtual void Tell(const runtime::AttemptNews& /*news*/) {}
  // The stream ends with this error after what it is about to send.
  virtual void End(const Error& error) = 0;
};

// gRPC owns the call; whoever uses the stream from another thread holds a shared pointer to it.
template <class Message>
class Stream : public grpc::ServerWriteReactor<Message>,
               public Watcher,
               public std::enable_shared_from_this<Stream<Message>> {
 public:
  // `readers` must outlive the stream.
  explicit Stream(ReaderPool& readers) : readers_(readers) {}

  void Wake() override {
    {
      const std::lock_guard lock(mutex_);
      if (!behind_ && !reading_) MoveLive();  // It happened before this commit.
      behind_ = true;
    }
    Advance();
  }

  void End(const Error& error) override {
    {
      const std::lock_guard lock(mutex_);
      if (!end_) end_ = ToStatus(error);
    }
    Advance();
  }

  // Sends `message`, which is not in the journal, after what has been committed so far; drops the
  // oldest such message when the client is too slow.
  void SendLive(Message message) {
    {
      const std::lock_guard lock(mutex_);
      if (live_.size() == kLiveMax) live_.pop_front();
      live_.push_back(std::move(message));
    }
    Advance();
  }

 protected:
  struct Batch {
    std::vector<Message> messages;
    bool more = false;  // the journal has more already
    bool over = false;  // nothing will follow: the stream ends with OK
  };
  // The next messages. Called on a reader's thread, one call at a time.
  virtual Result<Batch> ReadOn(journal::Reader& reader) = 0;

  void OnWriteDone(bool ok) final {
    {
      const std::lock_guard lock(mutex_);
      writing_ = false;
      outgoing_.pop_front();
      if (!ok) GiveUp();
    }
    Advance();
  }

  void OnCancel() final {
    {
      const std::lock_guard lock(mutex_);
      GiveUp();
    }
    Advance();
  }

 private:
  static constexpr std::size_t kLiveMax = 100;

  // Takes the next step, if one can be taken: one write, one read or the end at a time.
  void Advance() {
    std::unique_lock lock(mutex_);
    if (finished_ || writing_) return;
    if (outgoing_.empty() && !behind_ && !reading_) MoveLive();
    if (!outgoing_.empty()) {
      writing_ = true;
      const Message* next = &outgoing_.front();
      lock.unlock();
      this->StartWrite(next);
    } else if (end_) {
      finished_ = true;
      lock.unlock();
      this->Finish(*end_);
    } else if (behind_ && !reading_) {
      behind_ = false;
      reading_ = true;
      lock.unlock();
      readers_.Post([self = this->shared_from_this()](journal::Reader* reader) {
        self->Take(reader == nullptr ? Result<Batch>(StoppingError()) : self->ReadOn(*reader));
      });
    }
  }

  void Take(Result<Batch> batch) {
    {
      const std::lock_guard lock(mutex_);
      reading_ = false;
      if (!batch) {
        if (!end_) end_ = ToStatus(batch.error());
      } else {
        for (Message& message : batch->messages) outgoing_.push_back(std::move(message));
        if (batch->more) behind_ = true;
        if (batch->over && !end_) end_ = grpc::Status::OK;
      }
    }
    Advance();
  }

  // Under mutex_.
  void MoveLive() {
    for (Message& message : live_) outgoing_.push_back(std::move(message));
    live_.clear();
  }
  void GiveUp() {
    if (!end_) end_ = grpc::Status(grpc::StatusCode::CANCELLED, "the client left");
    outgoing_.resize(writing_ ? 1 : 0);
    live_.clear();
  }

  ReaderPool& readers_;
  std::mutex mutex_;
  // Under mutex_:
  std::deque<Message> outgoing_;  // the front one is being written while writing_
  std::deque<Message> live_;
  std::optional<grpc::Status> end_;  // set once; how the stream is to end
  bool behind_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool finished_ = false;
};

// Answers a streaming call with an error and nothing else.
template <class Message>
class RefusedStream final : public grpc::ServerWriteReactor<Message> {
 public:
  explicit RefusedStream(const Error& error) { this->Finish(ToStatus(error)); }
  void OnDone() override { delete this; }  // gRPC's callback API leaves the object to itself
};

}  // namespace recourse::server

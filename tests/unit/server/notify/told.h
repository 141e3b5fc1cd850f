// What the tests of the courier stand on: an engine whose runs are told through one channel to a
// real HTTP server of the test's.
#pragma once

#include <httplib.h>

#include <catch2/catch.hpp>

#include "engine/base/file.h"
#include "server/notify/courier.h"
#include "server/notify/round.h"
#include "tests/unit/engine/runtime/fixture.h"

namespace recourse::notify {
using std::chrono::seconds;

class Keys final : public runtime::SecretSource {
 public:
  Result<std::string> Read(const std::string& name, const std::stop_token&,
                           std::chrono::steady_clock::time_point) const override {
    return name + "-key";
  }
  Result<void> Knows(const std::string&) const override { return {}; }
};

// The other side of a channel: writes down what comes, and answers as it is told.
class Sink {
 public:
  Sink() {
    server_.Post(".*", [this](const httplib::Request& request, httplib::Response& response) {
      const std::lock_guard lock(mutex_);
      ++asked_;
      response.status = request.body.size() > largest_ ? 413 : answer_;
      if (response.status < 300) {
        bodies_.push_back(request.body);
        signature_ = request.get_header_value("Recourse-Signature");
      }
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~Sink() {
    server_.stop();
    thread_.join();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  void Answer(int status) {
    const std::lock_guard lock(mutex_);
    answer_ = status;
  }
  // Larger bodies are refused with 413.
  void TakeAtMost(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    largest_ = bytes;
  }
  std::vector<std::string> Bodies(std::size_t count) {
    Until([&] { return bodies_.size() >= count; });
    const std::lock_guard lock(mutex_);
    return bodies_;
  }
  void WaitForAsked(int count) {
    Until([&] { return asked_ >= count; });
  }
  std::string signature() {
    const std::lock_guard lock(mutex_);
    return signature_;
  }

 private:
  void Until(const std::function<bool()>& is_so) {
    const auto end = std::chrono::steady_clock::now() + seconds(20);
    for (;;) {
      {
        const std::lock_guard lock(mutex_);
        if (is_so()) return;
      }
      if (std::chrono::steady_clock::now() > end) FAIL("it did not come");
      std::this_thread::yield();
    }
  }
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
  std::mutex mutex_;
  int answer_ = 200;
  int asked_ = 0;
  std::size_t largest_ = SIZE_MAX;
  std::vector<std::string> bodies_;
  std::string signature_;
};

// An engine whose runs are told through one channel of this kind to a sink.
class Told : public runtime::EngineFixture {
 public:
  void Tell(const std::string& channel) {
    Write("channels: [{name: it, " + channel + "}]\nroutes: [{to: [it]}]\n");
    auto opened = ChannelFile::Open(directory(), "");
    INFO((opened ? "" : opened.error().message));
    REQUIRE(opened);
    file = *std::move(opened);
    options.route = file->Router();
    AddWorkflow(runtime::kParks);
    StartEngine();
    Send();
  }
  void Write(const std::string& text) {
    REQUIRE(WriteFileAtomically(directory() + "/notifications.yaml", text, 0600));
  }
  void Send() {
    courier = std::make_unique<Courier>(*file, journal(), engine(), &keys, clock);
    REQUIRE(courier->Start());
  }
  ~Told() { courier.reset(); }
  Told() = default;

  bool AllSent() { return OpenReader()->UnsentNotifications("it", 10)->empty(); }
  std::vector<journal::OutboxRow> Undelivered() {
    return *OpenReader()->UndeliveredNotifications(10);
  }

  Sink sink;
  Keys keys;
  std::unique_ptr<ChannelFile> file;
  std::unique_ptr<Courier> courier;
};

template <class IsSo>
void Until(IsSo is_so) {
  const auto end = std::chrono::steady_clock::now() + seconds(20);
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > end) FAIL("it did not become so");
    std::this_thread::yield();
  }
}

}  // namespace recourse::notify

#include "client/chatops/slack/socket_mode.h"

#include <algorithm>
#include <random>
#include <utility>

#include "client/chatops/web/web_socket.h"
#include "engine/base/json.h"

namespace recourse::chatops::slack {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kHandlers = 8;
constexpr std::size_t kEnvelopesMax = 200;  // that wait
constexpr auto kHelloTime = 10s;
constexpr std::chrono::milliseconds kDelayMin = 250ms;
constexpr std::chrono::milliseconds kDelayMax = 30s;
constexpr auto kLongLife = 30s;  // a connection that lasted so long was a good one

// Up to half as much again, so that many bots do not come back at the same moment.
std::chrono::milliseconds Jittered(std::chrono::milliseconds delay) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return delay + std::chrono::milliseconds(
                     std::uniform_int_distribution<std::int64_t>(0, delay.count() / 2)(random));
}

}  // namespace

// One connection.
class SocketMode::Link : public std::enable_shared_from_this<Link> {
 public:
  explicit Link(SocketMode& owner) : owner_(owner) {}

  Result<void> Open(const std::string& url, const std::string& ca_file) {
    auto socket = web::WebSocket::Open(url, ca_file,
                                       {.on_text = [this](std::string text) { Take(text); },
                                        .on_closed = [this](std::string why) { End(why); }});
    if (!socket) return socket.error();
    socket_ = *std::move(socket);
    return {};
  }

  void Send(const std::string& text) { socket_->Send(text); }

  // Nothing: Slack has said hello. Otherwise why it did not.
  Result<void> WaitForHello(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, kHelloTime, [&] { return hello_ || !end_.empty(); });
    if (!end_.empty()) return Unavailable(end_);
    if (!hello_) return Unavailable("Slack did not say hello");
    return {};
  }

  // Why another connection is needed; empty: stopped.
  std::string WaitForEnd(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [&] { return !end_.empty(); });
    return end_;
  }

 private:
  void Take(const std::string& text) {
    const auto message = ParseJson(text);
    if (!message) return owner_.report_("Slack sent something that is no JSON; it was left out");
    const std::string type = message->StringOr("type", "");
    if (type == "hello") {
      const std::lock_guard lock(mutex_);
      hello_ = true;
      changed_.notify_all();
    } else if (type == "disconnect") {
      End(message->StringOr("reason", "disconnect"));
    } else if (!message->StringOr("envelope_id", "").empty()) {
      owner_.Take(*message, weak_from_this());
    }
  }

  void End(const std::string& why) {
    const std::lock_guard lock(mutex_);
    if (end_.empty()) end_ = why.empty() ? "closed" : why;
    changed_.notify_all();
  }

  SocketMode& owner_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool hello_ = false;                      // guarded by mutex_
  std::string end_;                         // guarded by mutex_; why another connection is needed
  std::unique_ptr<web::WebSocket> socket_;  // goes first: its thread uses the rest
};

SocketMode::SocketMode(Api& api, std::string ca_file, Handle handle, const Report& report)
    : api_(api),
      ca_file_(std::move(ca_file)),
      handle_(std::move(handle)),
      report_(report),
      workers_(kHandlers, kEnvelopesMax) {}

SocketMode::~SocketMode() { Stop(); }

void SocketMode::Start() {
  thread_ = std::jthread([this](std::stop_token stop) { Run(stop); });
}

void SocketMode::Stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  workers_.Stop();
}

void SocketMode::Run(std::stop_token stop) {
  // The previous connection stays until the next change: Slack closes it itself, and what comes or
  // is answered there meanwhile counts.
  std::shared_ptr<Link> previous;
  std::shared_ptr<Link> current;
  auto delay = kDelayMin;
  while (!stop.stop_requested()) {
    const auto began = SteadyClock::now();
    auto next = Connect(stop);
    if (next) {
      previous = std::exchange(current, *std::move(next));
      report_("connected to Slack (Socket Mode)");
      const std::string why = current->WaitForEnd(stop);
      if (!why.empty()) report_("Slack's connection ends (" + why + "); the next one is opened");
    } else if (!stop.stop_requested()) {
      report_("no connection to Slack: " + next.error().ToString() + "; trying again");
    }
    const bool lasted = SteadyClock::now() - began >= kLongLife;
    delay = lasted && next ? kDelayMin : std::min(delay * 2, kDelayMax);
    WaitFor(Jittered(delay), stop);
  }
  workers_.Stop();  // while there are connections for the acknowledgements of what was begun
}

Result<std::shared_ptr<SocketMode::Link>> SocketMode::Connect(std::stop_token stop) {
  const auto url = api_.OpenConnection(stop);
  if (!url) return url.error();
  auto link = std::make_shared<Link>(*this);
  if (auto opened = link->Open(*url, ca_file_); !opened) return opened.error();
  if (auto hello = link->WaitForHello(stop); !hello) return hello.error();
  return link;
}

void SocketMode::WaitFor(std::chrono::milliseconds time, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, time, [] { return false; });
}

void SocketMode::Take(const Value& envelope, const std::weak_ptr<Link>& link) {
  const bool taken = workers_.Submit([this, envelope, link] {
    const auto answer = handle_(envelope);
    if (!answer) return;
    Value acknowledgement = Value::Object({{"envelope_id", envelope["envelope_id"]}});
    std::string text = ToJson(acknowledgement);
    if (!answer->empty()) {
      text.pop_back();  // the brace
      text += ",\"payload\":" + *answer + "}";
    }
    if (const auto open = link.lock()) open->Send(text);
  });
  if (!taken) report_("an envelope was not acknowledged: too many wait; Slack delivers it again");
}

}  // namespace recourse::chatops::slack

// One WebSocket (RFC 6455) to a vendor, by libwebsockets, which stays behind this header.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "engine/base/error.h"

struct lws;
struct lws_context;
struct lws_retry_bo;

namespace recourse::chatops::web {

struct SocketUrl;

// Thread safety: any.
class WebSocket {
 public:
  static constexpr std::chrono::seconds kSilence{15};

  // Called from the socket's own thread, which they must not keep.
  struct Events {
    std::function<void(std::string text)> on_text;   // a whole message, at most 1 MiB
    std::function<void(std::string why)> on_closed;  // once, also when it was never opened
  };

  // Opens it in the background, to ws:// or wss:// with the certificate checked (`ca_file`: empty
  // for the system's). A peer that is silent for `silence` is pinged, and given up after twice
  // that. kInvalidArgument: no such URL. kUnavailable: there is no room for a socket.
  static Result<std::unique_ptr<WebSocket>> Open(const std::string& url, const std::string& ca_file,
                                                 Events events,
                                                 std::chrono::seconds silence = kSilence);
  // Sends what Send() was given, if the peer takes it within a second, and closes it; no event
  // comes after. Not from its own thread.
  ~WebSocket();

  // Sends a text when the socket can take it; lost when it closes before.
  void Send(std::string text);

 private:
  friend struct WebSocketCallbacks;

  WebSocket(Events events, std::chrono::seconds silence);
  bool Connect(const SocketUrl& url, const std::string& ca_file);
  void Serve();
  void TakeText(const char* data, std::size_t size, bool complete);
  bool SendNext();  // false: the socket is to be closed
  void Closed(const std::string& why);

  const Events events_;
  std::unique_ptr<lws_retry_bo> liveness_;  // the library keeps pointing at it
  lws_context* context_ = nullptr;
  lws* socket_ = nullptr;  // used by the thread only, once it runs
  std::string received_;   // the same
  bool closed_ = false;    // the same
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::deque<std::string> to_send_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace recourse::chatops::web

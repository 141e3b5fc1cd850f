#include "client/chatops/web/web_socket.h"

#include <libwebsockets.h>

#include <charconv>

namespace recourse::chatops::web {
namespace {

constexpr std::size_t kMessageMax = 1024 * 1024;
constexpr int kFlushSeconds = 1;

}  // namespace

struct SocketUrl {
  bool tls = false;
  std::string host;
  int port = 0;
  std::string path;
};

namespace {

Result<SocketUrl> ParseSocketUrl(std::string_view url) {
  const Error wrong = InvalidArgument("no URL of a WebSocket");  // its ticket is a secret
  SocketUrl parsed;
  parsed.tls = url.starts_with("wss://");
  if (!parsed.tls && !url.starts_with("ws://")) return wrong;
  url.remove_prefix(parsed.tls ? 6 : 5);
  const std::string_view authority = url.substr(0, url.find_first_of("/?"));
  url.remove_prefix(authority.size());
  parsed.path = (url.starts_with('/') ? "" : "/") + std::string(url);
  const auto colon = authority.find(':');
  parsed.host = std::string(authority.substr(0, colon));
  parsed.port = parsed.tls ? 443 : 80;
  if (colon != authority.npos) {
    const char* end = authority.data() + authority.size();
    if (std::from_chars(authority.data() + colon + 1, end, parsed.port).ptr != end) return wrong;
  }
  if (parsed.host.empty() || parsed.port < 1 || parsed.port > 65535) return wrong;
  return parsed;
}

}  // namespace

// What libwebsockets calls.
struct WebSocketCallbacks {
  static int On(lws* socket, lws_callback_reasons reason, void*, void* data, std::size_t size) {
    auto* self = static_cast<WebSocket*>(lws_context_user(lws_get_context(socket)));
    if (self == nullptr) return 0;
    switch (reason) {
      case LWS_CALLBACK_CLIENT_ESTABLISHED:
        self->socket_ = socket;
        lws_callback_on_writable(socket);
        return 0;
      case LWS_CALLBACK_CLIENT_RECEIVE: {
        const bool complete =
            lws_is_final_fragment(socket) != 0 && lws_remaining_packet_payload(socket) == 0;
        self->TakeText(static_cast<const char*>(data), size, complete);
        return self->closed_ ? -1 : 0;
      }
      case LWS_CALLBACK_CLIENT_WRITEABLE:
        return self->SendNext() ? 0 : -1;
      case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
        if (self->socket_ == nullptr) return 0;
        lws_callback_on_writable(self->socket_);
        // What was given to Send() still goes, unless the peer does not take it.
        if (self->stopping_) {
          lws_set_timeout(self->socket_, PENDING_TIMEOUT_USER_REASON_BASE, kFlushSeconds);
        }
        return 0;
      case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        self->Closed(data == nullptr ? "no connection"
                                     : std::string(static_cast<const char*>(data), size));
        return 0;
      case LWS_CALLBACK_CLIENT_CLOSED:
        self->Closed("the connection was closed");
        return 0;
      default:
        return 0;
    }
  }
};

WebSocket::WebSocket(Events events, std::chrono::seconds silence)
    : events_(std::move(events)), liveness_(std::make_unique<lws_retry_bo>()) {
  liveness_->secs_since_valid_ping = static_cast<std::uint16_t>(silence.count());
  liveness_->secs_since_valid_hangup = static_cast<std::uint16_t>(2 * silence.count());
}

Result<std::unique_ptr<WebSocket>> WebSocket::Open(const std::string& url,
                                                   const std::string& ca_file, Events events,
                                                   std::chrono::seconds silence) {
  const auto parsed = ParseSocketUrl(url);
  if (!parsed) return parsed.error();
  auto socket = std::unique_ptr<WebSocket>(new WebSocket(std::move(events), silence));
  if (!socket->Connect(*parsed, ca_file)) return Unavailable("libwebsockets cannot be initialised");
  socket->thread_ = std::thread([self = socket.get()] { self->Serve(); });
  return socket;
}

bool WebSocket::Connect(const SocketUrl& url, const std::string& ca_file) {
  static const lws_protocols kProtocols[] = {
      {"recourse", &WebSocketCallbacks::On, 0, 64 * 1024, 0, nullptr, 0},
      {nullptr, nullptr, 0, 0, 0, nullptr, 0}};
  lws_set_log_level(0, nullptr);
  lws_context_creation_info info{};
  info.port = CONTEXT_PORT_NO_LISTEN;
  info.protocols = kProtocols;
  info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
  info.gid = static_cast<gid_t>(-1);
  info.uid = static_cast<uid_t>(-1);
  info.user = this;
  info.retry_and_idle_policy = liveness_.get();
  info.http_proxy_address = "";  // none from the environment
  info.fd_limit_per_thread = 16;
  if (!ca_file.empty()) info.client_ssl_ca_filepath = ca_file.c_str();
  context_ = lws_create_context(&info);
  if (context_ == nullptr) return false;

  lws_client_connect_info connect{};
  connect.context = context_;
  connect.address = url.host.c_str();
  connect.host = url.host.c_str();
  connect.origin = url.host.c_str();
  connect.port = url.port;
  connect.path = url.path.c_str();
  connect.ssl_connection = url.tls ? LCCSCF_USE_SSL : 0;
  connect.local_protocol_name = "recourse";
  connect.retry_and_idle_policy = liveness_.get();
  // When this fails at once, CLIENT_CONNECTION_ERROR has mostly told why.
  if (lws_client_connect_via_info(&connect) == nullptr) Closed("no connection");
  return true;
}

WebSocket::~WebSocket() {
  stopping_ = true;
  if (thread_.joinable()) {
    lws_cancel_service(context_);
    thread_.join();
  }
  closed_ = true;  // what destroying the context calls is no news
  if (context_ != nullptr) lws_context_destroy(context_);
}

void WebSocket::Serve() {
  const auto has_work = [this] {
    const std::lock_guard lock(mutex_);
    return socket_ != nullptr && !to_send_.empty();
  };
  while (!closed_ && (!stopping_ || has_work())) lws_service(context_, 0);
}

void WebSocket::Send(std::string text) {
  const std::lock_guard lock(mutex_);
  to_send_.push_back(std::move(text));
  lws_cancel_service(context_);
}

void WebSocket::TakeText(const char* data, std::size_t size, bool complete) {
  received_.append(data, size);
  if (received_.size() > kMessageMax) return Closed("it sent a message of more than 1 MiB");
  if (!complete) return;
  events_.on_text(std::move(received_));
  received_.clear();
}

bool WebSocket::SendNext() {
  std::string text;
  bool more = false;
  {
    const std::lock_guard lock(mutex_);
    if (to_send_.empty()) return true;
    text = std::move(to_send_.front());
    to_send_.pop_front();
    more = !to_send_.empty();
  }
  const std::size_t size = text.size();
  text.insert(0, LWS_PRE, '\0');  // the library writes the frame's head there
  auto* payload = reinterpret_cast<unsigned char*>(text.data()) + LWS_PRE;
  const int sent = lws_write(socket_, payload, size, LWS_WRITE_TEXT);
  if (more) lws_callback_on_writable(socket_);
  return sent >= 0 && static_cast<std::size_t>(sent) >= size;
}

void WebSocket::Closed(const std::string& why) {
  socket_ = nullptr;
  if (closed_) return;
  closed_ = true;
  events_.on_closed(why);
}

}  // namespace recourse::chatops::web

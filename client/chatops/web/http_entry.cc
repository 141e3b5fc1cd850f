#include "client/chatops/web/http_entry.h"

#include <httplib.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>

#include "client/chatops/web/workers.h"

namespace recourse::chatops::web {
namespace {

constexpr std::size_t kBodyMax = 256 * 1024;
constexpr std::size_t kThreads = 64;      // mostly waiting: for a caller's bytes, or for the core
constexpr std::size_t kWaitingMax = 256;  // connections; more wait in the kernel's own queue
constexpr time_t kReadTimeout = 3;        // seconds

// The library's own pool lets any number of connections wait.
class BoundedPool final : public httplib::TaskQueue {
 public:
  void enqueue(std::function<void()> fn) override { workers_.SubmitPatiently(std::move(fn)); }
  void shutdown() override { workers_.Stop(); }

 private:
  Workers workers_{kThreads, kWaitingMax};
};

struct HostAndPort {
  std::string host;
  int port = 0;
};

Result<HostAndPort> ParseListen(const std::string& listen) {
  HostAndPort parsed;
  const auto colon = listen.rfind(':');
  const char* end = listen.data() + listen.size();
  if (colon == listen.npos || colon == 0 || colon + 1 == listen.size() ||
      std::from_chars(listen.data() + colon + 1, end, parsed.port).ptr != end || parsed.port < 0 ||
      parsed.port > 65535) {
    return InvalidArgument("listen: \"" + listen +
                           "\" is no address and port, such as 127.0.0.1:8081");
  }
  parsed.host = listen.substr(0, colon);
  if (parsed.host.starts_with('[') && parsed.host.ends_with(']')) {
    parsed.host = parsed.host.substr(1, parsed.host.size() - 2);
  }
  return parsed;
}

EntryRequest AsEntry(const httplib::Request& request) {
  return {
      request.path, [&request](const char* name) { return request.get_header_value(name); }, {}};
}

void Answer(const EntryReply& reply, httplib::Response& response) {
  response.status = reply.status;
  response.set_content(reply.body, reply.content_type.c_str());
}

EntryReply Plain(int status, std::string text) {
  return {status, std::move(text) + "\n", "text/plain; charset=utf-8"};
}

}  // namespace

HttpEntry::HttpEntry(std::vector<std::string> paths, Refuse refuse, Handle handle)
    : paths_(std::move(paths)), refuse_(std::move(refuse)), handle_(std::move(handle)) {}

HttpEntry::~HttpEntry() { Stop(); }

Result<int> HttpEntry::Start(const std::string& listen) {
  const auto address = ParseListen(listen);
  if (!address) return address.error();
  server_ = std::make_unique<httplib::Server>();
  server_->new_task_queue = [] { return new BoundedPool; };
  // A body that was refused unread must not be taken for the connection's next request.
  server_->set_keep_alive_max_count(1);
  server_->set_keep_alive_timeout(kReadTimeout);  // for the first byte, too
  server_->set_read_timeout(kReadTimeout);
  server_->set_write_timeout(kReadTimeout);
  server_->set_payload_max_length(kBodyMax);
  // The library would share the port with another program that does the same.
  server_->set_socket_options([](int socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  server_->set_pre_routing_handler(
      [this](const httplib::Request& request, httplib::Response& response) {
        std::optional<EntryReply> refused;
        if (std::find(paths_.begin(), paths_.end(), request.path) == paths_.end()) {
          refused = Plain(404, "nothing is served here");
        } else if (request.method != "POST") {
          refused = Plain(405, "only POST is served here");
        } else {
          refused = refuse_(AsEntry(request));
        }
        if (!refused) return httplib::Server::HandlerResponse::Unhandled;
        Answer(*refused, response);
        return httplib::Server::HandlerResponse::Handled;
      });
  // Read here and not by the library, which takes forms of at most 8 KiB.
  server_->Post(".*", [this](const httplib::Request& request, httplib::Response& response,
                             const httplib::ContentReader& read) {
    EntryRequest entry = AsEntry(request);
    const bool complete = read([&](const char* data, std::size_t size) {
      entry.body.append(data, size);
      return entry.body.size() <= kBodyMax;
    });
    if (!complete) return Answer(Plain(413, "a body of at most 256 KiB is read"), response);
    Answer(handle_(entry), response);
  });

  const int port = address->port == 0 ? server_->bind_to_any_port(address->host)
                   : server_->bind_to_port(address->host, address->port) ? address->port
                                                                         : -1;
  if (port < 0) {
    return Unavailable("nothing can listen at " + listen +
                       ": another program does, or the address is none of this machine's");
  }
  thread_ = std::thread([this] { server_->listen_after_bind(); });
  while (!server_->is_running()) std::this_thread::yield();
  return port;
}

void HttpEntry::Stop() {
  if (!thread_.joinable()) return;
  server_->stop();
  thread_.join();
}

}  // namespace recourse::chatops::web

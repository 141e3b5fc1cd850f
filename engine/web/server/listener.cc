#include "engine/web/server/listener.h"

#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <exception>
#include <thread>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/web/server/reactor.h"
#include "engine/web/server/worker_queue.h"

namespace recourse::web {
namespace {

constexpr std::size_t kWaitingMax = 64;  // requests; more wait in the reactor
constexpr int kBacklog = 1024;           // connections that wait to be taken
constexpr const char* kJson = "application/json";

using Handled = httplib::Server::HandlerResponse;

struct HostAndPort {
  std::string host;  // without brackets
  int port = 0;
};

Result<HostAndPort> ParseListen(const std::string& listen) {
  HostAndPort parsed;
  const auto colon = listen.rfind(':');
  const char* end = listen.data() + listen.size();
  if (colon == listen.npos || colon == 0 || colon + 1 == listen.size() ||
      std::from_chars(listen.data() + colon + 1, end, parsed.port).ptr != end || parsed.port < 0 ||
      parsed.port > 65535) {
    return InvalidArgument("\"" + listen + "\" is no address and port, such as 127.0.0.1:8081");
  }
  parsed.host = listen.substr(0, colon);
  if (parsed.host.starts_with('[') && parsed.host.ends_with(']')) {
    parsed.host = parsed.host.substr(1, parsed.host.size() - 2);
  }
  return parsed;
}

// Runs on the library's own thread what it has for others: no more than taking a connection.
class AtOnce final : public httplib::TaskQueue {
 public:
  void enqueue(std::function<void()> task) override { task(); }
  void shutdown() override {}
};

// What is wrong with the length of the body, before any of it is read; 0: nothing.
int StatusOfLength(const httplib::Request& request, std::int64_t body_max) {
  // Which of two would count is for each reader to say.
  for (const char* name : {"Content-Length", "Authorization"}) {
    if (request.get_header_value_count(name) > 1) return 400;
  }
  if (request.has_header("Transfer-Encoding")) return 411;
  if (request.has_header("Content-Encoding") || request.is_multipart_form_data()) return 415;
  const std::string length = request.get_header_value("Content-Length");
  if (length.empty()) return request.method == "POST" ? 411 : 0;
  std::int64_t bytes = -1;
  const auto [end, problem] = std::from_chars(length.data(), length.data() + length.size(), bytes);
  if (problem == std::errc::result_out_of_range) return 413;
  if (problem != std::errc() || end != length.data() + length.size() || bytes < 0) return 400;
  return bytes > body_max ? 413 : 0;
}

std::string WordsFor(int status, std::int64_t body_max) {
  switch (status) {
    case 400:
      return "this is no request that is understood";
    case 404:
      return "there is nothing here";
    case 411:
      return "the request must say the length of its body (Content-Length)";
    case 413:
      return "the body is larger than " + HumanBytes(body_max) +
             ", which is the limit; nothing was done";
    case 415:
      return "the body must not be packed (Content-Encoding), nor have several parts";
    default:
      return "";
  }
}

int StatusFor(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
      return 400;
    case Code::kUnauthenticated:
      return 401;
    case Code::kPermissionDenied:
      return 403;
    case Code::kNotFound:
      return 404;
    case Code::kResourceExhausted:
      return 429;
    default:
      return 503;
  }
}

std::string ErrorOf(std::string_view message) {
  return ToJson(Value::Object({{"error", std::string(message)}})) + "\n";
}

class HttpListener final : public Listener, private httplib::Server {
 public:
  HttpListener(const ListenerOptions& options, const Refuse& refuse)
      : options_(options),
        limits_{.body_max = options.body_max,
                .request_time = options.patience,
                .response_time = options.patience},
        workers_(options.threads, kWaitingMax),
        reactor_({.request_time = options.patience},
                 [this](auto& connection) { return Serve(connection); }) {
    new_task_queue = [] { return new AtOnce; };
    set_payload_max_length(static_cast<std::size_t>(options.body_max));
    // Two servers on one port would share its requests, without anybody noticing.
    set_socket_options([](socket_t socket) {
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    });
    set_pre_routing_handler([this, refuse](const auto& request, auto& response) {
      const int status = StatusOfLength(request, limits_.body_max);
      if (status == 413) TellTooLarge(request.remote_addr);
      if (status != 0) AnswerJson(response, status, ErrorOf(WordsFor(status, limits_.body_max)));
      const bool refused = status != 0 || (refuse && refuse(request, response));
      return refused ? Handled::Handled : Handled::Unhandled;
    });
    set_error_handler([this](const auto&, auto& response) {
      if (!response.body.empty()) return;
      AnswerJson(response, response.status, ErrorOf(WordsFor(response.status, limits_.body_max)));
    });
    set_exception_handler([this](const auto& request, auto& response, std::exception_ptr thrown) {
      try {
        std::rethrow_exception(std::move(thrown));
      } catch (const std::exception& exception) {
        Report(request.path + " could not be answered: " + exception.what());
      } catch (...) {
        Report(request.path + " could not be answered");
      }
      AnswerError(response, Internal("the answer could not be made"));
    });
  }
  ~HttpListener() override { Stop(); }

  Result<void> Listen(const HostAndPort& at, const Routes& routes) {
    routes(*this);
    port_ = at.port == 0                     ? bind_to_any_port(at.host)
            : bind_to_port(at.host, at.port) ? at.port
                                             : -1;
    if (port_ < 0) {
      return Unavailable(
          "cannot listen on " + options_.listen +
          " for HTTP: another process has it, or it is none of this machine's addresses");
    }
    // The library lets five wait to be taken; of more at once, such as the alerts of an outage,
    // some would be kept waiting for a second and longer by TCP.
    if (::listen(svr_sock_, kBacklog) != 0)
      return ErrnoError(errno, "listen on " + options_.listen);
    address_ = options_.listen.substr(0, options_.listen.rfind(':') + 1) + std::to_string(port_);
    thread_ = std::thread([this] {
      if (!listen_after_bind() && !stopping_)
        Report(address_ + " is no longer listened on; restart this program");
      ended_ = true;
    });
    return {};
  }

  std::string address() const override { return address_; }
  int port() const override { return port_; }

  void Stop() override {
    if (!thread_.joinable()) return;
    stopping_ = true;
    // One that does not run yet would not hear it.
    while (!is_running() && !ended_) std::this_thread::yield();
    stop();
    thread_.join();
    reactor_.Stop();
    workers_.Stop();
  }

 private:
  // By the library, for what it has accepted.
  bool process_and_close_socket(socket_t socket) override {
    reactor_.Add(std::make_unique<Connection>(
        Descriptor(socket), options_.tls ? options_.tls() : nullptr, limits_, stopping_));
    return true;
  }

  Reactor::Served Serve(std::unique_ptr<Connection>& connection) {
    if (options_.unnamed_at_once && !connection->names_sender()) {
      connection->WriteWithoutWaiting();
      Answer(*connection);
      return Reactor::Served::kAnswered;
    }
    // A function can be copied, and a connection cannot.
    const auto shared = std::make_shared<std::unique_ptr<Connection>>(std::move(connection));
    std::function<void()> task = [this, shared] {
      Answer(**shared);
      reactor_.Linger(std::move(*shared));
    };
    if (workers_.TryPush(task)) return Reactor::Served::kTaken;
    connection = std::move(*shared);
    return Reactor::Served::kNotNow;
  }

  void Answer(Connection& connection) {
    bool closed = false;
    process_request(connection, true, closed,
                    [&](httplib::Request& request) { request.ssl = connection.ssl(); });
  }

  void Report(const std::string& message) const {
    if (options_.report) options_.report(message);
  }

  // What is too large may be a storm of alerts, and its sender does not try again; strangers must
  // not fill the log with it.
  void TellTooLarge(const std::string& from) {
    using Clock = std::chrono::steady_clock;
    const auto now = Clock::now().time_since_epoch().count();
    const auto last = told_.load();
    if (last != 0 && now - last < Clock::duration(std::chrono::seconds(10)).count()) return;
    told_ = now;
    Report("a body of more than " + HumanBytes(limits_.body_max) + " from " + from +
           " was refused");
  }

  const ListenerOptions options_;
  const Connection::Limits limits_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> ended_ = false;
  std::atomic<std::chrono::steady_clock::rep> told_ = 0;
  std::string address_;
  int port_ = 0;
  WorkerQueue workers_;
  Reactor reactor_;
  std::thread thread_;
};

}  // namespace

void AnswerJson(httplib::Response& response, int status, const std::string& json) {
  response.status = status;
  response.set_header("Cache-Control", "no-store");
  response.set_content(json, kJson);
}

void AnswerError(httplib::Response& response, const Error& error) {
  const int status = StatusFor(error.code);
  if (status == 401) response.set_header("WWW-Authenticate", "Bearer");
  if (status == 429 || status == 503) response.set_header("Retry-After", "5");
  AnswerJson(response, status, ErrorOf(error.message));
}

Result<std::unique_ptr<Listener>> Listener::Start(const ListenerOptions& options,
                                                  const Routes& routes, const Refuse& refuse) {
  const auto at = ParseListen(options.listen);
  if (!at) return at.error();
  auto listener = std::make_unique<HttpListener>(options, refuse);
  if (auto listening = listener->Listen(*at, routes); !listening)
    return std::move(listening).error();
  return std::unique_ptr<Listener>(std::move(listener));
}

}  // namespace recourse::web

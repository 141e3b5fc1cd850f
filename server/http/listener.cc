#include "server/http/listener.h"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <atomic>
#include <charconv>
#include <exception>
#include <thread>
#include <utility>

#include "engine/base/json.h"
#include "server/http/connection.h"
#include "server/http/tls_context.h"
#include "server/http/worker_queue.h"

namespace recourse::server::http {
namespace {

constexpr std::int64_t kHeadMax = 64 * 1024;
constexpr std::size_t kWaitingMax = 64;  // connections
constexpr const char* kJson = "application/json";

using Handled = httplib::Server::HandlerResponse;

// What is wrong with the length of the body, before any of it is read; 0: nothing.
int StatusOfLength(const httplib::Request& request) {
  if (request.has_header("Transfer-Encoding")) return 411;
  if (request.has_header("Content-Encoding")) return 415;
  const std::string length = request.get_header_value("Content-Length");
  if (length.empty()) return request.method == "POST" ? 411 : 0;
  std::int64_t bytes = -1;
  const auto [end, problem] = std::from_chars(length.data(), length.data() + length.size(), bytes);
  if (problem == std::errc::result_out_of_range) return 413;
  if (problem != std::errc() || end != length.data() + length.size() || bytes < 0) return 400;
  return bytes > kBodyMax ? 413 : 0;
}

// What is too large may be a storm of alerts, and its sender does not try again; strangers must not
// fill the log with it.
void TellTooLarge(const std::string& from) {
  using Clock = std::chrono::steady_clock;
  static std::atomic<Clock::rep> told = 0;
  const auto now = Clock::now().time_since_epoch().count();
  const auto last = told.load();
  if (last != 0 && now - last < Clock::duration(std::chrono::seconds(10)).count()) return;
  told = now;
  spdlog::warn("http: a body of more than 1 MiB from {} was refused unread; if it was Alertmanager's, set "
               "max_alerts for its receiver", from);
}

std::string_view WordsFor(int status) {
  switch (status) {
    case 400:
      return "this is no request that is understood";
    case 404:
      return "there is nothing here";
    case 411:
      return "the request must say the length of its body (Content-Length)";
    case 413:
      return "the body is larger than 1 MiB, which is the limit; nothing was done";
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

class HttpListener final : public Listener, private httplib::Server {
 public:
  HttpListener(const ListenerOptions& options, std::unique_ptr<TlsContext> tls)
      : limits_{kHeadMax + kBodyMax, options.patience, options.patience}, tls_(std::move(tls)) {
    new_task_queue = [threads = options.threads] { return new WorkerQueue(threads, kWaitingMax); };
    set_payload_max_length(kBodyMax);
    // Two servers on one port would share its requests, without anybody noticing.
    set_socket_options([](socket_t socket) {
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    });
    set_expect_100_continue_handler([](const auto& request, auto& response) {
      const int status = StatusOfLength(request);
      response.status = status == 0 ? 100 : status;
      return response.status;
    });
    set_pre_routing_handler([](const auto& request, auto& response) {
      int status = StatusOfLength(request);
      if (request.is_multipart_form_data()) status = 415;
      if (status == 0) return Handled::Unhandled;
      if (status == 413) TellTooLarge(request.remote_addr);
      AnswerJson(response, status, ErrorOf(WordsFor(status)));
      return Handled::Handled;
    });
    set_error_handler([](const auto&, auto& response) {
      if (!response.body.empty()) return;
      AnswerJson(response, response.status, ErrorOf(WordsFor(response.status)));
    });
    set_exception_handler([](const auto& request, auto& response, std::exception_ptr thrown) {
      try {
        std::rethrow_exception(std::move(thrown));
      } catch (const std::exception& exception) {
        spdlog::error("http: {} could not be answered: {}", request.path, exception.what());
      } catch (...) {
        spdlog::error("http: {} could not be answered", request.path);
      }
      AnswerError(response, Internal("the answer could not be made"));
    });
  }
  ~HttpListener() override { Stop(); }

  Result<void> Listen(const std::string& listen, const Routes& routes) {
    routes(*this);
    const std::size_t colon = listen.rfind(':');
    std::string host = listen.substr(0, colon);
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    int port = std::stoi(listen.substr(colon + 1));
    if (port == 0) {
      port = bind_to_any_port(host);
    } else if (!bind_to_port(host, port)) {
      port = -1;
    }
    if (port < 0) {
      return Unavailable("cannot listen on " + listen +
                         " for HTTP: another process has it, or it may not be used; nothing was "
                         "started. Set another with \"http: {listen: ...}\", or port 0 for any "
                         "free one");
    }
    address_ = listen.substr(0, colon + 1) + std::to_string(port);
    thread_ = std::thread([this] {
      if (!listen_after_bind() && !stopping_) {
        spdlog::error("http: {} is no longer listened on; restart the server", address_);
      }
      ended_ = true;
    });
    return {};
  }

  std::string address() const override { return address_; }

  void Stop() override {
    if (!thread_.joinable()) return;
    stopping_ = true;
    // One that does not run yet would not hear it.
    while (!is_running() && !ended_) std::this_thread::yield();
    stop();
    thread_.join();
  }

  static std::string ErrorOf(std::string_view message) {
    return ToJson(Value::Object({{"error", std::string(message)}})) + "\n";
  }

 private:
  bool process_and_close_socket(socket_t socket) override {
    const auto tls = tls_ == nullptr ? nullptr : tls_->Now();
    Connection connection(Descriptor(socket), tls.get(), limits_, stopping_);
    if (tls != nullptr && !connection.Greet()) return false;
    bool closed = false;
    return process_request(connection, true, closed,
                           [&](httplib::Request& request) { request.ssl = connection.ssl(); });
  }

  const Connection::Limits limits_;
  const std::unique_ptr<TlsContext> tls_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> ended_ = false;
  std::string address_;
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
  AnswerJson(response, status, HttpListener::ErrorOf(error.message));
}

Result<std::unique_ptr<Listener>> Listener::Start(const ListenerOptions& options,
                                                  const Routes& routes) {
  std::unique_ptr<TlsContext> tls;
  if (options.tls) {
    auto opened = TlsContext::Open(*options.tls);
    if (!opened) return std::move(opened).error();
    tls = *std::move(opened);
  }
  auto listener = std::make_unique<HttpListener>(options, std::move(tls));
  if (auto listening = listener->Listen(options.listen, routes); !listening) {
    return std::move(listening).error();
  }
  return std::unique_ptr<Listener>(std::move(listener));
}

}  // namespace recourse::server::http

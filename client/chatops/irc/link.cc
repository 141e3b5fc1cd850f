#include "client/chatops/irc/link.h"

#include <fcntl.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "engine/base/file.h"

namespace recourse::chatops::irc {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kWritePatience{10'000};
constexpr std::size_t kLineBytesMax = 64 * 1024;  // what sends longer ones is no IRC server

bool WaitFor(int descriptor, short events, milliseconds patience) {
  pollfd one{descriptor, events, 0};
  return poll(&one, 1, static_cast<int>(patience.count())) > 0;
}

std::string TlsProblem(SSL* ssl) {
  if (const long why = SSL_get_verify_result(ssl); why != X509_V_OK) {
    return std::string("its certificate is not believed: ") + X509_verify_cert_error_string(why);
  }
  const unsigned long error = ERR_get_error();
  const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  return std::string("TLS failed: ") + (reason == nullptr ? "the connection ended" : reason);
}

Result<Descriptor> ConnectTo(const Address& address, milliseconds patience) {
  const std::string where = address.host + ":" + address.port;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int code = getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &list);
      code != 0) {
    return Unavailable(where + ": " + gai_strerror(code));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, freeaddrinfo);
  std::string problem = "it has no address";
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    Descriptor socket(::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (socket.get() < 0) continue;
    int code = connect(socket.get(), one->ai_addr, one->ai_addrlen) == 0 ? 0 : errno;
    if (code == EINPROGRESS) {
      socklen_t size = sizeof(code);
      code = ETIMEDOUT;
      if (WaitFor(socket.get(), POLLOUT, patience)) {
        getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &code, &size);
      }
    }
    if (code == 0) return socket;
    problem = std::strerror(code);
  }
  return Unavailable(where + ": " + problem);
}

}  // namespace

struct Link::State {
  struct FreeContext {
    void operator()(SSL_CTX* of) const { SSL_CTX_free(of); }
  };
  struct FreeSsl {
    void operator()(SSL* of) const { SSL_free(of); }
  };

  Descriptor socket;
  std::unique_ptr<SSL_CTX, FreeContext> context;
  std::unique_ptr<SSL, FreeSsl> ssl;  // null: no TLS
  std::string received;               // that is no whole line yet

  Result<void> BeginTls(const Address& address);
  // At most what fits into `buffer`; 0: nothing is there now.
  Result<std::size_t> ReadSome(char* buffer, std::size_t size);
  Result<std::size_t> WriteSome(std::string_view bytes);
};

Result<void> Link::State::BeginTls(const Address& address) {
  context.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const bool known =
      address.ca_file.empty()
          ? SSL_CTX_set_default_verify_paths(context.get()) == 1
          : SSL_CTX_load_verify_locations(context.get(), address.ca_file.c_str(), nullptr) == 1;
  if (!known) return Unavailable("cannot read the issuers of certificates: " + address.ca_file);
  ssl.reset(SSL_new(context.get()));
  SSL_set_tlsext_host_name(ssl.get(), address.host.c_str());
  SSL_set1_host(ssl.get(), address.host.c_str());
  SSL_set_fd(ssl.get(), socket.get());
  for (;;) {
    ERR_clear_error();
    const int done = SSL_connect(ssl.get());
    if (done == 1) return {};
    const int why = SSL_get_error(ssl.get(), done);
    const short events = why == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
      return Unavailable(address.host + ": " + TlsProblem(ssl.get()));
    }
    if (!WaitFor(socket.get(), events, kWritePatience)) {
      return Unavailable(address.host + ": no answer to TLS");
    }
  }
}

Result<std::size_t> Link::State::ReadSome(char* buffer, std::size_t size) {
  if (ssl != nullptr) {
    ERR_clear_error();
    const int count = SSL_read(ssl.get(), buffer, static_cast<int>(size));
    if (count > 0) return static_cast<std::size_t>(count);
    const int why = SSL_get_error(ssl.get(), count);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return std::size_t{0};
    return Unavailable("the server ended the connection");
  }
  const ssize_t count = recv(socket.get(), buffer, size, 0);
  if (count > 0) return static_cast<std::size_t>(count);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return std::size_t{0};
  return Unavailable(count == 0 ? "the server ended the connection" : std::strerror(errno));
}

Result<std::size_t> Link::State::WriteSome(std::string_view bytes) {
  if (ssl != nullptr) {
    ERR_clear_error();
    const int count = SSL_write(ssl.get(), bytes.data(), static_cast<int>(bytes.size()));
    if (count > 0) return static_cast<std::size_t>(count);
    const int why = SSL_get_error(ssl.get(), count);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return std::size_t{0};
    return Unavailable("the server ended the connection");
  }
  const ssize_t count = send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (count >= 0) return static_cast<std::size_t>(count);
  if (errno == EAGAIN || errno == EINTR) return std::size_t{0};
  return Unavailable(std::strerror(errno));
}

Link::Link(std::unique_ptr<State> state) : state_(std::move(state)) {}
Link::~Link() = default;
Link::Link(Link&&) noexcept = default;

Result<Link> Link::Open(const Address& address, milliseconds patience) {
  auto socket = ConnectTo(address, patience);
  if (!socket) return std::move(socket).error();
  auto state = std::make_unique<State>();
  state->socket = *std::move(socket);
  if (address.tls) {
    if (auto begun = state->BeginTls(address); !begun) return std::move(begun).error();
  }
  return Link(std::move(state));
}

Result<std::vector<std::string>> Link::Read(int wake, milliseconds patience) {
  const bool has_more = state_->ssl != nullptr && SSL_pending(state_->ssl.get()) > 0;
  pollfd both[] = {{state_->socket.get(), POLLIN, 0}, {wake, POLLIN, 0}};
  poll(both, 2, has_more ? 0 : static_cast<int>(std::max<std::int64_t>(patience.count(), 0)));
  std::vector<std::string> lines;
  if (!has_more && both[0].revents == 0) return lines;
  char buffer[4096];
  const auto count = state_->ReadSome(buffer, sizeof(buffer));
  if (!count) return count.error();
  state_->received.append(buffer, *count);
  std::size_t begin = 0;
  for (std::size_t end; (end = state_->received.find('\n', begin)) != std::string::npos;) {
    std::string line = state_->received.substr(begin, end - begin);
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) lines.push_back(std::move(line));
    begin = end + 1;
  }
  state_->received.erase(0, begin);
  if (state_->received.size() > kLineBytesMax) return Unavailable("the server speaks no IRC");
  return lines;
}

Result<void> Link::Write(std::string_view line) {
  const std::string bytes = std::string(line) + "\r\n";
  std::size_t written = 0;
  while (written < bytes.size()) {
    // OpenSSL wants the same bytes again after it could not write.
    const auto count = state_->WriteSome(std::string_view(bytes).substr(written));
    if (!count) return count.error();
    written += *count;
    if (*count == 0 && !WaitFor(state_->socket.get(), POLLOUT, kWritePatience)) {
      return Unavailable("the server takes nothing");
    }
  }
  return {};
}

}  // namespace recourse::chatops::irc

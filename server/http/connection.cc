#include "server/http/connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace recourse::server::http {
namespace {

constexpr auto kSlice = std::chrono::milliseconds(100);  // how soon a stop is seen
constexpr auto kLinger = std::chrono::seconds(1);
constexpr int kLingerReads = 256;

void NameOf(const sockaddr_storage& address, std::string& ip, int& port) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
    port = ntohs(v4.sin_port);
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
    port = ntohs(v6.sin6_port);
  }
  ip = text;
}

}  // namespace

Connection::Connection(Descriptor socket, SSL_CTX* tls, const Limits& limits,
                       const std::atomic<bool>& stopping)
    : socket_(std::move(socket)),
      limits_(limits),
      stopping_(stopping),
      begun_(std::chrono::steady_clock::now()) {
  fcntl(socket_.get(), F_SETFL, fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
  if (tls == nullptr) return;
  ssl_.reset(SSL_new(tls));
  if (ssl_ != nullptr) SSL_set_fd(ssl_.get(), socket_.get());
}

Connection::~Connection() {
  if (ssl_ != nullptr && SSL_is_init_finished(ssl_.get())) SSL_shutdown(ssl_.get());
  ERR_clear_error();
  shutdown(socket_.get(), SHUT_WR);
  Linger();
}

// A socket that is closed with bytes unread takes the answer away from its reader: what still comes
// is read for a moment.
void Connection::Linger() {
  const Moment until = std::chrono::steady_clock::now() + kLinger;
  char rest[16 * 1024];
  for (int i = 0; i < kLingerReads && Wait(POLLIN, until); ++i) {
    const ssize_t count = recv(socket_.get(), rest, sizeof(rest), 0);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return;
  }
}

bool Connection::Greet() {
  if (ssl_ == nullptr) return false;
  const Moment until = begun_ + limits_.request_time;
  for (;;) {
    ERR_clear_error();
    const int result = SSL_accept(ssl_.get());
    if (result == 1) return true;
    const short wanted = Wanted(result);
    if (wanted == 0 || !Wait(wanted, until)) return false;
  }
}

bool Connection::Wait(short events, Moment until) const {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0 || stopping_) return false;
    pollfd ready = {socket_.get(), events, 0};
    const int count = poll(&ready, 1, static_cast<int>(std::min(left, kSlice).count()));
    if (count > 0) return true;
    if (count < 0 && errno != EINTR) return false;
  }
}

short Connection::Wanted(int result) const {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return POLLIN;
    case SSL_ERROR_WANT_WRITE:
      return POLLOUT;
    default:
      return 0;
  }
}

std::size_t Connection::Receive(char* to, std::size_t size, Moment until) {
  for (;;) {
    short wanted = POLLIN;
    if (ssl_ != nullptr) {
      ERR_clear_error();
      const int count = SSL_read(ssl_.get(), to, static_cast<int>(size));
      if (count > 0) return static_cast<std::size_t>(count);
      wanted = Wanted(count);
    } else {
      const ssize_t count = recv(socket_.get(), to, size, 0);
      if (count > 0) return static_cast<std::size_t>(count);
      if (count == 0 || (errno != EAGAIN && errno != EINTR)) wanted = 0;
    }
    if (wanted == 0 || !Wait(wanted, until)) return 0;
  }
}

bool Connection::is_readable() const { return true; }
bool Connection::is_writable() const { return true; }

ssize_t Connection::read(char* to, std::size_t size) {
  if (next_ == end_) {
    if (received_ >= limits_.request_bytes_max) return -1;
    next_ = 0;
    end_ = Receive(buffer_.data(), buffer_.size(), begun_ + limits_.request_time);
    received_ += static_cast<std::int64_t>(end_);
    if (end_ == 0) return -1;
  }
  const std::size_t count = std::min(size, end_ - next_);
  std::memcpy(to, buffer_.data() + next_, count);
  next_ += count;
  return static_cast<ssize_t>(count);
}

ssize_t Connection::write(const char* from, std::size_t size) {
  if (size == 0) return 0;
  if (answer_by_ == Moment()) {
    answer_by_ = std::chrono::steady_clock::now() + limits_.response_time;
  }
  for (;;) {
    short wanted = POLLOUT;
    if (ssl_ != nullptr) {
      ERR_clear_error();
      const int count =
          SSL_write(ssl_.get(), from, static_cast<int>(std::min<std::size_t>(size, 16384)));
      if (count > 0) return count;
      wanted = Wanted(count);
    } else {
      const ssize_t count = send(socket_.get(), from, size, MSG_NOSIGNAL);
      if (count > 0) return count;
      if (errno != EAGAIN && errno != EINTR) wanted = 0;
    }
    if (wanted == 0 || !Wait(wanted, answer_by_)) return -1;
  }
}

void Connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  if (getpeername(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    NameOf(address, ip, port);
  }
}

void Connection::get_local_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  if (getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    NameOf(address, ip, port);
  }
}

}  // namespace recourse::server::http

#include "engine/web/server/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace recourse::web {
namespace {

constexpr auto kSlice = std::chrono::milliseconds(100);  // how soon a stop is seen
constexpr int kDrainsMax = 256;                          // of at most 16 KiB
constexpr int kReadsMax = 64;                            // at once, so that one holds up no other

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

Connection::Connection(Descriptor socket, std::shared_ptr<SSL_CTX> tls, const Limits& limits,
                       const std::atomic<bool>& stopping)
    : socket_(std::move(socket)),
      limits_(limits),
      stopping_(stopping),
      begun_(std::chrono::steady_clock::now()),
      tls_(std::move(tls)),
      greeted_(tls_ == nullptr),
      wanted_(POLLIN),
      request_(limits.head_max, limits.body_max) {
  int yes = 1;
  ioctl(socket_.get(), FIONBIO, &yes);
  sockaddr_storage peer = {};
  socklen_t size = sizeof(peer);
  if (getpeername(socket_.get(), reinterpret_cast<sockaddr*>(&peer), &size) == 0) {
    NameOf(peer, address_, port_);
  }
  if (tls_ == nullptr) return;
  ssl_.reset(SSL_new(tls_.get()));
  if (ssl_ != nullptr) SSL_set_fd(ssl_.get(), socket_.get());
}

Connection::~Connection() { ERR_clear_error(); }

Connection::Stage Connection::Gather() {
  if (!greeted_) {
    if (ssl_ == nullptr) return Stage::kEnded;
    ERR_clear_error();
    const int result = SSL_accept(ssl_.get());
    if (result != 1) {
      wanted_ = Wanted(result);
      return wanted_ == 0 ? Stage::kEnded : Stage::kComing;
    }
    greeted_ = true;
  }
  char buffer[16 * 1024];
  for (int i = 0; i < kReadsMax; ++i) {
    const std::size_t count = Receive(buffer, sizeof(buffer));
    if (count == 0) return wanted_ == 0 ? Stage::kEnded : Stage::kComing;
    request_.Add({buffer, count});
    if (request_.complete()) return Stage::kComplete;
    if (request_.TakeWaitsForLeave()) {
      constexpr std::string_view kLeave = "HTTP/1.1 100 Continue\r\n\r\n";
      short ignored = 0;  // Who does not get it sends the body all the same, a little later.
      (void)Transmit(kLeave.data(), kLeave.size(), ignored);
    }
  }
  return Stage::kComing;
}

void Connection::Finish() {
  if (ssl_ != nullptr && SSL_is_init_finished(ssl_.get())) SSL_shutdown(ssl_.get());
  ERR_clear_error();
  shutdown(socket_.get(), SHUT_WR);
  wanted_ = POLLIN;
}

// A socket that is closed with bytes unread takes the answer away from its reader.
bool Connection::Drain() {
  char rest[16 * 1024];
  while (drained_ < kDrainsMax) {
    const ssize_t count = recv(socket_.get(), rest, sizeof(rest), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return false;
    if (count <= 0) return true;
    ++drained_;
  }
  return true;
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

std::size_t Connection::Receive(char* to, std::size_t size) {
  wanted_ = POLLIN;
  if (ssl_ != nullptr) {
    ERR_clear_error();
    const int count = SSL_read(ssl_.get(), to, static_cast<int>(size));
    if (count > 0) return static_cast<std::size_t>(count);
    wanted_ = Wanted(count);
    return 0;
  }
  const ssize_t count = recv(socket_.get(), to, size, 0);
  if (count > 0) return static_cast<std::size_t>(count);
  if (count == 0 || (errno != EAGAIN && errno != EINTR)) wanted_ = 0;
  return 0;
}

std::size_t Connection::Transmit(const char* from, std::size_t size, short& wanted) {
  wanted = POLLOUT;
  if (ssl_ != nullptr) {
    ERR_clear_error();
    const int count =
        SSL_write(ssl_.get(), from, static_cast<int>(std::min<std::size_t>(size, 16384)));
    if (count > 0) return static_cast<std::size_t>(count);
    wanted = Wanted(count);
    return 0;
  }
  const ssize_t count = send(socket_.get(), from, size, MSG_NOSIGNAL);
  if (count > 0) return static_cast<std::size_t>(count);
  if (errno != EAGAIN && errno != EINTR) wanted = 0;
  return 0;
}

ssize_t Connection::read(char* to, std::size_t size) {
  const std::size_t count = std::min(size, request_.size() - next_);
  if (count == 0) return size == 0 ? 0 : -1;
  std::memcpy(to, request_.text().data() + next_, count);
  next_ += count;
  return static_cast<ssize_t>(count);
}

ssize_t Connection::write(const char* from, std::size_t size) {
  if (size == 0) return 0;
  if (answer_by_ == Moment()) answer_by_ = std::chrono::steady_clock::now() + limits_.response_time;
  for (;;) {
    short wanted = 0;
    if (const std::size_t count = Transmit(from, size, wanted); count > 0)
      return static_cast<ssize_t>(count);
    if (wanted == 0 || !Wait(wanted, answer_by_)) return -1;
  }
}

void Connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip = address_;
  port = port_;
}

void Connection::get_local_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  if (getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    NameOf(address, ip, port);
  }
}

}  // namespace recourse::web

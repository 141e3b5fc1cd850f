#include "bench/alerts/garbage.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>

namespace recourse::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kThreads = 2;
constexpr int kTogether = 8;  // requests of a thread under way: it waits for their answers once

sockaddr_in Address(const std::string& host, int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  return address;
}

// What strangers send: no token, no path, no HTTP, too much.
const std::string kRequests[] = {
    "POST /hooks/alert HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
    "GET /.env HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x02 nothing\r\n\r\n",
    "POST /hooks/alert HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"};

// A connection with a request on its way. To the machine itself both take no waiting.
int Begin(int port, const std::string& from, const std::string& request) {
  const int one = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience = {5, 0};
  setsockopt(one, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  setsockopt(one, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  // Without it the ports of this machine would be used up in a few seconds.
  const linger reset = {1, 0};
  setsockopt(one, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  const sockaddr_in own = Address(from, 0);
  const sockaddr_in to = Address("127.0.0.1", port);
  if (bind(one, reinterpret_cast<const sockaddr*>(&own), sizeof(own)) == 0 &&
      connect(one, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0) {
    send(one, request.data(), request.size(), MSG_NOSIGNAL);
  }
  return one;
}

std::string End(int one) {
  std::string answer;
  char buffer[4096];
  for (ssize_t count; (count = recv(one, buffer, sizeof(buffer), 0)) > 0;) {
    answer.append(buffer, static_cast<std::size_t>(count));
  }
  close(one);
  return answer;
}

}  // namespace

std::string Exchange(int port, const std::string& from, const std::string& request) {
  return End(Begin(port, from, request));
}

Garbage::Garbage(int port, int per_second) {
  for (int i = 0; i < kThreads && per_second > 0; ++i) {
    threads_.emplace_back(
        [this, port, per_second] { Send(port, static_cast<double>(per_second) / kThreads); });
  }
}

void Garbage::Send(int port, double per_second) {
  // Strangers elsewhere take none of the server's processors.
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 19);
  const auto begun = Clock::now();
  for (std::int64_t mine = 0; !stopping_; mine += kTogether) {
    const auto due = begun + std::chrono::duration<double>(static_cast<double>(mine) / per_second);
    const auto early =
        std::chrono::duration_cast<std::chrono::milliseconds>(due - Clock::now()).count();
    if (early > 0) poll(nullptr, 0, static_cast<int>(early));
    int connections[kTogether];
    for (int i = 0; i < kTogether; ++i) connections[i] = Begin(port, "127.0.0.2", kRequests[i % 4]);
    for (const int connection : connections) End(connection);
    sent_ += kTogether;
  }
}

std::int64_t Garbage::Stop() {
  stopping_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  return sent_;
}

}  // namespace recourse::bench

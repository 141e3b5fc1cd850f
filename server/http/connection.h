// One accepted connection, plain or with TLS, as the HTTP library reads and writes it.
//
// The library takes a line of any length and waits for each byte anew. Here is where both end: a
// connection has so many bytes and so much time for its request, whatever it sends.
#pragma once

#include <httplib.h>
#include <openssl/ssl.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "engine/base/file.h"

namespace recourse::server::http {

class Connection final : public httplib::Stream {
 public:
  struct Limits {
    std::int64_t request_bytes_max = 0;         // of head and body together
    std::chrono::milliseconds request_time{};   // until it has been received
    std::chrono::milliseconds response_time{};  // until it has been taken
  };

  // `tls` is null: plain. `stopping` outlives the connection, and ends its waiting when it is set.
  Connection(Descriptor socket, SSL_CTX* tls, const Limits& limits,
             const std::atomic<bool>& stopping);
  // Says goodbye and closes.
  ~Connection() override;

  // The handshake of TLS. False: there is none, and nothing can be read or written.
  bool Greet();

  const SSL* ssl() const { return ssl_.get(); }

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* to, std::size_t size) override;
  ssize_t write(const char* from, std::size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_.get(); }

 private:
  using Moment = std::chrono::steady_clock::time_point;
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  // Waits until the socket is ready for `events` of poll(2). False: the time is over.
  bool Wait(short events, Moment until) const;
  // What poll(2) must wait for before SSL's call is made again; 0: it failed.
  short Wanted(int result) const;
  // Some bytes more, or 0: there are none, and never will be.
  std::size_t Receive(char* to, std::size_t size, Moment until);
  void Linger();

  Descriptor socket_;
  const Limits limits_;
  const std::atomic<bool>& stopping_;
  const Moment begun_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  std::int64_t received_ = 0;
  std::array<char, 4096> buffer_;  // received and not yet read: [next_, end_)
  std::size_t next_ = 0;
  std::size_t end_ = 0;
  Moment answer_by_{};  // of the response, once it has begun
};

}  // namespace recourse::server::http

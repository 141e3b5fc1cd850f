// One accepted connection, plain or with TLS, that carries one request and its answer.
//
// First the request is gathered without ever waiting (Gather), then the HTTP library reads it from
// memory and writes its answer, then what still comes is thrown away until the other side closes
// (Drain). Each stage belongs to one thread at a time.
#pragma once

#include <httplib.h>
#include <openssl/ssl.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "engine/base/file.h"
#include "engine/web/server/request_text.h"

namespace recourse::web {

class Connection final : public httplib::Stream {
 public:
  struct Limits {
    std::int64_t head_max = 64 * 1024;
    std::int64_t body_max = 1024 * 1024;
    std::chrono::milliseconds request_time{};   // until it has been received
    std::chrono::milliseconds response_time{};  // until it has been taken
  };

  // `tls` is null: plain. `stopping` outlives the connection, and ends its waiting when it is set.
  Connection(Descriptor socket, std::shared_ptr<SSL_CTX> tls, const Limits& limits,
             const std::atomic<bool>& stopping);
  ~Connection() override;

  enum class Stage { kComing, kComplete, kEnded };
  // Takes what has come, with TLS after its handshake. kEnded: nothing more will come.
  Stage Gather();
  // Says that no more is written. Drain() may follow.
  void Finish();
  // Throws away what has come. True: the other side has closed, or sends without end.
  bool Drain();
  // From here on a write that would have to wait fails.
  void WriteWithoutWaiting() { limits_.response_time = std::chrono::milliseconds(0); }
  // What poll(2) is to wait for before Gather() or Drain() is called again.
  short wanted() const { return wanted_; }

  std::chrono::steady_clock::time_point begun() const { return begun_; }
  std::size_t gathered() const { return request_.size(); }
  // Of the other side, without its port.
  const std::string& address() const { return address_; }
  const SSL* ssl() const { return ssl_.get(); }
  // Whether anything in it tells who sends it: a header, or the certificate that TLS may have
  // shown.
  bool names_sender() const { return ssl_ != nullptr || request_.names_sender(); }

  // For the library.
  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
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
  // Some bytes, without waiting; 0: none now (wanted_ says for what to wait) or never (wanted_ is
  // 0).
  std::size_t Receive(char* to, std::size_t size);
  // Some bytes, without waiting. 0: none now, or never; see `wanted`.
  std::size_t Transmit(const char* from, std::size_t size, short& wanted);

  Descriptor socket_;
  Limits limits_;
  const std::atomic<bool>& stopping_;
  const Moment begun_;
  std::shared_ptr<SSL_CTX> tls_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  bool greeted_ = false;
  short wanted_;
  std::string address_;
  int port_ = 0;
  RequestText request_;
  std::size_t next_ = 0;  // of the request, what is read next
  int drained_ = 0;
  Moment answer_by_{};  // of the response, once it has begun
};

}  // namespace recourse::web

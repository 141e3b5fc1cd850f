// Requests that mean nothing, so many a second, from an address of their own.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace recourse::bench {

// One request on a connection of its own, from the loopback address `from`, and what is answered;
// empty when there is no answer within five seconds.
std::string Exchange(int port, const std::string& from, const std::string& request);

class Garbage {
 public:
  // Begins to send `per_second` requests to the port, as far as the machine can.
  Garbage(int port, int per_second);
  // Ends it and answers how many there were.
  std::int64_t Stop();
  ~Garbage() { Stop(); }

 private:
  void Send(int port, double per_second);

  std::atomic<bool> stopping_ = false;
  std::atomic<std::int64_t> sent_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace recourse::bench

// Where connections wait, on one thread: first until their request is there, then until a worker
// takes it, and after the answer until the other side has closed.
//
// Whoever sends slowly or nothing costs a place here, and no thread. There are so many places, and
// so many for each address; when they are taken, the one who has let us wait longest goes. Somebody
// who sends his request at once is served whatever others do.
//
// Thread safety: every function may be called from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/web/server/connection.h"

namespace recourse::web {

class Reactor {
 public:
  struct Limits {
    std::size_t places = 1024;
    std::size_t places_of_address = 256;
    std::size_t bytes = 64 * 1024 * 1024;      // of all requests that are not there yet
    std::chrono::milliseconds request_time{};  // until all of it is there
    std::chrono::milliseconds linger_time = std::chrono::seconds(1);
  };
  // Asked for a connection whose request is there, on the thread. kNotNow: it is asked again.
  // kTaken: it has moved it away, and gives it back with Linger(). kAnswered: it has answered it at
  // once.
  enum class Served { kNotNow, kTaken, kAnswered };
  using Serve = std::function<Served(std::unique_ptr<Connection>&)>;

  Reactor(const Limits& limits, Serve serve);
  ~Reactor() { Stop(); }

  // A new one.
  void Add(std::unique_ptr<Connection> connection);
  // One that was answered by whoever took it.
  void Linger(std::unique_ptr<Connection> connection);
  // Closes all that are here; what comes later is closed at once. Once.
  void Stop();

 private:
  using Moment = std::chrono::steady_clock::time_point;
  struct Place {
    std::unique_ptr<Connection> connection;
    enum class Stage { kComing, kComplete, kLingering } stage = Stage::kComing;
    Moment until;
  };
  using Places = std::list<Place>;  // the oldest first

  void Put(Place place);
  void Wake() const;
  void Work();
  void TakeNew();
  // Makes room: nobody loses his place who has sent all.
  void Evict();
  Places::iterator OldestComing(const std::string* address);
  // Sees to one place for which something has come, or whose time it is. True: it is free again.
  bool Look(Place& place, bool ready, Moment now);
  bool HasServed(Place& place, Moment now);

  const Limits limits_;
  const Serve serve_;
  Descriptor wake_;  // an eventfd
  std::mutex mutex_;
  std::vector<Place> new_;  // guarded by mutex_
  std::atomic<bool> stopping_ = false;
  Places places_;  // of the thread
  std::thread thread_;
};

}  // namespace recourse::web

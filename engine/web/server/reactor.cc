#include "engine/web/server/reactor.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <utility>

#include "engine/base/check.h"

namespace recourse::web {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kLookAgain = std::chrono::milliseconds(100);  // for places whose time is over
constexpr auto kServeAgain = std::chrono::milliseconds(2);   // while no worker is free

}  // namespace

Reactor::Reactor(const Limits& limits, Serve serve)
    : limits_(limits), serve_(std::move(serve)), wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  RECOURSE_CHECK(wake_.get() >= 0);
  thread_ = std::thread([this] { Work(); });
}

void Reactor::Add(std::unique_ptr<Connection> connection) {
  const Moment until = connection->begun() + limits_.request_time;
  Put({std::move(connection), Place::Stage::kComing, until});
}

void Reactor::Linger(std::unique_ptr<Connection> connection) {
  connection->Finish();
  if (connection->Drain()) return;
  Put({std::move(connection), Place::Stage::kLingering, Clock::now() + limits_.linger_time});
}

void Reactor::Put(Place place) {
  if (stopping_) return;
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = new_.empty();
    new_.push_back(std::move(place));
  }
  // Whoever put the first has woken the thread, and it has not come to take them yet.
  if (first) Wake();
}

void Reactor::Wake() const {
  const std::uint64_t one = 1;
  (void)!write(wake_.get(), &one, sizeof(one));
}

void Reactor::Stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  Wake();
  thread_.join();
  const std::lock_guard lock(mutex_);
  new_.clear();
}

void Reactor::Work() {
  std::vector<pollfd> waiting;
  while (!stopping_) {
    bool complete = false;
    waiting.assign(1, {wake_.get(), POLLIN, 0});
    for (const Place& place : places_) {
      const bool no_worker = place.stage == Place::Stage::kComplete;
      complete = complete || no_worker;
      // One that waits for a worker is not looked at: what becomes of it does not hang on its
      // socket.
      waiting.push_back(
          {no_worker ? -1 : place.connection->socket(), place.connection->wanted(), 0});
    }
    poll(waiting.data(), waiting.size(),
         static_cast<int>((complete ? kServeAgain : kLookAgain).count()));
    std::uint64_t woken = 0;
    if (waiting[0].revents != 0) (void)!read(wake_.get(), &woken, sizeof(woken));
    const Moment now = Clock::now();
    std::size_t at = 1;
    for (auto place = places_.begin(); place != places_.end();) {
      const bool free = Look(*place, waiting[at++].revents != 0, now);
      place = free ? places_.erase(place) : std::next(place);
    }
    TakeNew();
    Evict();
  }
  places_.clear();
}

void Reactor::TakeNew() {
  std::vector<Place> fresh;
  {
    const std::lock_guard lock(mutex_);
    fresh.swap(new_);
  }
  // Mostly all of the request is there already.
  for (Place& place : fresh) {
    if (!Look(place, true, Clock::now())) places_.push_back(std::move(place));
  }
}

bool Reactor::Look(Place& place, bool ready, Moment now) {
  switch (place.stage) {
    case Place::Stage::kLingering:
      return now >= place.until || (ready && place.connection->Drain());
    case Place::Stage::kComplete:
      return HasServed(place, now);
    case Place::Stage::kComing:
      break;
  }
  if (!ready) return now >= place.until;
  switch (place.connection->Gather()) {
    case Connection::Stage::kEnded:
      return true;
    case Connection::Stage::kComing:
      return now >= place.until;
    case Connection::Stage::kComplete:
      place.stage = Place::Stage::kComplete;
      return HasServed(place, now);
  }
  return true;
}

bool Reactor::HasServed(Place& place, Moment now) {
  const Served served = serve_(place.connection);
  if (served != Served::kAnswered) return served == Served::kTaken;
  place.connection->Finish();
  place.stage = Place::Stage::kLingering;
  place.until = now + limits_.linger_time;
  return place.connection->Drain();
}

Reactor::Places::iterator Reactor::OldestComing(const std::string* address) {
  return std::find_if(places_.begin(), places_.end(), [&](const Place& place) {
    return place.stage != Place::Stage::kComplete &&
           (address == nullptr || place.connection->address() == *address);
  });
}

void Reactor::Evict() {
  const bool crowded = places_.size() > limits_.places_of_address;
  std::size_t bytes = 0;
  std::map<std::string, std::size_t> of_address;
  for (const Place& place : places_) {
    if (place.stage == Place::Stage::kComing) bytes += place.connection->gathered();
    if (place.stage != Place::Stage::kComplete && crowded)
      ++of_address[place.connection->address()];
  }
  const auto drop = [&](Places::iterator place) {
    bytes -= std::min(bytes, place->connection->gathered());
    places_.erase(place);
  };
  for (auto& [address, count] : of_address) {
    for (; count > limits_.places_of_address; --count) drop(OldestComing(&address));
  }
  while (places_.size() > limits_.places || bytes > limits_.bytes) {
    const auto oldest = OldestComing(nullptr);
    if (oldest == places_.end()) return;
    drop(oldest);
  }
}

}  // namespace recourse::web

#include "engine/runtime/time_limit.h"

#include <condition_variable>
#include <mutex>

namespace recourse::runtime {

TimeLimit::TimeLimit(const std::stop_token& outer, Deadline deadline)
    : outer_(outer, Request{stop_}),
      watch_([source = stop_, deadline](const std::stop_token& ended) mutable {
        std::mutex mutex;
        std::condition_variable_any changed;
        std::unique_lock lock(mutex);
        changed.wait_until(lock, ended, deadline, [] { return false; });
        if (!ended.stop_requested()) source.request_stop();
      }) {}

}  // namespace recourse::runtime

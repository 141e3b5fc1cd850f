// A shared library of the system that is loaded when it is first needed, not with the program: one
// that names dozens of others makes each start of a command twice as slow, and a machine on which
// one of those is broken could start nothing of ours at all.
#pragma once

#include <mutex>
#include <string>

#include "engine/base/error.h"

namespace recourse {

// The functions of one library. It stays loaded until the process ends.
// Thread safety: Load() any; Find() of the thread that is in `find` of Load().
class SharedLibrary {
 public:
  // `name`: as the loader looks for it ("libcurl.so.4").
  explicit SharedLibrary(const char* name) : name_(name) {}
  SharedLibrary(const SharedLibrary&) = delete;
  SharedLibrary& operator=(const SharedLibrary&) = delete;

  // Loads it and calls `find`, which fetches its functions and makes it ready. What was loaded once
  // stays so; what could not be is tried again at the next call. kUnavailable: the library is not
  // installed or broken; the errors of `find`.
  template <class Function>
  Result<void> Load(Function find) {
    const std::lock_guard lock(mutex_);
    if (ready_) return {};
    if (auto opened = Open(); !opened) return opened;
    if (auto found = find(); !found) return found;
    ready_ = true;
    return {};
  }

  // kUnavailable: the library has no such function.
  template <class Function>
  Result<void> Find(const char* symbol, Function*& function) const {
    auto address = Address(symbol);
    if (!address) return std::move(address).error();
    function = reinterpret_cast<Function*>(*address);
    return {};
  }

 private:
  Result<void> Open();
  Result<void*> Address(const char* symbol) const;

  const char* const name_;
  std::mutex mutex_;
  void* handle_ = nullptr;  // guarded by mutex_
  bool ready_ = false;      // guarded by mutex_
};

}  // namespace recourse

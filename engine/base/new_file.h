// A file that gets its name only when it is complete.
#pragma once

#include <string>
#include <utility>

#include "engine/base/error.h"

namespace recourse {

// Stands under a name of its own, mode 0600, and is removed with this object unless it was given
// the name that it is meant for.
class NewFile {
 public:
  // An empty file in the directory of `path`.
  static Result<NewFile> Beside(const std::string& path);
  NewFile(NewFile&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();

  const std::string& path() const { return path_; }

  // Durable under the name `to`. kAlreadyExists: something has the name; it is left as it is.
  Result<void> MoveTo(const std::string& to);

 private:
  explicit NewFile(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

}  // namespace recourse

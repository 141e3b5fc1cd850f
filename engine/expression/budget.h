// What an evaluation may still do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/base/error.h"

namespace recourse::expression {

class Budget {
 public:
  explicit Budget(std::int64_t steps_max) : steps_max_(steps_max), left_(steps_max) {}

  // False once more has been spent than there was; from then on always.
  [[nodiscard]] bool Spend(std::size_t steps) {
    if (left_ < 0 || steps > static_cast<std::uint64_t>(left_)) {
      left_ = -1;
      return false;
    }
    left_ -= static_cast<std::int64_t>(steps);
    return true;
  }
  // For text or bytes that are made or read through.
  [[nodiscard]] bool SpendBytes(std::size_t bytes) { return Spend(bytes / 32); }

  std::int64_t steps_max() const { return steps_max_; }
  bool exhausted() const { return left_ < 0; }

  Error Exhausted() const {
    return Error{Code::kResourceExhausted, "the expression takes more than " +
                                               std::to_string(steps_max_) + " steps"};
  }

 private:
  std::int64_t steps_max_;
  std::int64_t left_;
};

}  // namespace recourse::expression

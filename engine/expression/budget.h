// What an evaluation may still do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/expression/expression.h"

namespace recourse::expression {

class Budget {
 public:
  explicit Budget(const Limits& limits)
      : limits_(limits), steps_left_(limits.steps_max), bytes_left_(limits.bytes_max) {}

  // False once more has been spent than there was; from then on always.
  [[nodiscard]] bool Spend(std::size_t steps) { return Take(steps_left_, steps); }
  // For text or bytes that are made or read through on the way.
  [[nodiscard]] bool SpendBytes(std::size_t bytes) { return Spend(bytes / 32); }
  // For what is answered.
  [[nodiscard]] bool Answer(std::size_t bytes) { return Take(bytes_left_, bytes); }

  bool exhausted() const { return steps_left_ < 0 || bytes_left_ < 0; }

  Error Exhausted() const {
    return Error{Code::kResourceExhausted,
                 bytes_left_ < 0 ? "the value has more than " + HumanBytes(limits_.bytes_max)
                                 : "the expression takes more than " +
                                       std::to_string(limits_.steps_max) + " steps"};
  }

 private:
  static bool Take(std::int64_t& left, std::size_t amount) {
    if (left < 0 || amount > static_cast<std::uint64_t>(left)) {
      left = -1;
      return false;
    }
    left -= static_cast<std::int64_t>(amount);
    return true;
  }

  Limits limits_;
  std::int64_t steps_left_;
  std::int64_t bytes_left_;
};

}  // namespace recourse::expression

// Errors as values.
//
// An Error has a canonical gRPC code, which says what the caller may do next, and a message for a
// person. Each layer that knows a fact adds it with In(): "append to R-7: disk full".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "engine/base/check.h"

namespace recourse {

// gRPC's canonical codes, with their numbers: they are stored in the journal and never reused.
// https://grpc.github.io/grpc/core/md_doc_statuscodes.html
enum class Code {
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// "UNAVAILABLE" for kUnavailable.
std::string_view ToString(Code code);

// The code with that name; nothing when no code has it.
std::optional<Code> CodeFromString(std::string_view name);

struct [[nodiscard]] Error {
  Code code = Code::kUnknown;
  std::string message;

  // The same error, its message preceded by what was being done.
  Error In(std::string_view doing) &&;
  Error In(std::string_view doing) const&;

  // "DATA_LOSS: page 12 is damaged"
  std::string ToString() const;

  bool operator==(const Error&) const = default;
};

// A value, or the error that stands in its place.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // REQUIRES: ok().
  T& value() & { return Get(); }
  const T& value() const& { return Get(); }
  T&& value() && { return std::move(Get()); }
  T& operator*() & { return Get(); }
  const T& operator*() const& { return Get(); }
  T&& operator*() && { return std::move(Get()); }
  T* operator->() { return &Get(); }
  const T* operator->() const { return &Get(); }

  // REQUIRES: !ok().
  const Error& error() const& {
    RECOURSE_CHECK(!ok());
    return std::get<1>(state_);
  }
  Error&& error() && {
    RECOURSE_CHECK(!ok());
    return std::get<1>(std::move(state_));
  }

 private:
  T& Get() {
    RECOURSE_CHECK(ok());
    return std::get<0>(state_);
  }
  const T& Get() const {
    RECOURSE_CHECK(ok());
    return std::get<0>(state_);
  }

  std::variant<T, Error> state_;
};

// Success without a value: `return {};`.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const& {
    RECOURSE_CHECK(!ok());
    return *error_;
  }
  Error&& error() && {
    RECOURSE_CHECK(!ok());
    return *std::move(error_);
  }

 private:
  std::optional<Error> error_;
};

// Short forms for the codes that our own code answers most.
Error InvalidArgument(std::string message);
Error NotFound(std::string message);
Error FailedPrecondition(std::string message);
Error Aborted(std::string message);
Error Unavailable(std::string message);
Error DataLoss(std::string message);
Error Internal(std::string message);

// "open /x/y: No such file or directory", with the code that fits `error_number` (an errno).
Error ErrnoError(int error_number, std::string_view doing);

}  // namespace recourse

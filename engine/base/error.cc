#include "engine/base/error.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace recourse {
namespace {

struct CodeName {
  Code code;
  std::string_view name;
};

constexpr std::array kCodeNames = {
    CodeName{Code::kCancelled, "CANCELLED"},
    CodeName{Code::kUnknown, "UNKNOWN"},
    CodeName{Code::kInvalidArgument, "INVALID_ARGUMENT"},
    CodeName{Code::kDeadlineExceeded, "DEADLINE_EXCEEDED"},
    CodeName{Code::kNotFound, "NOT_FOUND"},
    CodeName{Code::kAlreadyExists, "ALREADY_EXISTS"},
    CodeName{Code::kPermissionDenied, "PERMISSION_DENIED"},
    CodeName{Code::kResourceExhausted, "RESOURCE_EXHAUSTED"},
    CodeName{Code::kFailedPrecondition, "FAILED_PRECONDITION"},
    CodeName{Code::kAborted, "ABORTED"},
    CodeName{Code::kOutOfRange, "OUT_OF_RANGE"},
    CodeName{Code::kUnimplemented, "UNIMPLEMENTED"},
    CodeName{Code::kInternal, "INTERNAL"},
    CodeName{Code::kUnavailable, "UNAVAILABLE"},
    CodeName{Code::kDataLoss, "DATA_LOSS"},
    CodeName{Code::kUnauthenticated, "UNAUTHENTICATED"},
};

Code CodeOfErrno(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return Code::kNotFound;
    case EEXIST:
      return Code::kAlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return Code::kResourceExhausted;
    case EBUSY:
    case EAGAIN:
    case EINTR:
      return Code::kUnavailable;
    case ETIMEDOUT:
      return Code::kDeadlineExceeded;
    case ECONNREFUSED:
    case ECONNRESET:
      return Code::kUnavailable;
    case EINVAL:
    case ENAMETOOLONG:
    case EISDIR:
    case ELOOP:
      return Code::kInvalidArgument;
    default:
      return Code::kInternal;
  }
}

}  // namespace

void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, condition);
  std::abort();
}

std::string_view ToString(Code code) {
  for (const CodeName& entry : kCodeNames) {
    if (entry.code == code) return entry.name;
  }
  return "UNKNOWN";
}

std::optional<Code> CodeFromString(std::string_view name) {
  for (const CodeName& entry : kCodeNames) {
    if (entry.name == name) return entry.code;
  }
  return std::nullopt;
}

Error Error::In(std::string_view doing) && {
  return Error{code, std::string(doing) + ": " + message};
}

Error Error::In(std::string_view doing) const& { return Error(*this).In(doing); }

std::string Error::ToString() const {
  return std::string(recourse::ToString(code)) + ": " + message;
}

Error InvalidArgument(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }
Error NotFound(std::string message) { return {Code::kNotFound, std::move(message)}; }
Error FailedPrecondition(std::string message) {
  return {Code::kFailedPrecondition, std::move(message)};
}
Error Aborted(std::string message) { return {Code::kAborted, std::move(message)}; }
Error Unavailable(std::string message) { return {Code::kUnavailable, std::move(message)}; }
Error DataLoss(std::string message) { return {Code::kDataLoss, std::move(message)}; }
Error Internal(std::string message) { return {Code::kInternal, std::move(message)}; }

Error ErrnoError(int error_number, std::string_view doing) {
  return Error{CodeOfErrno(error_number), std::generic_category().message(error_number)}.In(doing);
}

}  // namespace recourse

#include "actions/secret_file.h"

#include <sys/stat.h>

#include <cerrno>

#include "engine/base/file.h"

namespace recourse {

Result<std::string> ReadSecretFile(const std::string& path, const Policy& policy) {
  if (auto allowed = policy.AllowPath(path); !allowed) return std::move(allowed).error();
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return ErrnoError(errno, "look at " + path);
  if ((info.st_mode & S_IROTH) != 0) {
    return Error{Code::kPermissionDenied, path +
                                              " holds a secret, and every user of this machine "
                                              "may read it; `chmod o= " +
                                              path + "`, then try again"};
  }
  auto secret = ReadFile(path, 64 * 1024);
  if (!secret) return secret;
  if (secret->ends_with('\n')) secret->pop_back();
  if (secret->ends_with('\r')) secret->pop_back();
  if (secret->empty()) return FailedPrecondition(path + " should hold a secret, and is empty");
  return secret;
}

}  // namespace recourse

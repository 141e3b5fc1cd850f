#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "actions/file/file.h"
#include "actions/inputs.h"
#include "actions/users.h"
#include "engine/base/file.h"

namespace recourse::file {
namespace {

constexpr std::string_view kInputs = R"({
  "type": "object", "additionalProperties": false, "required": ["path", "user"],
  "properties": {
    "path": {"type": "string", "description": "a file or directory"},
    "user": {"type": "string", "minLength": 1, "description": "a user's name or number"},
    "group": {"type": "string", "minLength": 1, "description": "default: the user's own"},
    "to": {"type": "string", "enum": ["read", "write"], "default": "write",
      "description": "write: of a directory, to make files in it"}
  }
})";

constexpr std::string_view kOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "path": {"type": "string"},
    "user": {"type": "string"},
    "to": {"type": "string"}
  }
})";

// What the kernel answers to that user: 0, or the errno. Whatever decides there (modes of the
// directories on the way, access control lists, a file system that is read-only) is asked with it.
// In a process of its own, because a process is one user.
Result<int> AskAs(const Credentials& credentials, const std::string& path, int mode) {
  const char* name = path.c_str();
  const pid_t child = fork();
  if (child < 0) return ErrnoError(errno, "start a process");
  if (child == 0) {
    const bool is_own = credentials.user == geteuid() && credentials.group == getegid();
    if (!is_own && !TakeOn(credentials)) _exit(255);
    _exit(access(name, mode) == 0 ? 0 : errno);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return ErrnoError(errno, "wait for a process");
  }
  if (!WIFEXITED(status)) return Internal("the process that asked was killed");
  return WEXITSTATUS(status);
}

class Access final : public Action {
 public:
  Access() {
    spec_.name = "file.access";
    spec_.summary = "Tell whether a user may read or write a file or directory";
    spec_.inputs = Schema(kInputs);
    spec_.output = Schema(kOutput);
    spec_.repeat = RepeatClass::kReadOnly;
    spec_.timeout = std::chrono::seconds(30);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    const std::string path = context.inputs.StringOr("path", "");
    if (auto allowed = context.policy.AllowPath(path); !allowed) return std::move(allowed).error();
    const auto credentials =
        CredentialsOf(context.inputs.StringOr("user", ""), context.inputs.StringOr("group", ""));
    if (!credentials) return credentials.error();
    struct stat info;
    if (stat(path.c_str(), &info) != 0) return ErrnoError(errno, "look at " + path);
    const std::string to = context.inputs.StringOr("to", "write");
    const int mode = (to == "read" ? R_OK : W_OK) | (S_ISDIR(info.st_mode) ? X_OK : 0);
    const auto answer = AskAs(*credentials, path, mode);
    if (!answer) return answer.error();
    const std::string user = UserName(credentials->user);
    if (*answer == 255) {
      return FailedPrecondition("this server runs as " + UserName(geteuid()) +
                                ", and cannot ask as " + user + " whether it may " + to + " " +
                                path + "; run it as root, or as that user");
    }
    if (*answer != 0) return ErrnoError(*answer, "as " + user + ", " + to + " " + path);
    return Value::Object({{"path", path}, {"user", user}, {"to", to}});
  }

 private:
  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeAccess() { return std::make_unique<Access>(); }

}  // namespace recourse::file

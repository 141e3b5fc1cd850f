#include "actions/debug/append.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "actions/inputs.h"
#include "engine/base/fail_point.h"
#include "engine/base/file.h"

namespace recourse {
namespace {

constexpr std::int64_t kSizeMax = 16 * 1024 * 1024;

// The file, locked against other attempts. A compensation replaces the file, so a lock counts only
// while the locked file still has its name.
Result<Descriptor> OpenLocked(const std::string& path, int flags) {
  for (;;) {
    auto file = OpenFile(path, flags, 0644);
    if (!file) return file;
    while (flock(file->get(), LOCK_EX) != 0) {
      if (errno != EINTR) return ErrnoError(errno, "lock " + path);
    }
    struct stat locked, named;
    if (fstat(file->get(), &locked) != 0) return ErrnoError(errno, "look at " + path);
    if (stat(path.c_str(), &named) == 0 && named.st_ino == locked.st_ino) return file;
    if (!(flags & O_CREAT) && errno == ENOENT) return ErrnoError(errno, "open " + path);
  }
}

// Where the line `key` begins in `text`, or npos.
std::size_t FindLine(const std::string& text, const std::string& key) {
  const std::string line = key + "\n";
  for (auto at = text.find(line); at != std::string::npos; at = text.find(line, at + 1)) {
    if (at == 0 || text[at - 1] == '\n') return at;
  }
  return std::string::npos;
}

class DebugAppend final : public Action {
 public:
  DebugAppend() {
    spec_.name = "debug.append";
    spec_.summary = "Append the attempt's key to a file as a line, once";
    spec_.inputs = Schema(R"({
      "type": "object", "additionalProperties": false, "required": ["path"],
      "properties": {"path": {"type": "string",
        "description": "the file; made when it is not there"}}
    })");
    spec_.output = Schema(R"({
      "type": "object", "additionalProperties": false,
      "properties": {
        "line": {"type": "string", "description": "the attempt's key"},
        "lines": {"type": "integer", "description": "how many the file has now"}
      }
    })");
    spec_.repeat = RepeatClass::kProbed;
    spec_.has_prepare = true;
    spec_.can_compensate = true;
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Prepare(const Context& context) const override {
    const std::string path = context.inputs.StringOr("path", "");
    if (auto allowed = context.policy.AllowPath(path); !allowed) return std::move(allowed).error();
    return Value::Object({{"line", context.key}});
  }

  Outcome Apply(const Context& context) const override {
    const std::string path = context.inputs.StringOr("path", "");
    if (auto allowed = context.policy.AllowPath(path); !allowed) return std::move(allowed).error();
    auto file = OpenLocked(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW);
    if (!file) return std::move(file).error();
    auto text = ReadFile(path, kSizeMax);
    if (!text) return std::move(text).error();
    RECOURSE_FAIL_POINT("append_before_write");
    if (FindLine(*text, context.key) == std::string::npos) {
      const std::string line = context.key + "\n";
      auto written = WriteAll(file->get(), line);
      if (written && fsync(file->get()) != 0) written = ErrnoError(errno, "sync");
      if (!written) {
        return Failure{
            std::move(written).error().In("append to " + path), {}, LeftBehind::kUnknown};
      }
      *text += line;
    }
    RECOURSE_FAIL_POINT("append_after_write");
    return Describe(context, *text);
  }

  ProbeAnswer Probe(const Context& context) const override {
    using Verdict = ProbeAnswer::Verdict;
    const std::string path = context.inputs.StringOr("path", "");
    const auto text = ReadFile(path, kSizeMax);
    if (!text && text.error().code == Code::kNotFound) {
      return {Verdict::kNotApplied, path + " is not there", {}};
    }
    if (!text) return {Verdict::kUnknown, text.error().message, {}};
    if (FindLine(*text, context.key) == std::string::npos) {
      return {Verdict::kNotApplied, path + " has no line " + context.key, {}};
    }
    return {Verdict::kApplied, path + " has the line " + context.key, Describe(context, *text)};
  }

  Outcome Compensate(const Context& context, const Value&) const override {
    const std::string path = context.inputs.StringOr("path", "");
    if (auto allowed = context.policy.AllowPath(path); !allowed) return std::move(allowed).error();
    auto file = OpenLocked(path, O_RDWR | O_NOFOLLOW);
    if (!file && file.error().code == Code::kNotFound) return Value();
    if (!file) return std::move(file).error();
    auto text = ReadFile(path, kSizeMax);
    if (!text) return std::move(text).error();
    const auto at = FindLine(*text, context.key);
    if (at == std::string::npos) return Value();
    text->erase(at, context.key.size() + 1);
    struct stat info;
    if (fstat(file->get(), &info) != 0) return ErrnoError(errno, "look at " + path);
    RECOURSE_FAIL_POINT("append_before_undo");
    auto written = WriteFileAtomically(path, *text, info.st_mode & 07777);
    if (!written) return std::move(written).error();
    RECOURSE_FAIL_POINT("append_after_undo");
    return Value();
  }

 private:
  static Value Describe(const Context& context, const std::string& text) {
    std::int64_t lines = 0;
    for (const char c : text) lines += c == '\n';
    return Value::Object({{"line", context.key}, {"lines", lines}});
  }

  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeDebugAppend() { return std::make_unique<DebugAppend>(); }

}  // namespace recourse

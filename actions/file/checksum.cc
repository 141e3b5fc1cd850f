#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>

#include "actions/database/file_gate.h"
#include "actions/file/file.h"
#include "actions/file/tree.h"
#include "actions/inputs.h"
#include "engine/base/digest.h"
#include "engine/base/file.h"

namespace recourse::file {
namespace {

constexpr std::string_view kChecksumInputs = R"({
  "type": "object", "additionalProperties": false, "required": ["path"],
  "properties": {
    "path": {"type": "string"},
    "expect": {"type": "string", "minLength": 64,
      "description": "the SHA-256 it must have, in hexadecimal; another one is DATA_LOSS"}
  }
})";

constexpr std::string_view kChecksumOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "path": {"type": "string"},
    "size": {"type": "integer", "description": "in bytes"},
    "sha256": {"type": "string"}
  }
})";

struct Measured {
  std::int64_t size = 0;
  std::string sha256;
};

Result<Measured> Measure(const std::string& path, const Context& context) {
  auto file = OpenFile(path, O_RDONLY | O_NONBLOCK);
  if (!file) return std::move(file).error();
  struct stat info;
  if (fstat(file->get(), &info) != 0) return ErrnoError(errno, "look at " + path);
  if (!S_ISREG(info.st_mode)) return FailedPrecondition(path + " is not a regular file");
  Sha256 hash;
  Measured measured;
  std::string buffer(256 * 1024, '\0');
  for (;;) {
    if (context.stop.stop_requested()) return context.StopError().In("read " + path);
    const ssize_t count = read(file->get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError(errno, "read " + path);
    if (count == 0) break;
    hash.Add({buffer.data(), static_cast<std::size_t>(count)});
    measured.size += count;
    context.progress(measured.size, info.st_size, "bytes read");
  }
  measured.sha256 = ToHex(hash.Finish());
  return measured;
}

class Checksum final : public Action {
 public:
  Checksum() {
    spec_.name = "file.checksum";
    spec_.summary = "Compute a file's SHA-256 and compare it with the expected one";
    spec_.inputs = Schema(kChecksumInputs);
    spec_.output = Schema(kChecksumOutput);
    spec_.repeat = RepeatClass::kReadOnly;
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    const std::string path = context.inputs.StringOr("path", "");
    if (auto allowed = context.policy.AllowPath(path); !allowed) return std::move(allowed).error();
    const auto gate = database::FileGate::ForRawRead(MainFileOf(path), context);
    if (!gate) return gate.error();
    const auto measured = Measure(path, context);
    if (!measured) return measured.error();
    const Value output =
        Value::Object({{"path", path}, {"size", measured->size}, {"sha256", measured->sha256}});
    std::string expected = context.inputs.StringOr("expect", measured->sha256);
    std::transform(expected.begin(), expected.end(), expected.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (measured->sha256 == expected) return output;
    return Failure{DataLoss(path + " is not what is expected: its SHA-256 is " + measured->sha256 +
                            ", expected " + expected),
                   output, LeftBehind::kNothing};
  }

 private:
  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeChecksum() { return std::make_unique<Checksum>(); }

}  // namespace recourse::file

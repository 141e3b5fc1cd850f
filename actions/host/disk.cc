#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include <cerrno>

#include "actions/host/family.h"
#include "actions/thresholds.h"
#include "engine/definition/checked_resources.h"

namespace recourse::host {
namespace {

constexpr std::string_view kDiskOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "path": {"type": "string"},
    "device": {"type": "string",
      "description": "major:minor; what is the same for two paths is one file system"},
    "total_bytes": {"type": "integer"},
    "free_bytes": {"type": "integer", "description": "what others than root can still write"},
    "used_percent": {"type": "number",
      "description": "of what others than root can use, as df shows it"},
    "inodes_free": {"type": "integer"},
    "inodes_used_percent": {"type": "number"}
  }
})";

double UsedPercent(std::uint64_t used, std::uint64_t available) {
  const double all = static_cast<double>(used) + static_cast<double>(available);
  return all == 0 ? 0 : 100 * static_cast<double>(used) / all;
}

class Disk final : public Action {
 public:
  Disk() {
    spec_.name = "host.disk";
    spec_.summary = "Measure a file system's free space and compare it with thresholds";
    spec_.inputs = DiskInputs();
    spec_.output = WithLevel(kDiskOutput);
    spec_.repeat = RepeatClass::kReadOnly;
    spec_.timeout = std::chrono::seconds(30);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    const std::string path = context.inputs.StringOr("path", "");
    if (auto allowed = context.policy.AllowPath(path); !allowed) return std::move(allowed).error();
    struct statvfs info;
    while (statvfs(path.c_str(), &info) != 0) {
      if (errno != EINTR) return ErrnoError(errno, "measure the file system of " + path);
    }
    struct stat place;
    if (stat(path.c_str(), &place) != 0) {
      return ErrnoError(errno, "measure the file system of " + path);
    }
    const auto total = static_cast<std::int64_t>(info.f_blocks * info.f_frsize);
    const auto free = static_cast<std::int64_t>(info.f_bavail * info.f_frsize);
    const double used = UsedPercent(info.f_blocks - info.f_bfree, info.f_bavail);
    const Value facts = Value::Object(
        {{"path", path},
         {"device",
          std::to_string(major(place.st_dev)) + ":" + std::to_string(minor(place.st_dev))},
         {"total_bytes", total},
         {"free_bytes", free},
         {"used_percent", used},
         {"inodes_free", static_cast<std::int64_t>(info.f_favail)},
         {"inodes_used_percent", UsedPercent(info.f_files - info.f_ffree, info.f_favail)}});
    const Measure measures[] = {
        {"used_percent", used, Unit::kPercent, "is used"},
        {"free_bytes", static_cast<double>(free), Unit::kBytes, "are free", true}};
    return JudgeMeasures(context.inputs, facts, measures,
                         "the file system of " + path + " is too full");
  }

 private:
  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeDisk() { return std::make_unique<Disk>(); }

}  // namespace recourse::host

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "actions/file/file.h"
#include "actions/file/placement.h"
#include "actions/inputs.h"
#include "engine/base/fail_point.h"
#include "engine/base/file.h"

namespace recourse::file {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSwapLinkInputs = R"({
  "type": "object", "additionalProperties": false, "required": ["link", "to"],
  "properties": {
    "link": {"type": "string", "description": "the symbolic link, such as /srv/app/current"},
    "to": {"type": "string", "minLength": 1,
      "description": "what it is to lead to, absolute or from the link's directory; must be there"},
    "resolve": {"type": "boolean", "default": false,
      "description": "when that is a symbolic link too: lead to where it leads now"}
  }
})";

constexpr std::string_view kSwapLinkOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "link": {"type": "string"},
    "to": {"type": "string"},
    "before": {"type": "string", "description": "where it led; empty: there was no link"},
    "changed": {"type": "boolean", "description": "false when it was as wanted already"}
  }
})";

// Where the link leads; empty when nothing has its name.
Result<std::string> TargetOf(const std::string& link) {
  struct stat facts;
  if (lstat(link.c_str(), &facts) != 0) {
    if (errno == ENOENT) return std::string();
    return ErrnoError(errno, "look at " + link);
  }
  if (!S_ISLNK(facts.st_mode)) {
    return FailedPrecondition(link +
                              " is not a symbolic link but a file or directory; it was left as it "
                              "is. Move it away, then try again");
  }
  char target[4096];
  const ssize_t size = readlink(link.c_str(), target, sizeof target);
  if (size < 0) return ErrnoError(errno, "read the link " + link);
  return std::string(target, static_cast<std::size_t>(size));
}

// What the link is to lead to: with `resolve`, where that leads now, once. Told as it is seen from
// the link's directory.
Result<std::string> WantedOf(const Place& place, const Context& context) {
  const std::string to = context.inputs.StringOr("to", "");
  if (!context.inputs.BoolOr("resolve", false)) return to;
  const fs::path named = fs::path(place.directory) / to;
  std::error_code failed;
  if (!fs::is_symlink(named, failed)) return to;
  const auto leads = TargetOf(named.string());
  if (!leads) return leads.error();
  const bool beside = fs::path(*leads).is_absolute() || named.parent_path() == place.directory;
  return beside ? *leads : (named.parent_path() / *leads).lexically_normal().string();
}

// By a link under a temporary name: whoever follows the link meets the old one or the new one.
Result<void> Lead(const Place& place, const std::string& target) {
  if (target.empty()) {
    if (unlink(place.path.c_str()) != 0 && errno != ENOENT) {
      return ErrnoError(errno, "remove the link " + place.path);
    }
    return SyncParent(place.path);
  }
  unlink(place.temporary.c_str());  // what a crash left
  if (symlink(target.c_str(), place.temporary.c_str()) != 0) {
    return ErrnoError(errno, "make a link beside " + place.path);
  }
  struct stat now;
  if (lstat(place.path.c_str(), &now) == 0 &&
      (now.st_uid != geteuid() || now.st_gid != getegid()) &&
      lchown(place.temporary.c_str(), now.st_uid, now.st_gid) != 0) {
    const int error = errno;
    unlink(place.temporary.c_str());
    return ErrnoError(error, "give the new link the owner of " + place.path);
  }
  RECOURSE_FAIL_POINT("swap_link_before_rename");
  if (auto renamed = RenameFile(place.temporary, place.path); !renamed) {
    unlink(place.temporary.c_str());
    return renamed;
  }
  RECOURSE_FAIL_POINT("swap_link_after_rename");
  return SyncParent(place.path);
}

class SwapLink final : public Action {
 public:
  SwapLink() {
    spec_.name = "file.swap_link";
    spec_.summary = "Let a symbolic link lead elsewhere, in one step";
    spec_.inputs = Schema(kSwapLinkInputs);
    spec_.output = Schema(kSwapLinkOutput);
    spec_.repeat = RepeatClass::kProbed;
    spec_.has_plan = true;
    spec_.has_prepare = true;
    spec_.has_verify = true;
    spec_.can_compensate = true;
    spec_.timeout = std::chrono::seconds(30);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Result<ActionPlan> Plan(const Context& context) const override {
    const auto links = Check(context);
    if (!links) return links.error();
    const std::string link = context.inputs.StringOr("link", "");
    return ActionPlan{
        {"let " + link + " lead to " + links->wanted +
         (links->now.empty() ? " (it is not there now)" : " (now: " + links->now + ")")},
        0,
        {}};
  }

  Outcome Prepare(const Context& context) const override {
    const auto links = Check(context);
    if (!links) return links.error();
    return Value::Object({{"before", links->now}, {"to", links->wanted}});
  }

  Outcome Apply(const Context& context) const override {
    const auto place = PlaceOf(context.inputs.StringOr("link", ""), context);
    if (!place) return place.error();
    const std::string before = context.undo.StringOr("before", "");
    const std::string to = context.undo.StringOr("to", "");
    if (auto there = CheckThere(*place, to, context); !there) return std::move(there).error();
    const auto now = TargetOf(place->path);
    if (!now) return now.error();
    if (*now != before && *now != to) {
      return Aborted(place->path + " was changed by somebody meanwhile: it leads to " + *now +
                     ". It was left as it is. Try again");
    }
    if (*now != to) {
      if (auto led = Lead(*place, to); !led) {
        const auto still = TargetOf(place->path);
        const bool untouched = still && *still == before;
        return Failure{
            std::move(led).error(), {}, untouched ? LeftBehind::kNothing : LeftBehind::kPartial};
      }
    }
    return OutputOf(context);
  }

  Verification Verify(const Context& context, const Value&) const override {
    const std::string link = context.inputs.StringOr("link", "");
    const auto now = TargetOf(link);
    if (!now) return {Verification::Verdict::kInconclusive, now.error().ToString(), {}};
    std::error_code failed;
    if (*now == context.undo.StringOr("to", "") && fs::exists(link, failed)) return {};
    return {Verification::Verdict::kFailed, link + " leads to " + *now, {}};
  }

  ProbeAnswer Probe(const Context& context) const override {
    using Verdict = ProbeAnswer::Verdict;
    const std::string link = context.inputs.StringOr("link", "");
    const auto now = TargetOf(link);
    if (!now) return {Verdict::kUnknown, now.error().ToString(), {}};
    const std::string says = *now == "" ? link + " is not there" : link + " leads to " + *now;
    if (*now == context.undo.StringOr("to", "")) {
      return {Verdict::kApplied, says, OutputOf(context)};
    }
    const bool as_before = *now == context.undo.StringOr("before", "");
    return {as_before ? Verdict::kNotApplied : Verdict::kUnknown, says, {}};
  }

  Outcome Compensate(const Context& context, const Value&) const override {
    const auto place = PlaceOf(context.inputs.StringOr("link", ""), context);
    if (!place) return place.error();
    const auto now = TargetOf(place->path);
    if (!now) return now.error();
    const std::string before = context.undo.StringOr("before", "");
    unlink(place->temporary.c_str());
    if (*now == before) return Value();
    if (*now != context.undo.StringOr("to", "")) {
      return FailedPrecondition(place->path + " leads to " + *now +
                                ": somebody has changed it since. It was left as it is. Before, it "
                                "led to " +
                                (before.empty() ? "nothing" : before) +
                                ". Look which one is right, then skip this");
    }
    if (auto led = Lead(*place, before); !led) {
      return Failure{std::move(led).error(), {}, LeftBehind::kPartial};
    }
    return Value();
  }

 private:
  struct Links {
    std::string now;     // where it leads; empty: it is not there
    std::string wanted;  // where it is to lead
  };

  static Result<void> CheckThere(const Place& place, const std::string& to,
                                 const Context& context) {
    const fs::path target = fs::path(place.directory) / to;
    if (auto allowed = context.policy.AllowPath(target.string()); !allowed) {
      return std::move(allowed).error().In("to");
    }
    std::error_code failed;
    if (fs::exists(target, failed)) return {};
    return NotFound(target.string() + " is not there, so nothing can lead to it; " + place.path +
                    " was left as it is");
  }

  // Both, when all is as it must be to let it lead elsewhere.
  static Result<Links> Check(const Context& context) {
    const auto place = PlaceOf(context.inputs.StringOr("link", ""), context);
    if (!place) return place.error();
    auto named = CheckThere(*place, context.inputs.StringOr("to", ""), context);
    if (!named) return std::move(named).error();
    auto wanted = WantedOf(*place, context);
    if (!wanted) return std::move(wanted).error().In("to");
    if (auto there = CheckThere(*place, *wanted, context); !there) return std::move(there).error();
    auto now = TargetOf(place->path);
    if (!now) return std::move(now).error();
    return Links{*std::move(now), *std::move(wanted)};
  }

  static Value OutputOf(const Context& context) {
    const std::string before = context.undo.StringOr("before", "");
    const std::string to = context.undo.StringOr("to", "");
    return Value::Object({{"link", context.inputs["link"]},
                          {"to", to},
                          {"before", before},
                          {"changed", before != to}});
  }

  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeSwapLink() { return std::make_unique<SwapLink>(); }

}  // namespace recourse::file

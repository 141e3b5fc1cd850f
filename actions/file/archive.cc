#include <fnmatch.h>

#include <algorithm>
#include <filesystem>

#include "actions/file/archive_reader.h"
#include "actions/file/archive_writer.h"
#include "actions/file/file.h"
#include "actions/file/matches.h"
#include "actions/file/placement.h"
#include "actions/inputs.h"
#include "actions/users.h"
#include "engine/base/text.h"

namespace recourse::file {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kArchiveInputs = R"({
  "type": "object", "additionalProperties": false, "required": ["directory", "to"],
  "properties": {
    "directory": {"type": "string", "description": "names in the archive are relative to it"},
    "paths": {"type": "array", "items": {"type": "string", "minLength": 1},
      "description": "what to take, relative to the directory; all that is in it, without"},
    "exclude": {"type": "array", "items": {"type": "string", "minLength": 1},
      "description": "globs of names, or of names relative to the directory, to leave out"},
    "to": {"type": "string",
      "description": "the archive: .tar.gz, .tgz, .tar.xz, .tar.zst or .tar"},
    "mode": {"type": "string", "minLength": 3, "default": "0600",
      "description": "of the archive, octal; it may hold secrets"},
    "replace": {"type": "boolean", "default": false,
      "description": "what has that name goes to the trash; without it, it is ALREADY_EXISTS"},
    "accept_changes": {"type": "boolean", "default": false,
      "description": "also take files that change meanwhile; without it, that is ABORTED"},
    "accept_links": {"type": "boolean", "default": false,
      "description": "also take symbolic links that lead out, which file.extract refuses"},
    "grace": {"type": "string", "default": "7d",
      "description": "how long the trash keeps what was replaced"}
  }
})";

constexpr std::string_view kArchiveOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "path": {"type": "string"},
    "sha256": {"type": "string", "description": "of the archive"},
    "size": {"type": "integer", "description": "of the archive, in bytes"},
    "files": {"type": "integer"},
    "directories": {"type": "integer"},
    "links": {"type": "integer", "description": "symbolic links"},
    "bytes": {"type": "integer", "description": "of the files, before compression"},
    "skipped": {"type": "array", "items": {"type": "string"},
      "description": "sockets, fifos and devices, which are not archived"},
    "changed": {"type": "array", "items": {"type": "string"},
      "description": "files that changed while they were archived"},
    "replaced": {"type": "string",
      "description": "where in the trash is what had the name; empty: nothing had"},
    "inode": {"type": "integer", "description": "of the archive: a rollback takes away no other"}
  }
})";

struct ArchiveRequest {
  std::string directory;
  Place to;
  mode_t mode = 0600;
  std::vector<ArchivePart> parts;
  Tree all;                              // the sums of the parts
  std::vector<std::string> leading_out;  // symbolic links that file.extract would not make
};

bool IsExcluded(const std::string& name, const std::vector<std::string>& globs) {
  const std::string last = fs::path(name).filename().string();
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
    return fnmatch(glob.c_str(), name.c_str(), FNM_PATHNAME) == 0 ||
           fnmatch(glob.c_str(), last.c_str(), 0) == 0;
  });
}

// Without what is excluded, the whole of an excluded directory, and the archive itself.
void LeaveOut(ArchivePart& part, const std::vector<std::string>& globs, const Place& to) {
  std::string below;  // an excluded directory
  std::erase_if(part.tree.entries, [&](const Entry& entry) {
    const std::string path = part.tree.PathOf(entry);
    if (!below.empty() && entry.name.starts_with(below)) return true;
    if (path == to.path || path == to.temporary) return true;
    const std::string name = part.name.empty() || entry.name.empty() ? part.name + entry.name
                                                                     : part.name + "/" + entry.name;
    if (name.empty() || !IsExcluded(name, globs)) return false;
    if (entry.kind == Kind::kDirectory) below = entry.name.empty() ? "" : entry.name + "/";
    return true;
  });
}

void Count(const ArchivePart& part, Tree& all) {
  HardLinks hard_links;
  for (const Entry& entry : part.tree.entries) {
    const bool is_top = part.name.empty() && entry.name.empty();
    all.directories += entry.kind == Kind::kDirectory && !is_top;
    all.links += entry.kind == Kind::kLink;
    if (entry.kind == Kind::kOther) all.others.push_back(part.tree.PathOf(entry));
    if (entry.kind != Kind::kFile) continue;
    ++all.files;
    if (!hard_links.FirstNameOf(entry)) all.bytes += entry.facts.st_size;
  }
}

// The name of a path below the directory: no "..", no leading "/".
Result<std::string> NameBelow(const std::string& path) {
  fs::path normal = fs::path(path).lexically_normal();
  if (!normal.has_filename()) normal = normal.parent_path();
  const std::string name = normal.string();
  if (normal.is_absolute() || name == ".." || name.starts_with("../")) {
    return InvalidArgument("paths: \"" + path + "\" does not lie in the directory");
  }
  return name == "." ? "" : name;
}

// The names to take, each once. What lies in another is taken with that one.
Result<std::vector<std::string>> NamesToTake(const std::string& directory, const Context& context) {
  std::vector<std::string> names;
  for (const std::string& path : TextsOf(context.inputs["paths"])) {
    auto name = NameBelow(path);
    if (!name) return std::move(name).error();
    names.push_back(*std::move(name));
  }
  if (names.empty()) names.emplace_back();
  std::vector<std::string> taken = names;
  DropNested(taken);
  for (const std::string& name : names) {
    if (std::binary_search(taken.begin(), taken.end(), name)) continue;
    for (fs::path above = fs::path(name).parent_path(); !above.empty();
         above = above.parent_path()) {
      std::error_code ignored;
      if (!fs::is_symlink(directory / above, ignored)) continue;
      return InvalidArgument("paths: \"" + name + "\" lies behind the symbolic link " +
                             above.string() + ", which another of the paths takes as a link");
    }
  }
  return taken;
}

// As file.extract looks at them, which makes nothing that leads out of where it unpacks.
void FindLeadingOut(const ArchivePart& part, ArchiveRequest& request) {
  Policy inside;
  inside.allowed_roots = {request.directory};
  for (const Entry& entry : part.tree.entries) {
    if (entry.kind != Kind::kLink) continue;
    const std::string path = part.tree.PathOf(entry);
    if (!entry.target.starts_with('/') && inside.AllowPath(path)) continue;
    request.leading_out.push_back(path);
  }
}

Result<void> TakePart(const std::string& name, const Context& context, ArchiveRequest& request) {
  const std::string top = name.empty() ? request.directory : request.directory + "/" + name;
  if (auto allowed = ReadablePath(top, context); !allowed) return std::move(allowed).error();
  auto tree = ReadTree(top, context);
  if (!tree) return std::move(tree).error();
  if (name.empty() && tree->entries.front().kind != Kind::kDirectory) {
    return FailedPrecondition("directory: " + top + " is no directory itself");
  }
  request.parts.push_back({*std::move(tree), name});
  ArchivePart& part = request.parts.back();
  LeaveOut(part, TextsOf(context.inputs["exclude"]), request.to);
  Count(part, request.all);
  FindLeadingOut(part, request);
  return {};
}

Result<ArchiveRequest> ArchiveRequestOf(const Context& context) {
  auto directory = ReadablePath(context.inputs.StringOr("directory", ""), context);
  if (!directory) return std::move(directory).error().In("directory");
  auto to = PlaceOf(context.inputs.StringOr("to", ""), context);
  if (!to) return std::move(to).error().In("to");
  if (auto named = CheckArchiveName(to->path); !named) return std::move(named).error().In("to");
  const auto mode = ParseMode(context.inputs.StringOr("mode", "0600"));
  if (!mode) return mode.error().In("mode");
  ArchiveRequest request{*directory, *std::move(to), *mode, {}, {}, {}};
  const auto names = NamesToTake(*directory, context);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (auto taken = TakePart(name, context, request); !taken) return std::move(taken).error();
  }
  if (request.leading_out.empty() || context.inputs.BoolOr("accept_links", false)) return request;
  return FailedPrecondition(request.leading_out.front() +
                            " is a symbolic link that is absolute or leads out of " + *directory +
                            ", so that file.extract would refuse the archive. Nothing was packed. "
                            "Exclude it, or say accept_links: true and unpack the archive by tar");
}

class Archive final : public PlacingAction {
 public:
  Archive() {
    spec_.name = "file.archive";
    spec_.summary = "Pack files and directories into a tar archive, and read it back";
    spec_.inputs = Schema(kArchiveInputs);
    spec_.output = Schema(kArchiveOutput);
    spec_.has_verify = true;
  }

  Result<ActionPlan> Plan(const Context& context) const override {
    const auto request = ArchiveRequestOf(context);
    if (!request) return request.error();
    ActionPlan plan;
    plan.lines.push_back("pack " + Describe(request->all) + " of " + request->directory + " into " +
                         request->to.path);
    for (const std::string& other : request->all.others) {
      plan.lines.push_back("leave out " + other + ": it is no file, directory or link");
    }
    for (const std::string& link : request->leading_out) {
      plan.lines.push_back(link + " leads out: file.extract will refuse the archive");
    }
    plan.bytes_needed = request->all.bytes;  // at most: how well it can be packed is not known
    plan.bytes_where = request->to.directory;
    if (auto replacing = PlanReplacing(request->to, context, plan); !replacing) {
      return std::move(replacing).error();
    }
    return plan;
  }

  Outcome Prepare(const Context& context) const override {
    const auto request = ArchiveRequestOf(context);
    if (!request) return request.error();
    const auto before = FreeOrReplaced(request->to, context.inputs.BoolOr("replace", false));
    if (!before) return before.error();
    return UndoRecordOf(request->to, *before, request->all.bytes);
  }

  Outcome Apply(const Context& context) const override {
    const auto request = ArchiveRequestOf(context);
    if (!request) return request.error();
    return MakeInPlace(request->to, context, [&]() -> Result<Value> {
      const auto archived =
          WriteArchive(request->parts, request->to.temporary, request->to.path, request->mode,
                       context.inputs.BoolOr("accept_changes", false), context);
      if (!archived) {
        return archived.error().In("pack " + request->directory + " into " + request->to.path +
                                   " (nothing was kept)");
      }
      return OutputOf(*request, *archived);
    });
  }

  // Unpacked to nowhere, so that it is known to be readable to its end.
  Verification Verify(const Context& context, const Value& output) const override {
    using Verdict = Verification::Verdict;
    const std::string path = output.StringOr("path", "");
    const auto sha256 = HashOf(path, context);
    if (!sha256) return {Verdict::kInconclusive, sha256.error().ToString(), {}};
    if (*sha256 != output.StringOr("sha256", "")) {
      return {Verdict::kFailed, path + " is not what was written: its SHA-256 is " + *sha256, {}};
    }
    const auto survey = SurveyArchive(path, true, context);
    if (!survey) return {Verdict::kFailed, survey.error().ToString(), {}};
    if (survey->files == output.IntOr("files", 0) && survey->bytes == output.IntOr("bytes", 0) &&
        survey->links == output.IntOr("links", 0) &&
        survey->directories == output.IntOr("directories", 0)) {
      return {};
    }
    return {Verdict::kFailed,
            path + " gives back " + std::to_string(survey->files) + " files and " +
                HumanBytes(survey->bytes) + ", which is not what went in",
            {}};
  }

 private:
  static Value OutputOf(const ArchiveRequest& request, const Archived& archived) {
    const Tree& all = request.all;
    return Value::Object({{"path", request.to.path},
                          {"sha256", archived.sha256},
                          {"size", archived.size},
                          {"files", all.files},
                          {"directories", all.directories},
                          {"links", all.links},
                          {"bytes", all.bytes},
                          {"skipped", ListOf(all.others)},
                          {"changed", ListOf(archived.changed)}});
  }
};

}  // namespace

std::unique_ptr<const Action> MakeArchive() { return std::make_unique<Archive>(); }

}  // namespace recourse::file

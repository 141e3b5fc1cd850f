#include "actions/file/file.h"
#include "actions/file/matches.h"
#include "actions/file/placement.h"
#include "actions/file/tree.h"
#include "actions/file/tree_copy.h"
#include "actions/inputs.h"

namespace recourse::file {
namespace {

constexpr std::string_view kCopyInputs = R"({
  "type": "object", "additionalProperties": false, "required": ["from", "to"],
  "properties": {
    "from": {"type": "string", "description": "a file, directory or symbolic link"},
    "to": {"type": "string", "description": "the name of the copy, not the directory for it"},
    "replace": {"type": "boolean", "default": false,
      "description": "what has that name goes to the trash; without it, it is ALREADY_EXISTS"},
    "keep_owners": {"type": "boolean", "default": true,
      "description": "false: the copy is this server's user's, without set-user-id bits"},
    "grace": {"type": "string", "default": "7d",
      "description": "how long the trash keeps what was replaced"}
  }
})";

constexpr std::string_view kCopyOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "path": {"type": "string"},
    "files": {"type": "integer"},
    "directories": {"type": "integer"},
    "links": {"type": "integer", "description": "symbolic links"},
    "bytes": {"type": "integer"},
    "sha256": {"type": "string", "description": "of a single file, else empty"},
    "skipped": {"type": "array", "items": {"type": "string"},
      "description": "sockets, fifos and devices, which are not copied"},
    "replaced": {"type": "string",
      "description": "where in the trash is what had the name; empty: nothing had"},
    "inode": {"type": "integer", "description": "of the copy: a rollback takes away no other"}
  }
})";

struct CopyRequest {
  std::string from;
  Place to;
  Tree tree;
};

Result<CopyRequest> CopyRequestOf(const Context& context) {
  auto from = ReadablePath(context.inputs.StringOr("from", ""), context);
  if (!from) return std::move(from).error().In("from");
  auto to = PlaceOf(context.inputs.StringOr("to", ""), context);
  if (!to) return std::move(to).error().In("to");
  if (to->path == *from || to->path.starts_with(*from + "/")) {
    return InvalidArgument(to->path + " lies in " + *from + ", of which it is to be a copy");
  }
  auto tree = ReadTree(*from, context);
  if (!tree) return std::move(tree).error();
  if (tree->others.size() == tree->entries.size()) {
    return FailedPrecondition(*from + " is no file, directory or symbolic link: it has no content");
  }
  return CopyRequest{*std::move(from), *std::move(to), *std::move(tree)};
}

class Copy final : public PlacingAction {
 public:
  Copy() {
    spec_.name = "file.copy";
    spec_.summary = "Copy a file or directory tree, whole or not at all";
    spec_.inputs = Schema(kCopyInputs);
    spec_.output = Schema(kCopyOutput);
    spec_.has_verify = true;
  }

  Result<ActionPlan> Plan(const Context& context) const override {
    const auto request = CopyRequestOf(context);
    if (!request) return request.error();
    ActionPlan plan;
    plan.lines.push_back("copy " + request->from + " (" + Describe(request->tree) + ") to " +
                         request->to.path);
    for (const std::string& other : request->tree.others) {
      plan.lines.push_back("leave out " + other + ": it is no file, directory or link");
    }
    plan.bytes_needed = request->tree.bytes;
    plan.bytes_where = request->to.directory;
    if (auto replacing = PlanReplacing(request->to, context, plan); !replacing) {
      return std::move(replacing).error();
    }
    return plan;
  }

  Outcome Prepare(const Context& context) const override {
    const auto request = CopyRequestOf(context);
    if (!request) return request.error();
    const auto before = FreeOrReplaced(request->to, context.inputs.BoolOr("replace", false));
    if (!before) return before.error();
    return UndoRecordOf(request->to, *before, request->tree.bytes);
  }

  Outcome Apply(const Context& context) const override {
    const auto request = CopyRequestOf(context);
    if (!request) return request.error();
    return MakeInPlace(request->to, context, [&]() -> Result<Value> {
      const auto sha256 = CopyTree(request->tree, request->to.temporary,
                                   context.inputs.BoolOr("keep_owners", true), context);
      if (!sha256) {
        return sha256.error().In("copy " + request->from + " to " + request->to.path +
                                 " (nothing was kept)");
      }
      return OutputOf(*request, *sha256);
    });
  }

  // The file is read again; of a tree, that everything is there with its size.
  Verification Verify(const Context& context, const Value& output) const override {
    using Verdict = Verification::Verdict;
    const std::string path = output.StringOr("path", "");
    const auto tree = ReadTree(path, context);
    if (!tree) return {Verdict::kInconclusive, tree.error().ToString(), {}};
    if (tree->files != output.IntOr("files", 0) || tree->bytes != output.IntOr("bytes", 0) ||
        tree->directories != output.IntOr("directories", 0)) {
      return {Verdict::kFailed, path + " now has " + Describe(*tree), {}};
    }
    const std::string sha256 = output.StringOr("sha256", "");
    if (sha256.empty()) return {};
    const auto found = HashOf(path, context);
    if (!found) return {Verdict::kInconclusive, found.error().ToString(), {}};
    if (*found == sha256) return {};
    return {Verdict::kFailed, path + " has the SHA-256 " + *found + ", written was " + sha256, {}};
  }

 private:
  static Value OutputOf(const CopyRequest& request, const std::string& sha256) {
    const Tree& tree = request.tree;
    return Value::Object({{"path", request.to.path},
                          {"files", tree.files},
                          {"directories", tree.directories},
                          {"links", tree.links},
                          {"bytes", tree.bytes},
                          {"sha256", sha256},
                          {"skipped", ListOf(tree.others)}});
  }
};

}  // namespace

std::unique_ptr<const Action> MakeCopy() { return std::make_unique<Copy>(); }

}  // namespace recourse::file

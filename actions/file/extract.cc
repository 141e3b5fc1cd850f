#include <unistd.h>

#include "actions/file/archive_reader.h"
#include "actions/file/file.h"
#include "actions/file/placement.h"
#include "actions/file/tree.h"
#include "actions/inputs.h"
#include "engine/base/text.h"

namespace recourse::file {
namespace {

constexpr std::string_view kExtractInputs = R"({
  "type": "object", "additionalProperties": false, "required": ["archive", "to"],
  "properties": {
    "archive": {"type": "string", "description": "tar, plain or packed by gzip, bzip2, xz, zstd; zip"},
    "to": {"type": "string", "description": "the directory that appears whole; nothing is merged"},
    "sha256": {"type": "string", "minLength": 64,
      "description": "what the archive must have, in hexadecimal; another one is DATA_LOSS"},
    "keep_owners": {"type": "boolean", "default": true,
      "description": "false: all is this server's user's, without set-user-id bits"},
    "bytes_max": {"type": "integer", "minimum": 1, "default": 10737418240,
      "description": "more, unpacked, is RESOURCE_EXHAUSTED"},
    "replace": {"type": "boolean", "default": false,
      "description": "what has that name goes to the trash; without it, it is ALREADY_EXISTS"},
    "grace": {"type": "string", "default": "7d",
      "description": "how long the trash keeps what was replaced"}
  }
})";

constexpr std::string_view kExtractOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "path": {"type": "string"},
    "files": {"type": "integer"},
    "directories": {"type": "integer"},
    "links": {"type": "integer", "description": "symbolic links"},
    "bytes": {"type": "integer"},
    "replaced": {"type": "string",
      "description": "where in the trash is what had the name; empty: nothing had"},
    "inode": {"type": "integer", "description": "of the directory: a rollback takes away no other"}
  }
})";

constexpr std::int64_t kBytesMax = std::int64_t{10} << 30;

struct ExtractRequest {
  std::string archive;
  Place to;
  std::int64_t bytes_max = kBytesMax;
};

Result<ExtractRequest> ExtractRequestOf(const Context& context) {
  auto archive = ReadablePath(context.inputs.StringOr("archive", ""), context);
  if (!archive) return std::move(archive).error().In("archive");
  auto to = PlaceOf(context.inputs.StringOr("to", ""), context);
  if (!to) return std::move(to).error().In("to");
  if (archive->starts_with(to->path + "/")) {
    return InvalidArgument(*archive + " lies in " + to->path + ", which it is to become");
  }
  return ExtractRequest{*std::move(archive), *std::move(to),
                        context.inputs.IntOr("bytes_max", kBytesMax)};
}

Result<Survey> Look(const ExtractRequest& request, const Context& context) {
  auto survey = SurveyArchive(request.archive, false, context);
  if (!survey || survey->bytes <= request.bytes_max) return survey;
  return Error{Code::kResourceExhausted,
               request.archive + " holds " + HumanBytes(survey->bytes) + ", more than bytes_max (" +
                   HumanBytes(request.bytes_max) + "); nothing is unpacked"};
}

class Extract final : public PlacingAction {
 public:
  Extract() {
    spec_.name = "file.extract";
    spec_.summary = "Unpack an archive into a directory, whole or not at all";
    spec_.inputs = Schema(kExtractInputs);
    spec_.output = Schema(kExtractOutput);
  }

  Result<ActionPlan> Plan(const Context& context) const override {
    const auto request = ExtractRequestOf(context);
    if (!request) return request.error();
    const auto survey = Look(*request, context);
    if (!survey) return survey.error();
    ActionPlan plan;
    plan.lines.push_back("unpack " + request->archive + " (" + std::to_string(survey->files) +
                         " files, " + HumanBytes(survey->bytes) + ") as " + request->to.path);
    plan.bytes_needed = survey->bytes;
    plan.bytes_where = request->to.directory;
    if (auto replacing = PlanReplacing(request->to, context, plan); !replacing) {
      return std::move(replacing).error();
    }
    return plan;
  }

  Outcome Prepare(const Context& context) const override {
    const auto request = ExtractRequestOf(context);
    if (!request) return request.error();
    const auto before = FreeOrReplaced(request->to, context.inputs.BoolOr("replace", false));
    if (!before) return before.error();
    if (auto same = CheckDigest(request->archive, context); !same) return std::move(same).error();
    const auto survey = Look(*request, context);
    if (!survey) return survey.error();
    return UndoRecordOf(request->to, *before, survey->bytes);
  }

  Outcome Apply(const Context& context) const override {
    const auto request = ExtractRequestOf(context);
    if (!request) return request.error();
    return MakeInPlace(request->to, context, [&]() -> Result<Value> {
      if (auto same = CheckDigest(request->archive, context); !same) return std::move(same).error();
      const Unpacking unpacking{context.inputs.BoolOr("keep_owners", true), request->bytes_max};
      const auto unpacked =
          UnpackArchive(request->archive, request->to.temporary, unpacking, context);
      if (!unpacked && unpacked.error().code == Code::kPermissionDenied && geteuid() != 0) {
        return unpacked.error().In("unpack " + request->archive +
                                   " (nothing was kept; only root gives files to other users: "
                                   "say keep_owners: false, or run the server as root)");
      }
      if (!unpacked) {
        return unpacked.error().In("unpack " + request->archive + " (nothing was kept)");
      }
      return Value::Object({{"path", request->to.path},
                            {"files", unpacked->files},
                            {"directories", unpacked->directories},
                            {"links", unpacked->links},
                            {"bytes", unpacked->bytes}});
    });
  }

 private:
  static Result<void> CheckDigest(const std::string& archive, const Context& context) {
    const std::string wanted = context.inputs.StringOr("sha256", "");
    if (wanted.empty()) return {};
    const auto found = HashOf(archive, context);
    if (!found) return found.error();
    if (*found == wanted) return {};
    return DataLoss(archive + " is not what is expected: its SHA-256 is " + *found + ", expected " +
                    wanted + ". Nothing is unpacked");
  }
};

}  // namespace

std::unique_ptr<const Action> MakeExtract() { return std::make_unique<Extract>(); }

}  // namespace recourse::file

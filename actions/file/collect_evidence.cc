#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "actions/database/file_copy.h"
#include "actions/database/manifest.h"
#include "actions/file/evidence.h"
#include "actions/file/file.h"
#include "actions/file/matches.h"
#include "actions/file/placement.h"
#include "actions/file/tree.h"
#include "actions/inputs.h"
#include "actions/process/child.h"
#include "actions/users.h"
#include "engine/base/dated_name.h"
#include "engine/base/digest.h"
#include "engine/base/fail_point.h"
#include "engine/base/file.h"
#include "engine/base/json.h"

namespace recourse::file {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEvidenceInputs = R"({
  "type": "object", "additionalProperties": false, "required": ["paths", "to"],
  "properties": {
    "paths": {"type": "array", "items": {"type": "string", "minLength": 1},
      "description": "files, directories and globs"},
    "to": {"type": "string", "description": "the directory in which each collection gets its own"},
    "label": {"type": "string", "minLength": 1, "default": "evidence",
      "description": "how the name of the collection begins"},
    "commands": {"type": "array", "description": "programs whose output is kept too",
      "items": {"type": "object", "additionalProperties": false, "required": ["name", "arguments"],
        "properties": {
          "name": {"type": "string", "minLength": 1, "description": "of the file: NAME.txt"},
          "arguments": {"type": "array", "items": {"type": "string"},
            "description": "program and arguments; no shell"}
        }}}
  }
})";

constexpr std::string_view kEvidenceOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "directory": {"type": "string", "description": "the collection"},
    "manifest": {"type": "string", "description": "what was found, with checksums and owners"},
    "manifest_sha256": {"type": "string"},
    "files": {"type": "integer"},
    "bytes": {"type": "integer"},
    "missing": {"type": "array", "items": {"type": "string"},
      "description": "paths and globs of which nothing was there"},
    "unreadable": {"type": "array", "items": {"type": "string"}},
    "changed": {"type": "array", "items": {"type": "string"},
      "description": "files that changed while they were copied"}
  }
})";

constexpr std::int64_t kManifestMax = 256 * 1024 * 1024;
constexpr std::size_t kCommandOutputMax = 4 * 1024 * 1024;

struct EvidenceRequest {
  std::string directory;  // in which the collection is made
  std::string label;
  std::vector<std::string> paths;  // that are there
  std::vector<std::string> missing;
};

Result<EvidenceRequest> EvidenceRequestOf(const Context& context) {
  const std::string to = context.inputs.StringOr("to", "");
  if (auto allowed = context.policy.AllowPath(to); !allowed) return std::move(allowed).error();
  EvidenceRequest request{fs::path(to).lexically_normal().string(),
                          context.inputs.StringOr("label", "evidence"),
                          {},
                          {}};
  if (request.label.find('/') != std::string::npos || request.label.starts_with('.')) {
    return InvalidArgument("label: \"" + request.label + "\" cannot begin a file's name");
  }
  for (const std::string& pattern : TextsOf(context.inputs["paths"])) {
    auto matches = MatchesOf(pattern, context);
    if (!matches && matches.error().code == Code::kNotFound) matches = std::vector<std::string>();
    if (!matches) return std::move(matches).error();
    if (matches->empty()) request.missing.push_back(pattern);
    request.paths.insert(request.paths.end(), matches->begin(), matches->end());
  }
  DropNested(request.paths);  // what lies in another is taken with that one
  return request;
}

// Bytes of all that would be copied, as far as it can be read.
std::int64_t BytesOf(const EvidenceRequest& request, const Context& context) {
  std::int64_t bytes = 0;
  for (const std::string& path : request.paths) {
    if (const auto tree = ReadTree(path, context)) bytes += tree->bytes;
  }
  return bytes;
}

Result<void> RunCommands(const std::string& directory, const Context& context,
                         Value::List& described) {
  const Value& commands = context.inputs["commands"];
  if (!commands.is_list()) return {};
  for (const Value& command : commands.as_list()) {
    const std::string name = command.StringOr("name", "");
    if (name.find('/') != std::string::npos || name.starts_with('.')) {
      return InvalidArgument("commands: \"" + name + "\" cannot name a file");
    }
    const process::Program program{TextsOf(command["arguments"]), {}, "/"};
    const process::ChildOptions options{.output_max = kCommandOutputMax};
    const auto ran = process::RunChild(program, options, context);
    Value entry = Value::Object({{"name", name}, {"arguments", command["arguments"]}});
    if (context.stop.stop_requested()) return context.StopError();
    if (!ran) {
      described.push_back(entry.With("error", ran.error().message));
      continue;
    }
    const std::string text = ran->output.text + ran->errors.text;
    if (auto made = MakeOwnDirectory(directory + "/commands", 0700); !made) return made;
    const std::string copy = "commands/" + name + ".txt";
    auto written = WriteFileAtomically(directory + "/" + copy, text, 0400);
    if (!written) return written;
    described.push_back(entry.With("copy", copy)
                            .With("ended_with", ran->Ending())
                            .With("cut", ran->output.cut || ran->errors.cut)
                            .With("sha256", ToHex(Sha256Of(text))));
  }
  return {};
}

// Nobody who does not mean to changes it: directories 0500, from below.
Result<void> MakeReadOnly(const std::string& directory, const Context& context) {
  const auto tree = ReadTree(directory, context);
  if (!tree) return tree.error();
  for (auto entry = tree->entries.rbegin(); entry != tree->entries.rend(); ++entry) {
    if (entry->kind != Kind::kDirectory) continue;
    const std::string path = tree->PathOf(*entry);
    auto opened = OpenFile(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!opened) return std::move(opened).error();
    if (fchmod(opened->get(), 0500) != 0 || fsync(opened->get()) != 0) {
      return ErrnoError(errno, "finish " + path);
    }
  }
  return {};
}

// What a crash left of this attempt. Its directories may be read-only already.
void DropTemporary(const std::string& temporary) {
  std::error_code ignored;
  for (auto file = fs::recursive_directory_iterator(temporary, ignored);
       !ignored && file != fs::recursive_directory_iterator(); file.increment(ignored)) {
    if (file->is_directory(ignored)) fs::permissions(file->path(), fs::perms::owner_all, ignored);
  }
  fs::permissions(temporary, fs::perms::owner_all, ignored);
  fs::remove_all(temporary, ignored);
}

Value ManifestOf(const Evidence& evidence, const Value::List& commands, const Context& context) {
  utsname host = {};
  uname(&host);
  return Value::Object({{"format", 1},
                        {"key", context.key},
                        {"taken_at", database::TimeText(context.clock.Now())},
                        {"host", std::string(host.nodename)},
                        {"by", UserName(geteuid())},
                        {"files", evidence.files},
                        {"bytes", evidence.bytes},
                        {"missing", ListOf(evidence.missing)},
                        {"unreadable", ListOf(evidence.unreadable)},
                        {"changed", ListOf(evidence.changed)},
                        {"entries", evidence.entries},
                        {"commands", commands}});
}

Value OutputOf(const std::string& directory, const std::string& text, const Value& manifest) {
  return Value::Object({{"directory", directory},
                        {"manifest", directory + "/manifest.json"},
                        {"manifest_sha256", ToHex(Sha256Of(text))},
                        {"files", manifest["files"]},
                        {"bytes", manifest["bytes"]},
                        {"missing", manifest["missing"]},
                        {"unreadable", manifest["unreadable"]},
                        {"changed", manifest["changed"]}});
}

class CollectEvidence final : public Action {
 public:
  CollectEvidence() {
    spec_.name = "file.collect_evidence";
    spec_.summary = "Copy files as evidence, with checksums and a manifest";
    spec_.inputs = Schema(kEvidenceInputs);
    spec_.output = Schema(kEvidenceOutput);
    spec_.repeat = RepeatClass::kIdempotent;
    spec_.has_plan = true;
    spec_.has_prepare = true;
    spec_.without_compensation = "nothing to put back: evidence is only added, and stays";
    spec_.timeout = std::chrono::minutes(30);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Result<ActionPlan> Plan(const Context& context) const override {
    const auto request = EvidenceRequestOf(context);
    if (!request) return request.error();
    ActionPlan plan;
    for (const std::string& path : request->paths) {
      const auto tree = ReadTree(path, context);
      const std::string what = tree ? Describe(*tree) : "not readable: " + tree.error().message;
      plan.lines.push_back("copy " + path + " (" + what + ")");
      if (tree) plan.bytes_needed += tree->bytes;
    }
    for (const std::string& path : request->missing) plan.lines.push_back(path + " is not there");
    plan.bytes_where = request->directory;
    return plan;
  }

  // The name, so that it is the same after a crash.
  Outcome Prepare(const Context& context) const override {
    const auto request = EvidenceRequestOf(context);
    if (!request) return request.error();
    if (request->paths.empty()) {
      return NotFound("none of the paths is there: nothing was collected");
    }
    const std::string name = request->label + NameAt("-%Y%m%dT%H%M%SZ", context.clock.Now());
    return Value::Object({{"directory", request->directory + "/" + name}});
  }

  Outcome Apply(const Context& context) const override {
    const auto request = EvidenceRequestOf(context);
    if (!request) return request.error();
    const std::string directory = context.undo.StringOr("directory", "");
    if (database::Exists(directory)) return AnswerAgain(directory, context);
    if (auto made = MakeDirectories(request->directory, 0700); !made) return made.error();
    auto space = database::NeedSpace(request->directory, BytesOf(*request, context));
    if (!space) return std::move(space).error();
    const std::string temporary =
        request->directory + "/." + database::KeyName(context.key) + ".tmp";
    DropTemporary(temporary);
    auto output = Collect(*request, temporary, directory, context);
    if (!output) {
      DropTemporary(temporary);
      return std::move(output).error().In("collect evidence (nothing was kept)");
    }
    return *std::move(output);
  }

 private:
  static Result<Value> Collect(const EvidenceRequest& request, const std::string& temporary,
                               const std::string& directory, const Context& context) {
    if (auto made = MakeOwnDirectory(temporary, 0700); !made) return std::move(made).error();
    Evidence evidence;
    evidence.missing = request.missing;
    for (const std::string& path : request.paths) {
      if (auto taken = evidence.Take(path, temporary, context); !taken) {
        return std::move(taken).error();
      }
    }
    Value::List commands;
    auto ran = RunCommands(temporary, context, commands);
    if (!ran) return std::move(ran).error();
    const Value manifest = ManifestOf(evidence, commands, context);
    const std::string text = ToPrettyJson(manifest) + "\n";
    auto written = WriteFileAtomically(temporary + "/manifest.json", text, 0400);
    if (!written) return std::move(written).error();
    RECOURSE_FAIL_POINT("evidence_before_rename");
    if (auto finished = MakeReadOnly(temporary, context); !finished) {
      return std::move(finished).error();
    }
    auto named = RenameFile(temporary, directory, RENAME_NOREPLACE);
    if (!named) return std::move(named).error();
    RECOURSE_FAIL_POINT("evidence_after_rename");
    if (auto synced = SyncParent(directory); !synced) return std::move(synced).error();
    return OutputOf(directory, text, manifest);
  }

  // It appeared by one rename, so it is whole. Another attempt's is left alone.
  static Outcome AnswerAgain(const std::string& directory, const Context& context) {
    auto text = ReadFile(directory + "/manifest.json", kManifestMax);
    if (!text) return std::move(text).error();
    const auto manifest = ParseJson(*text);
    if (!manifest) return manifest.error().In(directory + "/manifest.json");
    if (manifest->StringOr("key", "") == context.key) return OutputOf(directory, *text, *manifest);
    return Error{Code::kAlreadyExists,
                 directory +
                     " is an earlier collection, which is never "
                     "overwritten. Try again: a second later it gets a name of its own"};
  }

  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeCollectEvidence() { return std::make_unique<CollectEvidence>(); }

}  // namespace recourse::file

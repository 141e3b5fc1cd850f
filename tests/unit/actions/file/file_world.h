// A world in which the phases of one attempt follow each other as in the engine, checkpoints among
// them, and in which a whole folder can be compared with what it was.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <map>
#include <string>

#include "actions/file/file.h"
#include "actions/process/child.h"
#include "tests/unit/actions/world.h"

namespace recourse::testing {

struct FileWorld : World {
  FileWorld() : World(AddFileActions) {}

  Value checkpoint;  // what the attempt saved last

  Context With(const Value& inputs, const Value& undo_record) {
    Context context = MakeContext(inputs, undo_record);
    context.checkpoint = checkpoint;
    context.save_progress = [this](Value saved) {
      checkpoint = std::move(saved);
      return Result<void>();
    };
    return context;
  }

  Outcome Prepare(const std::string& name, const Value& inputs) {
    checkpoint = Value();
    Outcome prepared = Find(name).Prepare(With(inputs, {}));
    undo = prepared ? prepared.output() : Value();
    return prepared;
  }
  Outcome Run(const std::string& name, const Value& inputs) {
    Outcome prepared = Prepare(name, inputs);
    if (!prepared) return prepared;
    Outcome done = Find(name).Apply(With(inputs, undo));
    if (!done) return done;
    const auto fits = CheckAgainstSchema(done.output(), Find(name).Spec().output, "output");
    INFO((fits ? "" : fits.error().message));
    CHECK(fits);
    const Verification verified = Find(name).Verify(With(inputs, undo), done.output());
    INFO(verified.message);
    CHECK(verified.verdict == Verification::Verdict::kPassed);
    return done;
  }
  // A rollback has the undo record and the output, and no checkpoint.
  Outcome UndoOf(const std::string& name, const Value& inputs, const Value& output) {
    checkpoint = Value();
    return Find(name).Compensate(With(inputs, undo), output);
  }
  ProbeAnswer ProbeOf(const std::string& name, const Value& inputs) {
    return Find(name).Probe(With(inputs, undo));
  }

  // Runs the phase in a process of its own that dies at `point`, and takes over its checkpoint.
  void DieAt(const std::string& point, const std::string& phase, const std::string& name,
             const Value& inputs, const Value& output = {}) {
    const std::string saved = Path("checkpoint.json");
    const process::Program program{{RECOURSE_RUN_ACTION, phase, name, ToJson(inputs), ToJson(undo),
                                    ToJson(checkpoint), saved, ToJson(output)},
                                   {{"RECOURSE_FAIL_POINT", point}},
                                   "/"};
    const auto died = process::RunChild(program, {}, MakeContext({}));
    REQUIRE(died);
    INFO(point << ": " << died->output.text);
    REQUIRE(died->signal == SIGKILL);
    if (auto text = Read("checkpoint.json"); !text.empty()) checkpoint = *ParseJson(text);
    std::filesystem::remove(saved);
  }

  std::string Folder(const std::string& name) const {
    std::filesystem::create_directories(Path(name));
    return Path(name);
  }

  void SetTime(const std::string& name, std::int64_t seconds) const {
    const timespec times[] = {{seconds, 0}, {seconds, 0}};
    REQUIRE(utimensat(AT_FDCWD, Path(name).c_str(), times, 0) == 0);
  }

  // Every name below a folder with its kind, mode, owner, time and content; the trash left out.
  std::string Picture(const std::string& name) const {
    std::map<std::string, std::string> lines;
    namespace fs = std::filesystem;
    for (auto file = fs::recursive_directory_iterator(Path(name));
         file != fs::recursive_directory_iterator(); ++file) {
      if (file->path().filename() == ".trash") {
        file.disable_recursion_pending();
        continue;
      }
      struct stat facts = {};
      REQUIRE(lstat(file->path().c_str(), &facts) == 0);
      const std::string path = file->path().lexically_relative(Path(name)).string();
      lines[path] = std::to_string(facts.st_mode) + " " + std::to_string(facts.st_uid) + ":" +
                    std::to_string(facts.st_gid) + " ";
      if (file->is_symlink()) {
        lines[path] += "-> " + fs::read_symlink(file->path()).string();
      } else if (file->is_regular_file()) {
        lines[path] += std::to_string(facts.st_mtim.tv_sec) + " " + Read(name + "/" + path);
      }
    }
    std::string picture;
    for (const auto& [path, line] : lines) picture += path + " " + line + "\n";
    return picture;
  }
};

inline Code CodeOf(const Outcome& outcome) {
  REQUIRE_FALSE(outcome);
  INFO(outcome.failure().error.message);
  return outcome.failure().error.code;
}

}  // namespace recourse::testing

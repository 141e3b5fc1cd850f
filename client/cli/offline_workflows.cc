// workflows validate and test: definitions are checked and rehearsed with no server.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>
#include <sstream>

#include "actions/all.h"
#include "client/cli/definition_paths.h"
#include "client/cli/verbs.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/definition/advice.h"
#include "engine/definition/json_schema.h"
#include "engine/rehearsal/rehearsal.h"

namespace recourse::cli {
namespace {

namespace fs = std::filesystem;

// Tells each problem with its place, for a person.
void Print(const std::string& file, const std::vector<definition::Problem>& problems,
           std::string_view kind) {
  for (const definition::Problem& problem : problems) {
    std::printf("%s:%d:%d: %s%s\n", Clean(file).c_str(), problem.place.line, problem.place.column,
                std::string(kind).c_str(), Clean(problem.message).c_str());
  }
}

Value ToJsonValue(const std::vector<definition::Problem>& problems) {
  Value::List list;
  for (const definition::Problem& problem : problems) {
    list.push_back(Value::Object({{"line", problem.place.line},
                                  {"column", problem.place.column},
                                  {"message", problem.message}}));
  }
  return list;
}

Value ToJsonValue(const std::vector<std::string>& texts) {
  Value::List list;
  for (const std::string& text : texts) list.emplace_back(text);
  return list;
}

// The text of the workflow of that name in the directory of `file`.
std::optional<std::string> FindBeside(const fs::path& file, std::string_view name) {
  std::error_code problem;
  for (fs::directory_iterator entry(file.parent_path().empty() ? "." : file.parent_path(), problem),
       end;
       !problem && entry != end; entry.increment(problem)) {
    if (!IsYaml(entry->path()) || HoldsCases(entry->path())) continue;
    auto text = ReadFile(entry->path(), kDefinitionMax);
    if (text && definition::NameIn(*text) == name) return *std::move(text);
  }
  return std::nullopt;
}

class Checker {
 public:
  explicit Checker(const Common& common) : json_(common.json) { AddAllActions(registry_); }

  // Calls `each` with every definition file that the paths name. Answers the exit code.
  template <class Each>
  int EachFile(const std::vector<std::string>& paths, bool cases, Each each) {
    for (const std::string& path : paths) {
      auto files = FilesAt(path);
      if (!files) return Refuse(files.error());
      const bool one = files->size() == 1 && files->front() == path;
      if (!one)
        std::erase_if(*files, [&](const fs::path& file) { return HoldsCases(file) != cases; });
      if (files->empty()) {
        return Refuse(NotFound(path + ": the directory holds no " +
                               (cases ? "NAME.test.yaml" : "NAME.yaml")));
      }
      for (const fs::path& file : *files) {
        if (auto done = each(file); !done) return Refuse(done.error());
      }
    }
    return code_;
  }

  Result<definition::Loaded> Load(const fs::path& file) {
    auto text = ReadFile(file, kDefinitionMax);
    if (!text) return std::move(text).error();
    return definition::LoadWorkflow(*text, &registry_,
                                    [&](std::string_view name) { return FindBeside(file, name); });
  }

  void Fail() { code_ = kRefused; }
  bool json() const { return json_; }

 private:
  int Refuse(const Error& error) { return Tell(error, kUsage); }

  const bool json_;
  Registry registry_;
  int code_ = kOk;
};

// What came of one case, for a person.
void Print(const std::string& file, const rehearsal::Verdict& verdict) {
  if (verdict.problems.empty()) {
    std::printf("  %s %s\n", Painted("ok", Colour::kGood).c_str(), Clean(verdict.name).c_str());
    return;
  }
  std::printf("  %s %s (%s:%d)\n", Painted("FAILED", Colour::kBad).c_str(),
              Clean(verdict.name).c_str(), Clean(file).c_str(), verdict.place.line);
  for (const std::string& problem : verdict.problems) {
    std::printf("         %s\n", Clean(problem).c_str());
  }
}

Value ToJsonValue(const rehearsal::Report& report) {
  Value::List cases;
  for (const rehearsal::Verdict& verdict : report.verdicts) {
    cases.push_back(Value::Object({{"name", verdict.name},
                                   {"line", verdict.place.line},
                                   {"passed", verdict.problems.empty()},
                                   {"problems", ToJsonValue(verdict.problems)},
                                   {"status", verdict.status},
                                   {"path", ToJsonValue(verdict.path)},
                                   {"undone", ToJsonValue(verdict.undone)}}));
  }
  return Value::Object({{"problems", ToJsonValue(report.problems)},
                        {"cases", std::move(cases)},
                        {"unreached", ToJsonValue(report.unreached)}});
}

// Ends a check of files: their answers for programs, for people how many did not pass.
int Conclude(const Checker& checker, const Value::List& answers, std::size_t files,
             std::size_t failed, int code) {
  if (checker.json()) {
    PrintJson(Value::Object({{"files", answers}}));
  } else if (failed > 0) {
    std::printf("%zu of %zu files did not pass the check\n", failed, files);
  }
  return code;
}

// The escalation policies that the targets of this file may name: those in `escalation_policies`
// beside the directory that it is in, as a server's data directory has them. Answers their
// mistakes.
std::string AddPoliciesBeside(const fs::path& file, std::set<fs::path>& read,
                              definition::Inventory& inventory) {
  std::string mistakes;
  const fs::path directory = fs::absolute(file).parent_path().parent_path() / "escalation_policies";
  if (!read.insert(directory).second || !fs::is_directory(directory)) return mistakes;
  const auto files = FilesAt(directory.string());
  if (!files) return files.error().message + "\n";
  for (const fs::path& policy : *files) {
    const auto text = ReadFile(policy, kDefinitionMax);
    const auto added =
        text ? inventory.AddPolicyFile(*text, policy.string()) : Result<void>(text.error());
    if (!added) mistakes += added.error().message + "\n";
  }
  return mistakes;
}

}  // namespace

int ValidateOffline(const Common& common, const CheckArguments& arguments) {
  Checker checker(common);
  Value::List answers;
  std::size_t files = 0;
  std::size_t failed = 0;
  const int code =
      checker.EachFile(arguments.paths, false, [&](const fs::path& file) -> Result<void> {
        auto loaded = checker.Load(file);
        if (!loaded) return std::move(loaded).error();
        ++files;
        const bool valid = loaded->workflow != nullptr;
        const auto warnings =
            valid ? definition::Advise(*loaded->workflow) : std::vector<definition::Problem>();
        const bool passes = valid && (!arguments.strict || warnings.empty());
        if (!passes) {
          checker.Fail();
          ++failed;
        }
        if (checker.json()) {
          answers.push_back(Value::Object({{"file", file.string()},
                                           {"workflow", valid ? loaded->workflow->name : ""},
                                           {"problems", ToJsonValue(loaded->problems)},
                                           {"warnings", ToJsonValue(warnings)}}));
          return {};
        }
        Print(file, loaded->problems, "");
        if (arguments.strict) Print(file, warnings, "warning: ");
        if (passes) {
          std::printf("%s: valid (%s)\n", file.c_str(), loaded->workflow->name.c_str());
        } else if (valid) {
          std::printf("%s: can be loaded (%s), but does not pass --strict\n", file.c_str(),
                      loaded->workflow->name.c_str());
        }
        return {};
      });
  return Conclude(checker, answers, files, failed, code);
}

int ValidateTargets(const Common& common, const std::vector<std::string>& paths) {
  Checker checker(common);
  definition::Inventory inventory;
  std::set<fs::path> policies;
  Value::List answers;
  std::size_t files = 0;
  std::size_t failed = 0;
  const int code = checker.EachFile(paths, false, [&](const fs::path& file) -> Result<void> {
    auto text = ReadFile(file, kDefinitionMax);
    if (!text) return std::move(text).error();
    ++files;
    const std::string mistakes = AddPoliciesBeside(file, policies, inventory);
    auto added = inventory.AddFile(*text, file.string());
    if (!added) {
      added = InvalidArgument(added.error().message + (mistakes.empty() ? "" : "\n" + mistakes));
    }
    if (!added) {
      checker.Fail();
      ++failed;
    }
    if (!checker.json()) {
      const std::string told = added ? file.string() + ": valid" : added.error().message;
      std::printf("%s\n", Clean(told).c_str());
      return {};
    }
    std::vector<std::string> problems;  // each line has its place
    std::istringstream lines(added ? std::string() : added.error().message);
    for (std::string line; std::getline(lines, line);) problems.push_back(line);
    answers.push_back(
        Value::Object({{"file", file.string()}, {"problems", ToJsonValue(problems)}}));
    return {};
  });
  return Conclude(checker, answers, files, failed, code);
}

int PrintSchema() {
  std::printf("%s\n", ToPrettyJson(definition::JsonSchemaOfWorkflows()).c_str());
  return kOk;
}

int TestWorkflows(const Common& common, const std::vector<std::string>& paths) {
  Checker checker(common);
  Value::List answers;
  std::size_t played = 0;
  std::size_t failed = 0;
  const auto begin = std::chrono::steady_clock::now();
  const int code = checker.EachFile(paths, true, [&](const fs::path& given) -> Result<void> {
    // Either of the two names both.
    const fs::path stem = HoldsCases(given) ? given.stem().stem() : given.stem();
    const fs::path definition = given.parent_path() / (stem.string() + given.extension().string());
    const fs::path cases =
        given.parent_path() / (stem.string() + std::string(kCases) + given.extension().string());
    auto loaded = checker.Load(definition);
    if (!loaded) return loaded.error().In("the workflow of " + given.string());
    if (loaded->workflow == nullptr) {
      Print(definition, loaded->problems, "");
      checker.Fail();
      return {};
    }
    auto text = ReadFile(cases, kDefinitionMax);
    if (!text) return text.error().In("the cases of " + definition.string());
    const rehearsal::Report report = rehearsal::Rehearse(*loaded->workflow, *text);
    if (!report.ok()) checker.Fail();
    played += report.verdicts.size();
    failed += static_cast<std::size_t>(std::ranges::count_if(
        report.verdicts, [](const auto& verdict) { return !verdict.problems.empty(); }));
    if (checker.json()) {
      answers.push_back(ToJsonValue(report).With("file", cases.string()));
      return {};
    }
    std::printf("%s\n", cases.c_str());
    Print(cases, report.problems, "");
    for (const rehearsal::Verdict& verdict : report.verdicts) Print(cases, verdict);
    std::string missing;
    for (const std::string& step : report.unreached)
      missing += (missing.empty() ? "" : ", ") + step;
    if (!missing.empty()) std::printf("  no case comes to %s\n", missing.c_str());
    return {};
  });
  if (checker.json()) {
    PrintJson(Value::Object({{"files", answers}}));
  } else {
    const auto took = std::chrono::steady_clock::now() - begin;
    std::printf("%zu cases, %zu failed, in %s\n", played, failed,
                HumanDuration(std::chrono::duration_cast<std::chrono::microseconds>(took)).c_str());
  }
  return code;
}

}  // namespace recourse::cli

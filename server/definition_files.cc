#include "server/definition_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <sstream>
#include <system_error>

#include "engine/base/file.h"
#include "engine/base/text.h"

namespace recourse::server {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kDefinitionMax = 1024 * 1024;
constexpr mode_t kNewFile = 0600;

bool IsDefinition(const fs::path& path) {
  const std::string extension = path.extension();
  // What is called recovery.test.yaml holds the rehearsals of recovery.yaml.
  const bool rehearses = path.stem().extension() == ".test";
  return (extension == ".yaml" || extension == ".yml") && !rehearses;
}

// What stands behind symbolic links, so that a link stays one when its file is written.
std::string Resolved(const std::string& file) {
  std::error_code problem;
  const fs::path real = fs::canonical(file, problem);
  return problem ? file : real.string();
}

mode_t ModeOf(const std::string& file) {
  struct stat facts = {};
  return stat(file.c_str(), &facts) == 0 ? facts.st_mode & 07777 : kNewFile;
}

// `texts`, by the workflow's name, outlives the answer.
definition::OtherWorkflows FoundIn(const std::map<std::string, std::string>& texts) {
  return [&texts](std::string_view name) -> std::optional<std::string> {
    const auto found = texts.find(std::string(name));
    return found == texts.end() ? std::nullopt : std::optional(found->second);
  };
}

}  // namespace

// One reading of all files.
class DefinitionFiles::Reading {
 public:
  Reading(const Texts& before, const Texts& overlay) : before_(before), overlay_(overlay) {}

  // Calls `take` with name and text of each file; what it answers is a problem unless it is empty.
  template <class Take>
  void EachFile(const std::vector<std::string>& directories, Take take) {
    for (const std::string& file : FilesIn(directories)) Use(file, take);
  }

  // The same, but first those that are as they were, then the other ones that were there: neither a
  // changed nor a new file takes from another what is its own.
  template <class Take>
  void EachFileOldFirst(const std::vector<std::string>& directories, Take take) {
    std::vector<std::pair<int, std::string>> ranked;
    for (const std::string& file : FilesIn(directories)) {
      const auto before = before_.find(file);
      const auto text = TextOf(file);
      const bool is_new = before == before_.end();
      ranked.emplace_back(is_new ? 2 : !text || *text != before->second ? 1 : 0, file);
    }
    std::ranges::stable_sort(ranked, {}, &std::pair<int, std::string>::first);
    for (const auto& [rank, file] : ranked) Use(file, take);
  }

  // The text of each workflow by its name, for those that run another. `is_good` is asked about
  // each; what a broken one held before stands for it.
  template <class IsGood>
  Texts WorkflowTexts(const std::vector<std::string>& directories, IsGood is_good) {
    Texts files, texts;
    const std::vector<std::string> told = problems;
    for (const std::string& file : FilesIn(directories)) {
      const auto text = TextOf(file);
      const auto before = before_.find(file);
      if (text) files.emplace(file, *text);
      if (!text && before != before_.end()) files.emplace(file, before->second);
    }
    problems = told;  // They are told when the files are used.
    for (const auto& [file, text] : files) texts.emplace(definition::NameIn(text), text);
    const Texts as_they_are = texts;
    for (const auto& [file, text] : files) {
      const auto before = before_.find(file);
      if (before == before_.end() || is_good(text, as_they_are)) continue;
      texts[definition::NameIn(before->second)] = before->second;
    }
    return texts;
  }

  std::vector<std::string> Changes() const {
    std::vector<std::string> changes;
    for (const auto& [file, text] : good) {
      const auto found = before_.find(file);
      if (found == before_.end()) changes.push_back("added " + file);
      if (found != before_.end() && found->second != text) changes.push_back("changed " + file);
    }
    for (const auto& [file, text] : before_) {
      if (!good.contains(file)) changes.push_back("removed " + file);
    }
    return changes;
  }

  Texts good;
  std::vector<std::string> problems;

  // The same for one file.
  template <class Take>
  void Use(const std::string& file, Take take) {
    const auto text = TextOf(file);
    std::string problem = text ? take(file, *text) : text.error().message;
    if (problem.empty()) {
      good.emplace(file, *text);
      return;
    }
    problems.push_back(std::move(problem));
    const auto before = before_.find(file);
    if (before == before_.end() || !take(file, before->second).empty()) return;
    good.emplace(file, before->second);
    problems.push_back(file + ": what it held before stays in use");
  }

 private:
  std::vector<std::string> FilesIn(const std::vector<std::string>& directories) {
    std::vector<std::string> files;
    for (const std::string& directory : directories) {
      for (std::string& file : FilesIn(directory)) files.push_back(std::move(file));
    }
    return files;
  }

  std::vector<std::string> FilesIn(const std::string& directory) {
    std::vector<std::string> files;
    std::error_code problem;
    for (fs::directory_iterator entry(directory, problem), end; !problem && entry != end;
         entry.increment(problem)) {
      if (IsDefinition(entry->path())) files.push_back(entry->path());
    }
    const bool in_overlay = AddFrom(overlay_, directory, files);
    if (problem && !in_overlay) {
      problems.push_back(directory + ": " + problem.message());
      AddFrom(before_, directory, files);
    }
    std::ranges::sort(files);
    files.erase(std::unique(files.begin(), files.end()), files.end());
    return files;
  }

  static bool AddFrom(const Texts& texts, const std::string& directory,
                      std::vector<std::string>& files) {
    bool any = false;
    for (const auto& [file, text] : texts) {
      if (fs::path(file).parent_path() != fs::path(directory)) continue;
      files.push_back(file);
      any = true;
    }
    return any;
  }

  Result<std::string> TextOf(const std::string& file) const {
    const auto planned = overlay_.find(file);
    return planned != overlay_.end() ? Result<std::string>(planned->second)
                                     : ReadFile(file, kDefinitionMax);
  }

  const Texts& before_;
  const Texts& overlay_;
};

Definitions DefinitionFiles::Load(const Texts& overlay) {
  Definitions definitions;
  runtime::Catalogue& catalogue = definitions.catalogue;
  Reading reading(good_, overlay);
  Names workflow_files;
  Names schedule_files;
  const auto taken = [](const Names& files, std::string_view kind, const std::string& name,
                        const std::string& file) -> std::string {
    const auto first = files.find(name);
    if (first == files.end()) return "";
    return file + ": " + std::string(kind) + " \"" + name + "\" is already there, from " +
           first->second;
  };

  std::vector<std::string> directories = directories_.workflows;
  const bool has_own = std::ranges::any_of(overlay, [this](const auto& one) {
    return fs::path(one.first).parent_path() == fs::path(directories_.own);
  });
  std::error_code unreadable;
  if (!directories_.own.empty() && (has_own || fs::exists(directories_.own, unreadable))) {
    directories.insert(directories.begin(), directories_.own);
  }
  const Texts texts =
      reading.WorkflowTexts(directories, [this](const std::string& text, const Texts& all) {
        return definition::LoadWorkflow(text, actions_, FoundIn(all)).workflow != nullptr;
      });
  reading.EachFile(directories, [&](const std::string& file, const std::string& text) {
    const definition::Loaded loaded = definition::LoadWorkflow(text, actions_, FoundIn(texts));
    if (loaded.workflow == nullptr) return loaded.Report(file);
    const std::string& name = loaded.workflow->name;
    if (auto problem = taken(workflow_files, "workflow", name, file); !problem.empty()) {
      return problem;
    }
    workflow_files.emplace(name, file);
    catalogue.workflows.emplace(name, loaded.workflow);
    return std::string();
  });
  reading.EachFile(directories_.escalation_policies,
                   [&](const std::string& file, const std::string& text) {
                     const auto added = catalogue.inventory.AddPolicyFile(text, file);
                     return added ? std::string() : added.error().message;
                   });
  reading.EachFileOldFirst(
      directories_.targets, [&](const std::string& file, const std::string& text) {
        const auto added = catalogue.inventory.AddFile(text, file);
        if (added) return std::string();
        // Who asks for it is told why it is not there. A file that cannot be read has its target's
        // name.
        const std::string name = definition::NameIn(text);
        catalogue.inventory.LeaveOut(name.empty() ? fs::path(file).stem().string() : name,
                                     added.error().message);
        return added.error().message;
      });
  reading.EachFile(directories_.schedules, [&](const std::string& file, const std::string& text) {
    auto loaded = definition::LoadSchedule(text, file, catalogue.workflows, catalogue.inventory);
    if (!loaded) return loaded.error().message;
    const std::string& name = (*loaded)->name;
    if (auto problem = taken(schedule_files, "schedule", name, file); !problem.empty()) {
      return problem;
    }
    schedule_files.emplace(name, file);
    catalogue.schedules.emplace(name, *std::move(loaded));
    return std::string();
  });

  const std::string& rules_file = directories_.alert_rules;
  if (!rules_file.empty() &&
      (directories_.alert_rules_expected || fs::exists(rules_file, unreadable))) {
    reading.Use(rules_file, [&](const std::string& file, const std::string& text) {
      auto rules = alerts::LoadRules(text, file, catalogue.workflows, catalogue.inventory);
      if (!rules) return rules.error().message;
      definitions.alert_rules = *std::move(rules);
      return std::string();
    });
    if (!reading.good.contains(rules_file)) UseInPart(rules_file, definitions);
  }

  definitions.changes = reading.Changes();
  definitions.problems = reading.problems;
  problems_ = std::move(reading.problems);
  good_ = std::move(reading.good);
  workflow_files_ = std::move(workflow_files);
  digests_.clear();
  for (const auto& [name, workflow] : catalogue.workflows) digests_[name] = workflow->digest;
  return definitions;
}

// A broken workflow takes those rules only that start it.
void DefinitionFiles::UseInPart(const std::string& rules_file, Definitions& definitions) {
  const auto text = ReadFile(rules_file, kDefinitionMax);
  if (!text) return;
  std::string unusable;
  auto rules = alerts::LoadRules(*text, rules_file, definitions.catalogue.workflows,
                                 definitions.catalogue.inventory, &unusable);
  if (!rules) return;
  definitions.alert_rules = *std::move(rules);
  std::istringstream lines(unusable);
  for (std::string line; std::getline(lines, line);) {
    definitions.alert_rules_unusable.push_back(line + "; an alert for it starts " +
                                               definitions.alert_rules->fallback +
                                               ", all others are as ever");
  }
}

// Empty: there is no place for it.
std::string DefinitionFiles::FileFor(const std::string& workflow) const {
  const auto found = workflow_files_.find(workflow);
  if (found != workflow_files_.end()) return found->second;
  return directories_.own.empty() ? "" : directories_.own + "/" + workflow + ".yaml";
}

// Each definition for itself.
DefinitionFiles::Application DefinitionFiles::Check(const std::vector<Given>& given,
                                                    Texts& overlay) const {
  Application checked;
  Texts texts;  // by the workflow's name: those that are given come first
  for (const Given& one : given) texts.emplace(definition::NameIn(one.text), one.text);
  for (const auto& [name, file] : workflow_files_) texts.emplace(name, good_.at(file));
  for (const Given& one : given) {
    const definition::Loaded loaded = definition::LoadWorkflow(one.text, actions_, FoundIn(texts));
    if (loaded.workflow == nullptr) {
      checked.problems.push_back(loaded.Report(one.file));
      continue;
    }
    const std::string& name = loaded.workflow->name;
    const std::string file = FileFor(name);
    const auto before = digests_.find(name);
    const bool is_new = before == digests_.end();
    if (file.empty()) {
      checked.problems.push_back(
          one.file + ": this server has no directory for the new workflow \"" + name + "\"");
    } else if (is_new && fs::exists(file)) {
      checked.problems.push_back(one.file + ": the new workflow \"" + name +
                                 "\" would be stored in " + file +
                                 ", which is there already and holds something else");
    } else if (!overlay.emplace(file, one.text).second) {
      checked.problems.push_back(one.file + ": the workflow \"" + name + "\" is given twice");
    } else {
      checked.applied.push_back(
          {name, file, loaded.workflow->digest, is_new ? std::string() : before->second});
    }
  }
  return checked;
}

Result<DefinitionFiles::Application> DefinitionFiles::Apply(const std::vector<Given>& given) {
  Texts overlay;
  Application application = Check(given, overlay);
  if (!application.problems.empty()) return application;
  DefinitionFiles after = *this;
  application.definitions = after.Load(overlay);
  for (const std::string& problem : application.definitions.problems) {
    if (std::ranges::find(problems_, problem) != problems_.end()) continue;
    application.problems.push_back("with it, this could not be used any more: " + problem);
  }
  if (!application.problems.empty()) return application;

  std::string written;
  for (const auto& [file, text] : overlay) {
    const std::string path = Resolved(file);
    Result<void> stored;
    if (fs::path(file).parent_path() == fs::path(directories_.own)) {
      stored = MakeDirectories(directories_.own, 0700);
    }
    if (stored) stored = WriteFileAtomically(path, text, ModeOf(path));
    if (!stored) {
      Error error = std::move(stored).error();
      error.message += written.empty() ? ". Nothing was applied"
                                       : ". Written before it, and in force: " + written;
      error.message += ". Change the file by hand and send the server SIGHUP";
      return error;
    }
    written += (written.empty() ? "" : ", ") + file;
  }
  *this = std::move(after);
  return application;
}

}  // namespace recourse::server

#include "server/load.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>

#include "engine/base/file.h"

namespace recourse::server {
namespace {

constexpr std::int64_t kFileMax = 1024 * 1024;

std::vector<std::string> FilesIn(const std::string& directory, std::vector<std::string>& problems) {
  std::vector<std::string> files;
  std::error_code problem;
  for (std::filesystem::directory_iterator entry(directory, problem), end; !problem && entry != end;
       entry.increment(problem)) {
    const std::string extension = entry->path().extension();
    // What is called recovery.test.yaml holds the rehearsals of recovery.yaml.
    const bool rehearses = entry->path().stem().extension() == ".test";
    if ((extension == ".yaml" || extension == ".yml") && !rehearses) files.push_back(entry->path());
  }
  if (problem) problems.push_back(directory + ": " + problem.message());
  std::sort(files.begin(), files.end());
  return files;
}

// Calls `take` with name and text of each file; what it answers is a problem unless it is empty.
template <class Take>
void EachFile(const std::vector<std::string>& directories, std::vector<std::string>& problems,
              Take take) {
  for (const std::string& directory : directories) {
    for (const std::string& file : FilesIn(directory, problems)) {
      const auto text = ReadFile(file, kFileMax);
      std::string problem = text ? take(file, *text) : text.error().message;
      if (!problem.empty()) problems.push_back(std::move(problem));
    }
  }
}

}  // namespace

Definitions LoadDefinitions(const std::vector<std::string>& workflow_directories,
                            const std::vector<std::string>& target_directories,
                            const ActionCatalogue& actions,
                            const std::vector<std::string>& schedule_directories) {
  Definitions definitions;
  std::map<std::string, std::string> texts;  // by the workflow's name: one may run another
  EachFile(workflow_directories, definitions.problems,
           [&](const std::string&, const std::string& text) -> std::string {
             texts.emplace(definition::NameIn(text), text);
             return "";
           });
  const definition::OtherWorkflows others = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = texts.find(std::string(name));
    return found == texts.end() ? std::nullopt : std::optional(found->second);
  };
  definitions.problems.clear();  // they are told below
  std::map<std::string, std::string> file_of;  // by the workflow's name
  EachFile(workflow_directories, definitions.problems,
           [&](const std::string& file, const std::string& text) -> std::string {
             const definition::Loaded loaded = definition::LoadWorkflow(text, &actions, others);
             if (loaded.workflow == nullptr) return loaded.Report(file);
             const std::string& name = loaded.workflow->name;
             const auto [first, added] = file_of.emplace(name, file);
             if (!added) {
               return file + ": workflow \"" + name + "\" is already there, from " + first->second;
             }
             definitions.workflows.emplace(name, loaded.workflow);
             return "";
           });
  EachFile(target_directories, definitions.problems,
           [&](const std::string& file, const std::string& text) -> std::string {
             const auto added = definitions.inventory.AddFile(text, file);
             return added ? "" : added.error().message;
           });
  std::map<std::string, std::string> schedule_files;  // by the schedule's name
  EachFile(schedule_directories, definitions.problems,
           [&](const std::string& file, const std::string& text) -> std::string {
             auto loaded = definition::LoadSchedule(text, file, definitions.workflows,
                                                    definitions.inventory);
             if (!loaded) return loaded.error().message;
             const std::string& name = (*loaded)->name;
             const auto [first, added] = schedule_files.emplace(name, file);
             if (!added) {
               return file + ": schedule \"" + name + "\" is already there, from " + first->second;
             }
             definitions.schedules.emplace(name, *std::move(loaded));
             return "";
           });
  return definitions;
}

}  // namespace recourse::server

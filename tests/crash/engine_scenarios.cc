#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include "tests/crash/scenario.h"

namespace recourse::crash {
namespace {

namespace fs = std::filesystem;

// Effects that are counted (lines of a file), one that is not (a mode), and each way to wait.
constexpr const char* kSteps = R"(
  - {id: first, action: debug.append, with: {path: "${inputs.data}/lines"}}
  - id: each
    action: debug.append
    for_each: "${[1, 2]}"
    with: {path: "${inputs.data}/lines"}
  - {id: stumble, action: debug.fail, with: {code: UNAVAILABLE, times: 1},
     retry: {attempts: 2, delay: 5ms, on: [UNAVAILABLE]}}
  - {id: mode, action: file.permissions, with: {path: "${inputs.data}/guarded", mode: "0640"}}
  - {id: rest, wait: {for: 5ms}}
  - {id: confirm, approval: {prompt: "Go on?", approvers: [dba], exclude_requester: true}}
  - {id: second, action: debug.append, with: {path: "${inputs.data}/lines"}}
)";

// Branches at work side by side, one of them in a workflow of its own, and what runs at last.
constexpr const char* kBranches = R"(
  - {id: first, action: debug.append, with: {path: "${inputs.data}/lines"}}
  - id: both
    parallel:
      branches:
        left:
          - {id: l1, action: debug.append, with: {path: "${inputs.data}/left"}}
          - {id: l2, action: debug.append, with: {path: "${inputs.data}/left"}}
        right:
          - {id: inner, workflow: inner, with: {data: "${inputs.data}"}}
          - {id: mode, action: file.permissions, with: {path: "${inputs.data}/guarded", mode: "0640"}}
  - id: many
    action: debug.append
    for_each: "${['a', 'b', 'c']}"
    max_parallel: 2
    with: {path: "${inputs.data}/${item}"}
)";
constexpr const char* kFinish = R"(
on_finish:
  - {id: last, action: debug.append, with: {path: "${inputs.data}/last"}}
)";

void WriteWorkflow(const std::string& data, const std::string& name, const std::string& steps) {
  fs::create_directories(data + "/workflows");
  std::ofstream(data + "/workflows/" + name + ".yaml")
      << "name: " << name << "\ninputs:\n  data: {type: string}\nlock: lines\nsteps:" << steps;
  std::ofstream(data + "/guarded") << "guarded\n";
  chmod((data + "/guarded").c_str(), 0600);
}

std::string Observe(const std::string& data) {
  std::ifstream file(data + "/lines");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  // Each line is an attempt's key; the moment in it is another one in every play.
  const std::string lines = std::regex_replace(text, std::regex("@[0-9]+"), "");
  struct stat info = {};
  stat((data + "/guarded").c_str(), &info);
  return lines + ((info.st_mode & 07777) == 0640 ? "0640" : "0600");
}

std::string ObserveBranches(const std::string& data) {
  std::string text;
  for (const char* name : {"lines", "left", "right", "a", "b", "c", "last"}) {
    std::ifstream file(data + "/" + name);
    text += std::string(name) + ":" + std::string(std::istreambuf_iterator<char>(file), {});
  }
  struct stat info = {};
  stat((data + "/guarded").c_str(), &info);
  return std::regex_replace(text, std::regex("@[0-9]+|\n"), "") +
         ((info.st_mode & 07777) == 0640 ? " 0640" : " 0600");
}

Scenario EngineScenario(std::string name, const std::string& steps) {
  Scenario scenario;
  scenario.name = name;
  scenario.workflow = name;
  scenario.inputs = R"({"data":"@"})";
  scenario.prepare = [name, steps](const std::string& data) { WriteWorkflow(data, name, steps); };
  scenario.observe = Observe;
  scenario.effects = {"append_after_write", "append_after_undo"};
  return scenario;
}

}  // namespace

std::vector<Scenario> EngineScenarios() {
  Scenario good = EngineScenario("good-path", kSteps);
  good.expected = "R-1/first/1\nR-1/each[0]/1\nR-1/each[1]/1\nR-1/second/1\n0640";
  good.first_kills = {"append_after_write:1", "after_prepare:3", "before_apply:6"};

  Scenario rollback =
      EngineScenario("rollback", std::string(kSteps) + "  - {id: give_up, action: debug.fail}\n");
  rollback.ends = v1::RUN_STATUS_ROLLED_BACK;
  rollback.expected = "0600";
  rollback.first_kills = {"append_after_undo:2", "before_compensate:3"};

  // Back to a checkpoint, and on by another way.
  Scenario detour = EngineScenario("detour", R"(
  - {id: first, action: debug.append, with: {path: "${inputs.data}/lines"}}
  - {id: begun, checkpoint: true}
  - {id: second, action: debug.append, with: {path: "${inputs.data}/lines"}}
  - {id: mode, action: file.permissions, with: {path: "${inputs.data}/guarded", mode: "0640"}}
  - {id: give_up, action: debug.fail, on_error: {INTERNAL: {rollback_to: begun, goto: third}}}
  - {id: never, succeed: true}
  - {id: third, action: debug.append, with: {path: "${inputs.data}/lines"}}
)");
  detour.expected = "R-1/first/1\nR-1/third/1\n0600";
  detour.first_kills = {"append_after_undo:1"};

  const auto with_branches = [](std::string name, const std::string& more) {
    Scenario scenario = EngineScenario(std::move(name), std::string(kBranches) + more + kFinish);
    scenario.observe = ObserveBranches;
    scenario.prepare = [prepare = scenario.prepare](const std::string& data) {
      prepare(data);
      WriteWorkflow(data, "inner", R"(
  - {id: one, action: debug.append, with: {path: "${inputs.data}/right"}}
)");
    };
    return scenario;
  };
  Scenario branches = with_branches("branches", "");
  branches.expected =
      "lines:R-1/first/1left:R-1/l1/1R-1/l2/1right:R-1/inner/one/1a:R-1/many[0]/1b:R-1/many[1]/1"
      "c:R-1/many[2]/1last:R-1/last/1 0640";
  branches.first_kills = {"before_apply:3"};

  Scenario undone = with_branches("branches-undone", "  - {id: give_up, action: debug.fail}\n");
  undone.ends = v1::RUN_STATUS_ROLLED_BACK;
  undone.expected = "lines:left:right:a:b:c:last:R-1/last/1 0600";
  return {good, rollback, detour, branches, undone};
}

}  // namespace recourse::crash

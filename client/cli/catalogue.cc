// workflows, actions, journal: what the server has.
#include <cstdio>
#include <filesystem>

#include "client/cli/verbs.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse::cli {
namespace {

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(c));
  return text;
}

std::string Span(const google::protobuf::Duration& duration) {
  return HumanDuration(std::chrono::seconds(duration.seconds()) +
                       std::chrono::microseconds(duration.nanos() / 1000));
}

std::string WorkflowText(const v1::Workflow& workflow) {
  std::string text = OneLine(workflow.name() + " - " + workflow.summary()) + "\ndigest " +
                     OneLine(workflow.digest()) + "\n";
  Table inputs({"INPUT", "TYPE", "DEFAULT", "WHAT"});
  for (const v1::WorkflowInput& input : workflow.inputs()) {
    std::string what = input.description();
    for (int i = 0; i < input.required_resources_size(); ++i) {
      what += (i == 0 ? " (with " : ", ") + input.required_resources(i);
      if (i + 1 == input.required_resources_size()) what += ")";
    }
    inputs.Add(
        {input.name(), input.type(), input.required() ? "required" : input.default_json(), what});
  }
  Table steps({"STEP", "KIND", "EXPECT", "WHAT"});
  for (const v1::WorkflowStep& step : workflow.steps()) {
    steps.Add({step.id(), step.action().empty() ? step.kind() : step.action(),
               step.has_expect() ? Span(step.expect()) : "",
               step.summary() + (step.irreversible() ? " (irreversible)" : "")});
  }
  return text + (inputs.empty() ? "" : "\n" + inputs.ToString()) + "\n" + steps.ToString();
}

void PrintValidation(const std::string& file, const v1::ValidateWorkflowResponse& answer) {
  if (answer.problems().empty()) {
    std::printf("%s: valid (%s)\n", file.c_str(), OneLine(answer.workflow().name()).c_str());
  }
  for (const v1::Problem& problem : answer.problems()) {
    std::printf("%s:%d:%d: %s\n", file.c_str(), problem.line(), problem.column(),
                OneLine(problem.message()).c_str());
  }
}

}  // namespace

int ListWorkflows(const Common& common) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    v1::ListWorkflowsRequest request;
    auto list = AllPages(server, &v1::WorkflowService::Stub::ListWorkflows, server.workflows(),
                         request, [](auto& answer) { return answer.mutable_workflows(); });
    if (!list) return std::move(list).error();
    if (common.json) return PrintJson(*list);
    Table table({"WORKFLOW", "SEVERITY", "WHAT"});
    for (const v1::Workflow& workflow : list->workflows()) {
      table.Add({workflow.name(), workflow.severity(), workflow.summary()});
    }
    std::printf("%s",
                table.empty() ? "the server has loaded no workflow\n" : table.ToString().c_str());
    return kOk;
  });
}

int ShowWorkflow(const Common& common, const std::string& name) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    v1::GetWorkflowRequest request;
    request.set_workflow(name);
    auto workflow =
        Unary(server, &v1::WorkflowService::Stub::GetWorkflow, server.workflows(), request);
    if (!workflow) return std::move(workflow).error();
    if (common.json) return PrintJson(*workflow);
    std::printf("%s", WorkflowText(*workflow).c_str());
    return kOk;
  });
}

int ValidateWorkflows(const Common& common, const std::vector<std::string>& files) {
  std::vector<std::string> texts;
  for (const std::string& file : files) {
    auto text = ReadFile(file, kDefinitionMax);
    if (!text) return Tell(text.error(), kUsage);
    if (!IsUtf8(*text)) return Tell(InvalidArgument(file + ": not UTF-8"), kRefused);
    texts.push_back(*std::move(text));
  }
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    int code = kOk;
    Value::List found;
    for (std::size_t i = 0; i < files.size(); ++i) {
      v1::ValidateWorkflowRequest request;
      request.set_definition(texts[i]);
      auto answer =
          Unary(server, &v1::WorkflowService::Stub::ValidateWorkflow, server.workflows(), request);
      if (!answer) return std::move(answer).error().In(files[i]);
      if (!answer->problems().empty()) code = kRefused;
      if (!common.json) {
        PrintValidation(files[i], *answer);
        continue;
      }
      auto json = Json(*answer);
      if (!json) return std::move(json).error();
      auto value = ParseJson(*json);
      if (!value) return std::move(value).error();
      found.push_back(value->With("file", files[i]));
    }
    if (common.json) PrintJson(Value::Object({{"files", found}}));
    return code;
  });
}

int ListActions(const Common& common) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    v1::ListActionsRequest request;
    auto list = AllPages(server, &v1::WorkflowService::Stub::ListActions, server.workflows(),
                         request, [](auto& answer) { return answer.mutable_actions(); });
    if (!list) return std::move(list).error();
    if (common.json) return PrintJson(*list);
    Table table({"ACTION", "CLASS", "UNDO", "WHAT"});
    for (const v1::Action& action : list->actions()) {
      table.Add({action.name(), Lower(v1::Action::Repeat_Name(action.repeat())),
                 action.can_compensate() ? "yes" : "", action.summary()});
    }
    std::printf("%s", table.ToString().c_str());
    return kOk;
  });
}

int ShowAction(const Common& common, const std::string& name) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    v1::GetActionRequest request;
    request.set_action(name);
    auto action = Unary(server, &v1::WorkflowService::Stub::GetAction, server.workflows(), request);
    if (!action) return std::move(action).error();
    if (common.json) return PrintJson(*action);
    std::string phases = "apply";
    if (action->has_plan()) phases += ", plan";
    if (action->has_prepare()) phases += ", prepare";
    if (action->has_verify()) phases += ", verify";
    if (action->can_compensate()) phases += ", compensate";
    std::string retry = "no";
    if (action->attempts() > 1) {
      retry = std::to_string(action->attempts()) + " attempts in all, on";
      for (const std::string& code : action->retry_on()) retry += " " + code;
    }
    std::printf(
        "%s - %s\nclass    %s\nphases   %s\ntimeout  %s\nretry    %s\n\ninputs\n%s\n\noutput\n%s\n",
        OneLine(action->name()).c_str(), OneLine(action->summary()).c_str(),
        Lower(v1::Action::Repeat_Name(action->repeat())).c_str(), phases.c_str(),
        Span(action->timeout()).c_str(), retry.c_str(),
        Pretty(action->inputs_schema_json()).c_str(), Pretty(action->output_schema_json()).c_str());
    return kOk;
  });
}

std::string DamageAdvice(const std::string& file) {
  return "what to do:\n"
         "  1. stop the server if it runs on this file, and repair nothing in it\n"
         "  2. keep a copy of " +
         file + " and, where they are, of " + file + "-wal and " + file +
         "-shm\n"
         "  3. see what can still be read:\n"
         "       recourse runs --file " +
         ShellWord(file) +
         "\n"
         "       recourse journal show --file " +
         ShellWord(file) +
         "\n"
         "  4. check your newest backup: recourse journal verify --file BACKUP\n"
         "     and put it in place as docs/operations.md says (Backup of the journal); runs then "
         "stand\n"
         "     where they stood when it was made, so look at what was done since before they go "
         "on\n"
         "  no backup, and runs and events can be read: the server can go on with the file, but "
         "its\n"
         "  record proves nothing behind the place named above\n";
}

int PrintVerification(const Common& common, const v1::VerifyJournalResponse& verified,
                      const std::string& file) {
  const int found = verified.problems().empty() ? kOk : kRunNotSucceeded;
  if (common.json) {
    const int printed = PrintJson(verified);
    return printed == kOk ? found : printed;
  }
  for (const std::string& problem : verified.problems()) {
    std::printf("%s\n", Painted(OneLine(problem), Colour::kBad).c_str());
  }
  const bool sound = verified.problems().empty();
  std::printf("%s: %ld events of %ld runs; chain and indexes %s\nhead %s\n",
              sound ? "the journal is sound" : "the journal has problems",
              static_cast<long>(verified.events()), static_cast<long>(verified.runs()),
              sound ? "agree" : "do not agree", verified.head().c_str());
  if (verified.absent() > 0) {
    std::printf(
        "gaps %ld positions without event, told of by the journal itself; removed after "
        "their export: %ld runs\n",
        static_cast<long>(verified.absent()), static_cast<long>(verified.removed_runs()));
  }
  if (verified.heads() + verified.heads_removed() + verified.tombstones() > 0) {
    std::printf(
        "signed %ld heads that the journal has, and %ld tombstones; not compared, because "
        "their events were removed: %ld heads\n",
        static_cast<long>(verified.heads()), static_cast<long>(verified.tombstones()),
        static_cast<long>(verified.heads_removed()));
  }
  if (!sound) std::printf("\n%s", DamageAdvice(OneLine(file)).c_str());
  return found;
}

int BackUpJournal(const Common& common, const std::string& path) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    v1::BackupJournalRequest request;
    // The server's current directory is not the caller's.
    request.set_path(std::filesystem::absolute(path).lexically_normal().string());
    auto backup = Unary(server, &v1::AdminService::Stub::BackupJournal, server.admin(), request,
                        common.server.timeout);
    if (!backup) return std::move(backup).error();
    return PrintBackup(common, *backup);
  });
}

int PrintBackup(const Common& common, const v1::BackupJournalResponse& backup) {
  if (common.json) return PrintJson(backup);
  std::printf("%s (%s), checked and complete\n", OneLine(backup.path()).c_str(),
              HumanBytes(backup.size_bytes()).c_str());
  return kOk;
}

}  // namespace recourse::cli

// recourse: the command with which people drive runs. docs/command.md describes it.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>

#include "client/cli/complaint.h"
#include "client/cli/completion.h"
#include "client/cli/manual.h"
#include "client/cli/tools.h"
#include "client/cli/verbs.h"
#include "engine/base/text.h"

#ifndef RECOURSE_VERSION
#define RECOURSE_VERSION "unknown"
#endif

namespace recourse::cli {
namespace {

class Command {
 public:
  Command() : app_("Drives incident procedures on a recoursed server.", "recourse") {
    common_.server.principal.clear();  // so that a context may say whose token, where no flag does
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.footer(Footer());
    app_.failure_message(Complaint);
    app_.set_version_flag("--version", "recourse " RECOURSE_VERSION);
    app_.add_option("--data", common_.server.data,
                    "the server's data directory: its socket and tokens");
    app_.add_option("--address", common_.server.address, "HOST:PORT instead of the socket");
    app_.add_option("--token-file", common_.server.token_file, "the token to show");
    app_.add_option("--tls-ca", common_.server.tls_ca,
                    "who issued the server's certificate: a PEM file, or system");
    app_.add_option("--tls-cert", common_.server.tls_cert, "your certificate (PEM), for a token");
    app_.add_option("--tls-key", common_.server.tls_key, "its key (PEM)");
    app_.add_flag("--insecure", common_.server.insecure, "call another host without TLS");
    app_.add_option("--as", common_.server.principal,
                    "whose token of the data directory to show (operator)");
    app_.add_option("--context", common_.context,
                    "the server of that name; see recourse context list");
    app_.add_option("--output", output_, "table for people, json or yaml for programs")
        ->check(CLI::IsMember({"table", "json", "yaml"}));
    app_.add_option("--timeout", timeout_,
                    "how long the server may take to answer, or to come back, such as 5m");
    AddRuns();
    AddSteering();
    AddApprovals();
    AddCatalogue();
    AddJournal();
    const AddVerb add = [this](CLI::App& parent, const char* name, const char* what, Verb verb) {
      return Add(parent, name, what, std::move(verb));
    };
    AddIncidentVerbs(app_, common_, add);
    AddIdentityVerbs(app_, common_, add);
    AddScheduleVerbs(app_, common_, add);
    AddContextVerbs(app_, common_, add);
    AddShellVerbs(app_, RECOURSE_VERSION, add);
    Add(app_, "top", "a live screen: what is at work, what waits and for whom",
        [this] { return ShowTop(common_); });
  }

  int Run(int argc, char** argv) {
    // What shells ask is no verb for people, and its words are anything.
    if (argc > 1 && std::string_view(argv[1]) == "complete") {
      return PrintCandidates(app_, {argv + 2, argv + argc});
    }
    if (auto text = CheckText(argc, argv); !text) return Tell(text.error(), kUsage);
    const std::vector<std::string> verbs = Verbs();
    if (argc > 1 && argv[1][0] != '-' &&
        std::find(verbs.begin(), verbs.end(), argv[1]) == verbs.end()) {
      const std::string nearest = Nearest(argv[1], verbs);
      std::fprintf(stderr, "recourse: there is no verb \"%s\"%s; recourse --help lists them\n",
                   Clean(argv[1]).c_str(),
                   nearest.empty() ? "" : ("; did you mean \"" + nearest + "\"?").c_str());
      return kUsage;
    }
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      const int code = app_.exit(error);
      return code == 0 ? kOk : kUsage;
    }
    common_.json = output_ != "table";
    if (output_ == "yaml") UseNotation(Notation::kYaml);
    if (!timeout_.empty()) {
      const auto timeout = ParseDuration(timeout_);
      if (!timeout || timeout->count() == 0) {
        return Tell(InvalidArgument("--timeout " + timeout_ + ": write it as 30s or 5m"), kUsage);
      }
      common_.server.timeout = std::chrono::ceil<std::chrono::milliseconds>(*timeout);
    }
    return verb_();
  }

 private:
  using Verb = std::function<int()>;

  std::vector<std::string> Verbs() const {
    std::vector<std::string> names;
    for (const CLI::App* sub : app_.get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(sub->get_name());
    }
    return names;
  }

  CLI::App* Add(CLI::App& parent, const char* name, const char* what, Verb verb) {
    CLI::App* sub = parent.add_subcommand(name, what);
    sub->fallthrough();
    sub->callback([this, verb = std::move(verb)] { verb_ = verb; });
    return sub;
  }
  CLI::App& Group(const char* name, const char* what) {
    CLI::App* group = app_.add_subcommand(name, what);
    group->require_subcommand(1);
    group->fallthrough();
    return *group;
  }

  void AddRuns() {
    CLI::App* start = Add(app_, "start", "start a run of a workflow",
                          [this] { return StartRun(common_, start_); });
    AddStartArguments(start);
    AddStartArguments(Add(app_, "plan", "what a run would do; starts nothing",
                          [this] { return PlanRun(common_, start_); }));
    start->add_option("--request-id", start_.request_id, "makes it safe to repeat the call");
    start->add_flag("--wait", start_.wait, "follow the run until it is over or waits for a person");
    start->add_option("--severity", start_.severity,
                      "critical, high, medium or low; else as the workflow says");
    start->add_option("--hold", start_.hold,
                      "why: it is paused before its first step, until a person resumes it");

    CLI::App* runs = Add(app_, "runs", "list runs, newest first", [this] {
      return file_.empty() ? ListRuns(common_, runs_) : ListRunsOffline(common_, file_, runs_);
    });
    runs->add_option("--status", runs_.statuses, "only in this status; may be repeated");
    runs->add_option("--workflow", runs_.workflow, "only of this workflow");
    runs->add_option("--target", runs_.target, "only on this target");
    runs->add_option("--limit", runs_.limit, "how many")->check(CLI::Range(1, 1'000'000));
    runs->add_option("--file", file_, "read this journal, with no server");

    CLI::App* show = Add(app_, "show", "a run: where it is, why it waits, its steps", [this] {
      return file_.empty() ? ShowRun(common_, steer_.run)
                           : ShowRunOffline(common_, file_, steer_.run);
    });
    AddRunArgument(show);
    show->add_option("--file", file_, "read this journal, with no server");

    CLI::App* watch = Add(app_, "watch", "follow a run as it happens", [this] {
      watch_.run = steer_.run;
      return WatchRun(common_, watch_);
    });
    AddRunArgument(watch);
    watch->add_flag("--until-waiting", watch_.until_waiting, "end when the run waits for a person");
    watch->add_option("--after", watch_.after, "only events with a larger sequence")
        ->check(CLI::NonNegativeNumber);

    CLI::App* timeline = Add(app_, "timeline", "what happened in a run, from its journal", [this] {
      return file_.empty() ? ShowTimeline(common_, timeline_)
                           : TimelineOffline(common_, file_, timeline_);
    });
    timeline->add_option("run", timeline_.run, "its id, R-1042")->required();
    timeline->add_option("--format", timeline_.format, "text, or a whole report: md, json, html")
        ->check(CLI::IsMember({"text", "md", "json", "html"}))
        ->capture_default_str();
    timeline->add_option("--file", file_, "read this journal, with no server");
  }

  void AddStartArguments(CLI::App* verb) {
    verb->add_option("workflow", start_.workflow, "its name")->required();
    verb->add_option("--target", start_.target, "the input `target`");
    verb->add_option("--input", start_.inputs, "name=value; JSON where it is, else text");
    verb->add_option("--inputs-file", start_.inputs_file, "a JSON object");
  }

  void AddRunArgument(CLI::App* verb) {
    verb->add_option("run", steer_.run, "its id, R-1042")->required();
  }

  CLI::App* AddSteer(const char* name, const char* what,
                     int (*verb)(const Common&, const SteerArguments&), bool needs_reason = false) {
    CLI::App* sub = Add(app_, name, what, [this, verb] {
      NameServer(common_);
      return verb(common_, steer_);
    });
    AddRunArgument(sub);
    sub->add_option("--reason", steer_.reason, "why; stands in the journal")
        ->required(needs_reason);
    sub->add_flag("--wait", steer_.wait, "follow the run until it is over or waits for a person");
    sub->add_option("--revision", steer_.revision,
                    "refuse unless the run is at this revision, as --output json tells it");
    return sub;
  }

  void AddSteering() {
    const char* effect =
        "before a rollback, what is true of an unknown effect: applied, not_applied or partial";
    CLI::App* cancel = AddSteer("cancel", "end a run", Cancel);
    cancel->add_flag("--rollback", steer_.rollback, "undo what it did first");
    cancel->add_option("--effect", steer_.finding, effect);
    AddSteer("pause", "start no further step until resumed", Pause);
    AddSteer("resume", "go on with a paused run", Resume);
    AddSteer("retry", "try the failed step again", Retry)
        ->add_option("--step", steer_.step, "which step, where the run waits at several");
    CLI::App* skip = AddSteer("skip", "go on as if the failed step had succeeded", Skip, true);
    skip->add_option("--step", steer_.step, "refuse unless the run is at this step");
    skip->add_option("--step-output", steer_.output_json,
                     "the output that it should have had, as JSON");
    skip->add_flag("--without-output", steer_.without_output,
                   "go on even if later steps use the output that is not given, and fail");
    CLI::App* rollback = AddSteer("rollback", "undo what a run did, in reverse order", RollBack);
    rollback->add_option("--to", steer_.checkpoint, "only down to this checkpoint");
    rollback->add_option("--effect", steer_.finding, effect);

    CLI::App* note = Add(app_, "note", "add a note to a run's timeline",
                         [this] { return Annotate(common_, steer_); });
    AddRunArgument(note);
    note->add_option("text", steer_.reason, "the note")->required();

    CLI::App* signal = AddSteer("signal", "send a signal that a step waits for", Signal);
    signal->add_option("name", steer_.name, "the signal's name")->required();
    signal->add_option("--payload", steer_.output_json, "what comes with it, as JSON");
    AddSteer("override-window", "ask for leave to go on outside the window; needs --reason",
             OverrideWindow);
    CLI::App* answer = AddSteer("answer", "answer an item of a checklist", AnswerItem);
    answer->add_option("item", steer_.name, "the item's id")->required();
    answer->add_option("--step", steer_.step, "which step, where several checklists are open");
    answer->add_flag("--cannot-be-done", steer_.not_done, "the step fails; say why with --reason");
  }

  void AddApprovals() {
    CLI::App* list = Add(app_, "approvals", "what waits for an approval",
                         [this] { return ListApprovals(common_, all_); });
    list->add_flag("--all", all_, "also those that are settled");
    CLI::App* show = Add(app_, "approval", "one approval: the question, the plan, who may decide",
                         [this] { return ShowApproval(common_, decide_.approval); });
    show->add_option("approval", decide_.approval, "its id, A-381")->required();
    for (const bool reject : {false, true}) {
      CLI::App* verb = Add(app_, reject ? "reject" : "approve",
                           reject ? "say no, and why"
                                  : "say yes; on a terminal: look at it, or at all, and be asked",
                           [this, reject] {
                             decide_.reject = reject;
                             if (!reject && !yes_ && CanAsk(common_)) {
                               return AskApproval(common_, decide_);
                             }
                             return Decide(common_, decide_);
                           });
      verb->add_option("approval", decide_.approval, "its id, A-381")->required(reject);
      verb->add_option("--reason", decide_.reason, "why; stands in the journal")->required(reject);
      if (!reject)
        verb->add_option("--code", decide_.code, "your one-time code, where it takes one");
      verb->add_option("--digest", decide_.digest, "refuse unless this is what there is to decide");
      verb->add_flag("--wait", decide_.wait,
                     "follow the run until it is over or waits for a person");
      if (!reject) verb->add_flag("--yes", yes_, "ask nothing, also on a terminal");
    }
  }

  void AddCatalogue() {
    CLI::App& workflows = Group("workflows", "the workflows that the server has loaded");
    Add(workflows, "list", "all of them", [this] { return ListWorkflows(common_); });
    Add(workflows, "show", "one: its inputs and steps",
        [this] { return ShowWorkflow(common_, name_); })
        ->add_option("name", name_, "its name")
        ->required();
    CLI::App* validate =
        Add(workflows, "validate", "check definition files, with no server", [this] {
          return with_server_ ? ValidateWorkflows(common_, check_.paths)
                              : ValidateOffline(common_, check_);
        });
    validate->add_option("path", check_.paths, "YAML files, or directories of them")->required();
    validate->add_flag("--strict", check_.strict,
                       "count what a careful author would not leave open");
    validate->add_flag("--server", with_server_, "against the actions of the server instead");
    Add(workflows, "test", "play the cases of NAME.test.yaml on NAME.yaml, with no server",
        [this] { return TestWorkflows(common_, check_.paths); })
        ->add_option("path", check_.paths, "NAME.test.yaml, NAME.yaml, or directories of them")
        ->required();
    Add(workflows, "schema", "the JSON Schema of definitions, for editors; with no server",
        [] { return PrintSchema(); });
    Add(workflows, "apply", "store definitions on the server, and start runs from them",
        [this] { return ApplyWorkflows(common_, check_.paths); })
        ->add_option("path", check_.paths, "YAML files, or directories of them")
        ->required();
    CLI::App* graph = Add(workflows, "graph", "a picture of one, or of what a run has done",
                          [this] { return DrawWorkflow(common_, graph_); });
    graph->add_option("name", graph_.workflow, "its name; not needed with --run");
    graph->add_option("--run", graph_.run, "show what has become of each step in this run");
    graph->add_option("--format", graph_.format, "svg, dot or mermaid")
        ->check(CLI::IsMember({"svg", "dot", "mermaid"}))
        ->capture_default_str();
    CLI::App& targets = Group("targets", "the systems that workflows work on");
    Add(targets, "list", "all of them", [this] { return ListTargets(common_); });
    Add(targets, "show", "one: all that its file says",
        [this] { return ShowTarget(common_, name_); })
        ->add_option("name", name_, "its name")
        ->required();
    Add(targets, "validate", "check target files, with no server",
        [this] { return ValidateTargets(common_, check_.paths); })
        ->add_option("path", check_.paths, "YAML files, or directories of them")
        ->required();
    CLI::App& actions = Group("actions", "the actions that workflows are made of");
    Add(actions, "list", "all of them", [this] { return ListActions(common_); });
    Add(actions, "show", "one: its class, inputs and output",
        [this] { return ShowAction(common_, name_); })
        ->add_option("name", name_, "its name")
        ->required();
    CLI::App* eval = Add(app_, "eval", "try out an expression, with no server",
                         [this] { return EvaluateOffline(common_, eval_); });
    eval->add_option("expression", eval_.expression, "with or without ${...} around it")
        ->required();
    eval->add_option("--with", eval_.data, "a JSON file (- for standard input) with its variables");
    Add(app_, "info", "the server: version, journal, load", [this] { return ShowInfo(common_); });
  }

  void AddJournal() {
    CLI::App& group = Group("journal", "the record itself");
    CLI::App* verify = Add(group, "verify", "prove the hash chain and the indexes", [this] {
      return file_.empty() ? VerifyJournal(common_, verify_)
                           : VerifyOffline(common_, file_, verify_);
    });
    verify->add_option("--file", file_, "this journal file, with no server");
    verify->add_option("--heads", verify_.heads, "signed heads that the journal must have");
    verify->add_option("--public-key", verify_.public_key,
                       "the key that signed them, and tombstones");
    verify->add_option("--exported", verify_.exported,
                       "with --file: whether this archive is what was removed");
    CLI::App* backup = Add(group, "backup", "copy the journal while it is in use", [this] {
      return file_.empty() ? BackUpJournal(common_, name_) : BackUpOffline(common_, file_, name_);
    });
    backup->add_option("path", name_, "the new file, on the server")->required();
    backup->add_option("--file", file_, "copy this journal file, with no server");
    CLI::App* show = Add(group, "show", "the events of all runs in a journal's file",
                         [this] { return ShowOffline(common_, file_, after_); });
    show->add_option("--file", file_, "the journal's file")->required();
    show->add_option("--after", after_, "only events behind this position");
    Add(group, "head", "the journal's head, signed: keep it elsewhere",
        [this] { return ShowHead(common_); });
    Add(group, "public-key", "the key with which heads are checked",
        [this] { return ShowPublicKey(common_); });
    CLI::App* exporting = Add(group, "export", "write runs that are over to a new file", [this] {
      return file_.empty() ? ExportRuns(common_, export_) : ExportOffline(common_, file_, export_);
    });
    exporting->add_option("--older-than", export_.older_than, "only those over so long ago: 90d")
        ->required();
    exporting->add_option("--to", export_.to, "the new file, on the server")->required();
    exporting->add_option("--file", file_, "of this journal file, with no server");
    Add(group, "prune", "remove from the journal what such a file has",
        [this] { return PruneRuns(common_, name_); })
        ->add_option("--exported", name_, "the file, on the server")
        ->required();
    CLI::App* import = Add(group, "import", "make a journal of such a file, to look at",
                           [this] { return ImportOffline(common_, name_, file_); });
    import->add_option("archive", name_, "the file that export made")->required();
    import->add_option("--file", file_, "the new journal")->required();
  }

  CLI::App app_;
  Common common_;
  std::string output_ = "table";
  std::string timeout_;
  Verb verb_;
  StartArguments start_;
  RunsArguments runs_;
  WatchArguments watch_;
  TimelineArguments timeline_;
  VerifyArguments verify_;
  ExportArguments export_;
  SteerArguments steer_;
  DecideArguments decide_;
  EvalArguments eval_;
  GraphArguments graph_;
  CheckArguments check_;
  bool with_server_ = false;
  bool all_ = false;
  bool yes_ = false;
  std::string file_;
  std::int64_t after_ = 0;
  std::string name_;
  std::vector<std::string> files_;
};

// What was printed and got nowhere was not done, whatever came of the rest. Who has read enough and
// has gone is told nothing.
int Written(int code) {
  const auto written = FlushOutput();
  if (written || written.error().code == Code::kCancelled) return code;
  return Tell(written.error(), kNotWritten);
}

}  // namespace
}  // namespace recourse::cli

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return recourse::cli::Written(recourse::cli::Command().Run(argc, argv));
}

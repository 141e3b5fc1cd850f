// The verbs: each takes its arguments and answers the exit code.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/cli/call.h"

namespace recourse::cli {

// --- runs.cc ---
struct StartArguments {
  std::string workflow;
  std::string target;
  std::vector<std::string> inputs;  // "name=value"; the value is JSON where it is, else text
  std::string inputs_file;          // JSON
  std::string request_id;
  std::string severity;
  std::string hold;
  bool wait = false;
};
int StartRun(const Common& common, const StartArguments& arguments);
// That the run was started; or that it was before, where it is none behind the run that was the
// newest before the call.
std::string StartedText(const v1::Run& run, const std::string& newest_before);
// The inputs that the arguments name, as a map: "rows=5" is a number, "name=x" a text, 'list=["a"]'
// a list; what is one of `texts` is a text whatever it looks like, unless it stands in quotes.
Result<Value> InputsOf(const StartArguments& arguments, const std::set<std::string>& texts = {});
// The same with the workflow's own word on which inputs are texts, where the server has to be
// asked.
Result<Value> InputsFor(const client::Connection& server, const StartArguments& arguments);

struct RunsArguments {
  std::vector<std::string> statuses;
  std::string workflow;
  std::string target;
  int limit = 20;
};
int ListRuns(const Common& common, const RunsArguments& arguments);
// kInvalidArgument: one of the arguments is no status; the message names those that are.
Result<std::vector<v1::RunStatus>> StatusesOf(const RunsArguments& arguments);
int PrintRuns(const Common& common, const v1::ListRunsResponse& list);
int ShowRun(const Common& common, const std::string& run);

// --- follow.cc ---
struct WatchArguments {
  std::string run;
  bool until_waiting = false;  // also end when the run waits for a person
  std::int64_t after = 0;      // only events with a larger sequence
  bool answered = false;       // the server has answered a call before
};
int WatchRun(const Common& common, const WatchArguments& arguments);
// What Ctrl-C says: that it ends the watching alone.
std::string FarewellText(const Common& common, const std::string& run);
// The same on an open connection.
Result<int> Follow(const Common& common, const client::Connection& server,
                   const WatchArguments& arguments);

// --- timeline.cc ---
struct TimelineArguments {
  std::string run;
  std::string format = "text";  // md, json, html: a report of all that is known of the run
};
int ShowTimeline(const Common& common, const TimelineArguments& arguments);
// In the format of the arguments, which is not text.
int PrintReport(const TimelineArguments& arguments, const v1::Report& report,
                const v1::GetTimelineResponse& timeline);
// Tells events in their order, each ending with how long it took where one ended something.
class Narrator {
 public:
  std::string Tell(const v1::Event& event);

 private:
  std::map<std::string, google::protobuf::Timestamp> started_;  // by step
};
// One line an event, with the time since the first.
std::string TimelineText(const std::vector<v1::Event>& events);

// --- approvals.cc ---
int ListApprovals(const Common& common, bool all);
int ShowApproval(const Common& common, const std::string& approval);
struct DecideArguments {
  std::string approval;
  std::string reason;
  std::string digest;  // of what was shown; empty: of what there is
  bool reject = false;
  bool withdraw = false;
  std::string code;  // one-time
  bool wait = false;
};
int Decide(const Common& common, const DecideArguments& arguments);
// The same on an open connection.
Result<int> Vote(const Common& common, const client::Connection& server,
                 const DecideArguments& arguments);
Result<v1::Approval> GetApproval(const client::Connection& server, const std::string& id);
// The vote as a command, without the code: with whom it was cast as, and the other options.
std::string VoteAgain(const Common& common, const DecideArguments& arguments);
// Why the approval is not for the caller to give, as far as that can be told; empty: nothing tells.
std::string WhyNotYours(const v1::Approval& approval, const v1::WhoAmIResponse& who);
// A vote's refusal with what to do about it.
Error WithAdvice(const Common& common, const client::Connection& server,
                 const DecideArguments& arguments, Error error);
// The question, who may decide, the digest, the votes, and what follows.
std::string ApprovalText(const v1::Approval& approval);

// --- ask.cc ---
// Whether somebody can be asked: both ends of the call are a terminal, and it is for people.
bool CanAsk(const Common& common);
// Shows the approval, or without an id each that is open, and asks what to answer. A vote carries
// the digest of what was shown, so that it is refused when that has changed meanwhile. REQUIRES:
// CanAsk().
int AskApproval(const Common& common, const DecideArguments& arguments);

// --- plan.cc ---
// What a run would do, with nothing started.
int PlanRun(const Common& common, const StartArguments& arguments);
// A plan as people read it before they decide: Approval.plan_json or RunPlan.plan_json.
std::string PlanText(const Value& plan, const std::string& title);

// --- steer.cc ---
struct SteerArguments {
  std::string run;
  std::string reason;
  bool rollback = false;                 // cancel
  std::string finding;                   // cancel, rollback: applied, not_applied, partial
  std::string step;                      // skip
  std::string output_json;               // skip
  bool without_output = false;           // skip
  std::string checkpoint;                // rollback
  std::string name;                      // signal, answer: the signal's, the item's
  bool not_done = false;                 // answer
  std::optional<std::int64_t> revision;  // that the run must still have
  bool wait = false;
};
int Cancel(const Common& common, const SteerArguments& arguments);
int Pause(const Common& common, const SteerArguments& arguments);
int Resume(const Common& common, const SteerArguments& arguments);
int Retry(const Common& common, const SteerArguments& arguments);
int Skip(const Common& common, const SteerArguments& arguments);
int RollBack(const Common& common, const SteerArguments& arguments);
int Annotate(const Common& common, const SteerArguments& arguments);
int Signal(const Common& common, const SteerArguments& arguments);
int OverrideWindow(const Common& common, const SteerArguments& arguments);
int AnswerItem(const Common& common, const SteerArguments& arguments);
int Quarantine(const Common& common, const SteerArguments& arguments);
// `finding` and `output_json`.
int Resolve(const Common& common, const SteerArguments& arguments);
// `step`, and "input=value" in `name`.
int Override(const Common& common, const SteerArguments& arguments);
int Acknowledge(const Common& common, const SteerArguments& arguments);
int Adopt(const Common& common, const SteerArguments& arguments);

// --- attention.cc ---
int ListAttention(const Common& common, int limit);
// Who is told of a run that needs a person; empty: nobody.
std::string EscalationText(const v1::Run& run);
// The runs that ended badly, each with why and what shows it; empty: none did.
std::string EndedBadlyText(const Common& common, const v1::ListAttentionResponse& list);
// A channel that notifications do not reach, and what to do.
std::string UndeliveredText(const Common& common, const v1::Channel& channel);

// --- catalogue.cc ---
int ListWorkflows(const Common& common);
int ShowWorkflow(const Common& common, const std::string& name);
// Against the actions of the server.
int ValidateWorkflows(const Common& common, const std::vector<std::string>& files);
struct GraphArguments {
  std::string workflow;
  std::string run;
  std::string format = "svg";
};
int DrawWorkflow(const Common& common, const GraphArguments& arguments);
int ListActions(const Common& common);
int ShowAction(const Common& common, const std::string& name);
// What a check of the journal in `file` found, for people or programs; answers the exit code.
int PrintVerification(const Common& common, const v1::VerifyJournalResponse& verified,
                      const std::string& file);
// What to do with a journal that is damaged, line by line.
std::string DamageAdvice(const std::string& file);
int BackUpJournal(const Common& common, const std::string& path);
int PrintBackup(const Common& common, const v1::BackupJournalResponse& backup);

// --- journal.cc ---
struct VerifyArguments {
  std::string heads;       // a file of signed heads; empty: none is checked
  std::string public_key;  // a PEM file; empty: no signature is checked
  std::string exported;    // an archive of runs that were removed; with a journal's file only
};
int VerifyJournal(const Common& common, const VerifyArguments& arguments);
// What the files of the arguments hold. kInvalidArgument: heads without a key; otherwise the
// system's errors.
struct Kept {
  std::string heads;
  std::string public_key;
};
Result<Kept> ReadKept(const VerifyArguments& arguments);
int ShowHead(const Common& common);
int ShowPublicKey(const Common& common);
struct ExportArguments {
  std::string older_than;
  std::string to;
};
int ExportRuns(const Common& common, const ExportArguments& arguments);
int PrintExport(const Common& common, const v1::ExportRunsResponse& made);
int PruneRuns(const Common& common, const std::string& exported);

// --- info.cc ---
int ShowInfo(const Common& common);

// --- top.cc ---
// A live screen; where there is no terminal for one, the same once.
int ShowTop(const Common& common);

// --- targets.cc ---
int ListTargets(const Common& common);
int ShowTarget(const Common& common, const std::string& name);
// --- apply.cc ---
// Stores definitions on the server, which starts runs from them then.
int ApplyWorkflows(const Common& common, const std::vector<std::string>& paths);

// --- tokens.cc: what proves who calls ---
struct TokenArguments {
  std::string principal;
  std::string expires = "90d";  // a duration, or "never"
  std::string note;
  std::string id;
  std::string reason;
  bool all = false;  // also those that are revoked or expired
};
// Prints the token itself, alone, to standard output, and what it is to standard error.
int CreateToken(const Common& common, const TokenArguments& arguments);
int ListTokens(const Common& common, const TokenArguments& arguments);
int RevokeToken(const Common& common, const TokenArguments& arguments);
int WhoAmI(const Common& common);

// --- offline.cc: a journal file, with no server ---
int VerifyOffline(const Common& common, const std::string& file, const VerifyArguments& arguments);
int ExportOffline(const Common& common, const std::string& file, const ExportArguments& arguments);
// Makes the journal `to` of an archive.
int ImportOffline(const Common& common, const std::string& archive, const std::string& to);
int ListRunsOffline(const Common& common, const std::string& file, const RunsArguments& arguments);
int BackUpOffline(const Common& common, const std::string& file, const std::string& path);
// A line an event, of all runs, in the order of the journal.
int ShowOffline(const Common& common, const std::string& file, std::int64_t after);
int ShowRunOffline(const Common& common, const std::string& file, const std::string& run);
int TimelineOffline(const Common& common, const std::string& file,
                    const TimelineArguments& arguments);

// --- offline_eval.cc: an expression, with no server ---
struct EvalArguments {
  std::string expression;
  std::string data;  // a JSON file, "-" for standard input, or empty
};
int EvaluateOffline(const Common& common, const EvalArguments& arguments);

// --- offline_workflows.cc: definitions, with no server ---
struct CheckArguments {
  std::vector<std::string> paths;  // files, or directories of them
  bool strict = false;             // warnings count too
};
// Against this program's own actions.
int ValidateOffline(const Common& common, const CheckArguments& arguments);
// Targets instead of workflows: each by itself, and names that two of them have.
int ValidateTargets(const Common& common, const std::vector<std::string>& paths);
// The JSON Schema of definitions, for editors.
int PrintSchema();
// Plays the cases beside each definition.
int TestWorkflows(const Common& common, const std::vector<std::string>& paths);

// --- shared by verbs that answer a run ---

// The run as people read it, with what it waits for and the commands that answer it.
std::string RunText(const Common& common, const v1::Run& run);
// Why it waits and what to type, or empty. `brief`: long texts as in lists, with what shows them
// whole.
std::string WaitingText(const Common& common, const v1::Run& run, bool brief = false);

// What the run answers, under its heading and without a last line's end; empty: nothing.
std::string OutputsText(const v1::Run& run);

// --- left.cc ---

// What a run that was ended before its work was done has left as it is: steps whose effect stands
// or is not known, services that it stopped, its lock. Empty for other runs, and when the server
// cannot be asked.
std::string LeftText(const Common& common, const client::Connection& server, const v1::Run& run);

// Of that the services only, from the run's full view: a line that ends, or nothing.
std::string LeftDownText(const client::Connection& server, const v1::Run& full);

}  // namespace recourse::cli

#include "engine/runtime/engine.h"

#include <future>
#include <thread>

#include "engine/base/no_such.h"
#include "engine/runtime/core_loop.h"
#include "engine/runtime/plan_run.h"
#include "engine/runtime/start_inputs.h"
#include "engine/runtime/time_limit.h"

namespace recourse::runtime {
namespace {

constexpr auto kPlanTimeMax = std::chrono::minutes(2);

Result<void> Check(const Options& options) {
  const auto outside = [](std::string_view name, auto value, auto low, auto high) {
    return InvalidArgument(std::string(name) + " is " + std::to_string(value) + ", not within " +
                           std::to_string(low) + " to " + std::to_string(high));
  };
  if (options.workers < 1 || options.workers > 256) {
    return outside("workers", options.workers, 1, 256);
  }
  if (options.batch_max < 1 || options.batch_max > 10'000) {
    return outside("batch_max", options.batch_max, 1, 10'000);
  }
  return {};
}

Error NoSchedule(const std::string& name, const ScheduleDefinitions& schedules) {
  std::vector<std::string> names;
  for (const auto& [known, schedule] : schedules) names.push_back(known);
  return NoSuch("schedule", name, names);
}

class EngineWithLoop final : public Engine {
 public:
  EngineWithLoop(Options options, journal::Journal& journal, const Registry& registry,
                 Workflows workflows, definition::Inventory inventory, const Policy& policy,
                 const Clock& clock, ScheduleDefinitions schedules)
      : options_(std::move(options)),
        registry_(registry),
        policy_(policy),
        clock_(clock),
        catalogue_(std::make_shared<const Catalogue>(
            Catalogue{std::move(workflows), std::move(inventory), std::move(schedules)})),
        definitions_(registry, journal),
        mailbox_(static_cast<std::size_t>(options_.mailbox_max)),
        loop_({options_, journal, registry, catalogue_, policy, clock, definitions_, mailbox_,
               listeners_}) {}

  ~EngineWithLoop() override { Stop(std::chrono::milliseconds(0)); }

  Result<void> Run() override {
    std::promise<Result<void>> recovered;
    auto result = recovered.get_future();
    thread_ = std::thread([this, &recovered] {
      auto recovery = loop_.Recover();
      const bool ok = recovery.ok();
      recovered.set_value(std::move(recovery));
      if (ok) loop_.Run();
    });
    auto begun = result.get();
    if (!begun) Stop(std::chrono::milliseconds(0));
    return begun;
  }

  void StartRun(StartRequest request, Caller caller, RunCallback done) override {
    mailbox_.PostForCaller(StartMessage{std::move(request), std::move(caller), std::move(done)});
  }

  Result<RunPlan> PlanRun(const StartRequest& request, const Caller& caller,
                          journal::Reader& reader, const std::stop_token& stop) const override {
    const auto now = catalogue();
    const auto found = now->workflows.find(request.workflow);
    if (found == now->workflows.end()) return NoWorkflow(now->workflows, request.workflow);
    const auto deadline = std::chrono::steady_clock::now() + kPlanTimeMax;
    const TimeLimit limit(stop, deadline);
    return runtime::PlanRun(
        {registry_, policy_, clock_, limit.token(), deadline, options_.secrets},
        {found->second, request, caller, now->inventory, options_.inputs_bytes_max}, reader);
  }

  void Submit(RunId run, machine::Input input, std::optional<std::int64_t> revision, Caller caller,
              RunCallback done) override {
    mailbox_.PostForCaller(
        SubmitMessage{run, std::move(input), revision, std::move(caller), std::move(done)});
  }

  void Vote(machine::CastVote vote, Caller caller, ApprovalCallback done) override {
    mailbox_.PostForCaller(VoteMessage{std::move(vote), std::move(caller), std::move(done)});
  }

  void SteerSchedule(std::string name, bool pause, std::string reason, Caller caller,
                     ScheduleCallback done) override {
    const auto now = catalogue();
    if (!now->schedules.contains(name)) return done(NoSchedule(name, now->schedules));
    mailbox_.PostForCaller(SteerMessage{std::move(name), pause, std::move(reason),
                                        std::move(caller), std::move(done)});
  }

  void RemoveRun(journal::Removal removal, RemovalCallback done) override {
    mailbox_.PostForCaller(RemoveMessage{std::move(removal), std::move(done)});
  }

  void NoteNotifications(std::vector<journal::OutboxRow> notes,
                         std::function<void(Result<void>)> done) override {
    mailbox_.PostForCaller(NoteMessage{std::move(notes), std::move(done)});
  }

  void WhenSettled(RunId run, RunCallback done) override {
    mailbox_.PostWait({run, std::move(done)});
  }

  void AddListener(Listener* listener) override { listeners_.Add(listener); }
  void RemoveListener(Listener* listener) override { listeners_.Remove(listener); }

  Result<std::shared_ptr<const definition::Workflow>> DefinitionOf(
      const std::string& digest) override {
    return definitions_.Find(digest);
  }
  std::shared_ptr<const Catalogue> catalogue() const override {
    const std::lock_guard lock(catalogue_mutex_);
    return catalogue_;
  }

  void Reload(Catalogue catalogue, std::function<void(Result<void>)> done) override {
    auto next = std::make_shared<const Catalogue>(std::move(catalogue));
    mailbox_.PostForCaller(
        ReloadMessage{next, [this, next, done = std::move(done)](Result<void> taken) {
                        if (taken) {
                          const std::lock_guard lock(catalogue_mutex_);
                          catalogue_ = next;
                        }
                        done(std::move(taken));
                      }});
  }
  Info info() const override { return loop_.info(); }

  void Stop(std::chrono::milliseconds grace) override {
    loop_.Stop(grace);
    const std::lock_guard lock(stop_mutex_);
    if (thread_.joinable()) thread_.join();
    // Who wrote to an engine that never ran is answered too.
    mailbox_.RefuseAll();
  }

 private:
  const Options options_;
  const Registry& registry_;
  const Policy& policy_;
  const Clock& clock_;
  mutable std::mutex catalogue_mutex_;
  std::shared_ptr<const Catalogue> catalogue_;  // guarded by catalogue_mutex_; the loop has its own
  Definitions definitions_;
  Mailbox mailbox_;
  Listeners listeners_;
  CoreLoop loop_;
  std::mutex stop_mutex_;
  std::thread thread_;  // joined under stop_mutex_
};

}  // namespace

Result<std::unique_ptr<Engine>> Engine::Open(Options options, journal::Journal& journal,
                                             const Registry& registry, Workflows workflows,
                                             definition::Inventory inventory, const Policy& policy,
                                             const Clock& clock, ScheduleDefinitions schedules) {
  if (auto checked = Check(options); !checked)
    return std::move(checked).error().In("start the engine");
  return std::unique_ptr<Engine>(
      std::make_unique<EngineWithLoop>(std::move(options), journal, registry, std::move(workflows),
                                       std::move(inventory), policy, clock, std::move(schedules)));
}

Result<std::unique_ptr<Engine>> Engine::Start(Options options, journal::Journal& journal,
                                              const Registry& registry, Workflows workflows,
                                              definition::Inventory inventory, const Policy& policy,
                                              const Clock& clock, ScheduleDefinitions schedules) {
  auto engine = Open(std::move(options), journal, registry, std::move(workflows),
                     std::move(inventory), policy, clock, std::move(schedules));
  if (!engine) return engine;
  if (auto begun = (*engine)->Run(); !begun) return begun.error().In("start the engine");
  return engine;
}

}  // namespace recourse::runtime

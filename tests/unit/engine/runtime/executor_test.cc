#include "engine/runtime/executor.h"

#include <atomic>
#include <catch2/catch.hpp>

#include "tests/unit/engine/runtime/scripted.h"

namespace recourse::runtime {
namespace {

class CountedJob final : public Job {
 public:
  CountedJob(std::atomic<int>& count, Gate* gate)
      : Job(RunId{1}, {}, Time()), count_(count), gate_(gate) {}
  machine::Input Perform() override {
    if (gate_ != nullptr) gate_->Pass();
    ++count_;
    return machine::Restarted{};
  }

 private:
  std::atomic<int>& count_;
  Gate* const gate_;
};

std::vector<std::shared_ptr<Job>> Jobs(int number, std::atomic<int>& count, Gate* gate = nullptr) {
  std::vector<std::shared_ptr<Job>> jobs;
  for (int i = 0; i < number; ++i) jobs.push_back(std::make_shared<CountedJob>(count, gate));
  return jobs;
}

}  // namespace

TEST_CASE("each job is performed once and its outcome told", "[runtime]") {
  std::atomic<int> performed = 0;
  Gate told;
  told.Open();
  Executor executor(4, [&](const std::shared_ptr<Job>&, const machine::Input&) { told.Pass(); });
  for (int i = 0; i < 50; ++i) {
    auto jobs = Jobs(20, performed);
    executor.Push(jobs);
    CHECK(jobs.empty());
  }
  told.WaitFor(1000);
  CHECK(performed == 1000);
}

TEST_CASE("jobs that block get all the workers", "[runtime]") {
  std::atomic<int> performed = 0;
  Gate gate;
  Executor executor(4, [](const std::shared_ptr<Job>&, const machine::Input&) {});
  auto jobs = Jobs(6, performed, &gate);
  executor.Push(jobs);
  gate.WaitFor(4);  // hangs if a worker stays asleep
  CHECK(performed == 0);
  CHECK(executor.TakeBack().size() == 2);
  gate.Open();
}

TEST_CASE("the end waits for jobs that have begun and drops the others", "[runtime]") {
  std::atomic<int> performed = 0;
  Gate gate;
  Gate told;
  told.Open();
  {
    Executor executor(1, [&](const std::shared_ptr<Job>&, const machine::Input&) { told.Pass(); });
    auto first = Jobs(1, performed, &gate);
    executor.Push(first);
    gate.WaitFor(1);
    auto others = Jobs(3, performed);
    executor.Push(others);
    CHECK(executor.TakeBack().size() == 3);
    gate.Open();
  }
  CHECK(performed == 1);
  CHECK(told.came() == 1);
}

}  // namespace recourse::runtime

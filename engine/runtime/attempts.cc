#include "engine/runtime/attempts.h"

namespace recourse::runtime {

void Attempts::Begin(std::shared_ptr<Job> job) {
  deadlines_.emplace(job->deadline(), job.get());
  const RunId run = job->run();
  jobs_.emplace(run, std::move(job));
  count_ = static_cast<std::int64_t>(jobs_.size());
}

void Attempts::End(const std::shared_ptr<Job>& job) {
  deadlines_.erase({job->deadline(), job.get()});
  const auto [begin, end] = jobs_.equal_range(job->run());
  for (auto at = begin; at != end; ++at) {
    if (at->second == job) {
      jobs_.erase(at);
      break;
    }
  }
  count_ = static_cast<std::int64_t>(jobs_.size());
}

void Attempts::Stop(RunId run, machine::StepRef at) {
  const auto [begin, end] = jobs_.equal_range(run);
  for (auto job = begin; job != end; ++job) {
    if (job->second->at() == at) job->second->Stop(Job::StoppedBy::kDecision);
  }
}

void Attempts::StopAll(Job::StoppedBy by) {
  for (const auto& [run, job] : jobs_) job->Stop(by);
}

void Attempts::StopOverdue(Time now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    deadlines_.begin()->second->Stop(Job::StoppedBy::kDeadline);
    deadlines_.erase(deadlines_.begin());
  }
}

std::optional<Time> Attempts::NextDeadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

}  // namespace recourse::runtime

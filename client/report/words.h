// How a report words times and durations. Private to the module.
#pragma once

#include <optional>
#include <string>

#include "client/report/story.h"
#include "engine/base/text.h"

namespace recourse::report {

// "2026-11-21T03:04:05Z", to the second.
inline std::string Stamp(Time time) {
  return FormatTimestamp(ToTimestamp(std::chrono::floor<std::chrono::seconds>(time)));
}
inline std::string Stamp(const std::optional<Time>& time, const std::string& otherwise) {
  return time ? Stamp(*time) : otherwise;
}

inline std::string StatusOf(const v1::Run& run) {
  const std::string name = v1::RunStatus_Name(run.status());
  constexpr std::string_view kPrefix = "RUN_STATUS_";
  return name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name;
}

// What the chain proves of the run, in one sentence.
std::string ProofOf(const v1::ChainProof& proof);

}  // namespace recourse::report

#include "server/convert.h"

#include <algorithm>

namespace recourse::server {
namespace {

constexpr int kPageDefault = 100;
constexpr int kPageMax = 1000;

}  // namespace

Result<RunId> ParseRun(std::string_view field, const std::string& text) {
  auto run = RunId::Parse(text);
  if (!run) return std::move(run).error().In(field);
  return run;
}

Result<ApprovalId> ParseApproval(std::string_view field, const std::string& text) {
  auto approval = ApprovalId::Parse(text);
  if (!approval) return std::move(approval).error().In(field);
  return approval;
}

Result<void> CheckSize(std::string_view field, const std::string& text, std::size_t size_max) {
  if (text.size() <= size_max) return {};
  return InvalidArgument(std::string(field) + ": " + std::to_string(text.size()) +
                         " bytes; at most " + std::to_string(size_max) + " are taken");
}

Result<int> PageSize(int requested) {
  if (requested < 0) {
    return InvalidArgument("page_size: " + std::to_string(requested) + " is negative");
  }
  return requested == 0 ? kPageDefault : std::min(requested, kPageMax);
}

}  // namespace recourse::server

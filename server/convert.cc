#include "server/convert.h"

#include <algorithm>

namespace recourse::server {
namespace {

constexpr int kPageDefault = 100;
constexpr int kPageMax = 1000;
constexpr std::string_view kPlaceholder = "WHY";

// Whether the UTF-8 text has a letter or a digit, of any script.
bool SaysSomething(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    // These begin a character that is no letter: of U+0080 to U+00BF, and of U+2000 to U+27FF,
    // where the ellipsis, quotation marks, dashes and symbols are.
    const bool sign = byte == 0xc2 || (byte == 0xe2 && next < 0xa0);
    if (plain || (byte >= 0xc3 && !sign)) return true;
  }
  return false;
}

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

Result<void> CheckReason(std::string_view field, const std::string& text) {
  if (auto fits = CheckSize(field, text, kReasonMax); !fits) return fits;
  if (text.empty() || (SaysSomething(text) && text != kPlaceholder)) return {};
  return InvalidArgument(std::string(field) + ": \"" + text +
                         "\" says nothing; write what somebody who reads it later needs to know");
}

Result<int> PageSize(int requested) {
  if (requested < 0) {
    return InvalidArgument("page_size: " + std::to_string(requested) + " is negative");
  }
  return requested == 0 ? kPageDefault : std::min(requested, kPageMax);
}

}  // namespace recourse::server

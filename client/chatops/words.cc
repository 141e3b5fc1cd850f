#include "client/chatops/words.h"

#include <map>

#include "engine/base/text.h"

namespace recourse::chatops {

std::string At(const google::protobuf::Timestamp& time) {
  const std::string text = FormatTimestamp(Timestamp{time.seconds(), 0});
  return text.substr(0, 10) + " " + text.substr(11, 8) + " UTC";
}

std::string WhoMayDecide(const v1::Approval& approval) {
  const std::map<std::string, int> groups(approval.groups().begin(), approval.groups().end());
  std::string who;
  for (const auto& [role, quorum] : groups) {
    who += (who.empty() ? "" : " and ") + std::to_string(quorum) + " of " + role;
  }
  std::string roles;
  for (const std::string& role : approval.approvers()) {
    if (!groups.contains(role)) roles += (roles.empty() ? "" : " or ") + role;
  }
  if (groups.empty()) {
    who = roles.empty() ? "nobody" : roles;
    if (approval.quorum() > 1) who = std::to_string(approval.quorum()) + " of " + who;
  } else if (!roles.empty()) {
    who += ", or " + roles + " for any of them";
  }
  if (approval.second_factor()) who += "; with a one-time code";
  if (approval.exclude_requester()) who += "; not " + approval.requester() + ", who asked";
  return who;
}

std::vector<std::string> TextsOf(const Value& list) {
  std::vector<std::string> texts;
  if (!list.is_list()) return texts;
  for (const Value& text : list.as_list()) {
    if (text.is_string()) texts.push_back(text.as_string());
  }
  return texts;
}

}  // namespace recourse::chatops

// Small texts of messages and answers.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <vector>

#include "engine/base/value.h"
#include "recourse/v1/approval.pb.h"

namespace recourse::chatops {

// "2026-11-26 03:04:05 UTC": messages stand for long, so that "5 minutes ago" would soon be wrong.
std::string At(const google::protobuf::Timestamp& time);

// "dba or incident-commander; with a one-time code; not ada, who asked".
std::string WhoMayDecide(const v1::Approval& approval);

// The texts of a list; none when it is no list.
std::vector<std::string> TextsOf(const Value& list);

}  // namespace recourse::chatops

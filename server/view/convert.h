// From the engine's values to the API's messages: what the services and the command that reads a
// journal's file share.
#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <chrono>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/record/heads.h"
#include "engine/record/record.h"
#include "recourse/v1/admin.pb.h"
#include "recourse/v1/common.pb.h"

namespace recourse::server {

// What an answer holds of a list; well below the 4 MiB that gRPC's clients take by default.
inline constexpr std::size_t kAnswerBytesMax = 1 << 20;

google::protobuf::Timestamp ToProto(Time time);
google::protobuf::Duration ToProto(std::chrono::microseconds duration);
v1::Failure ToProto(const Error& error);
v1::Event ToProto(const record::TimelineEntry& entry);
// A stored event of a run of `workflow`, as a person reads it. Errors are record::Decode's.
Result<v1::Event> EventOf(const definition::Workflow& workflow, const journal::StoredEvent& stored);
// The same of an event of the journal itself. Errors are record::DescribeOwn's.
Result<v1::Event> OwnEventOf(const journal::StoredEvent& stored);

// What a check of a journal found, of its chain and indexes and, where `signatures` were checked,
// of those.
v1::VerifyJournalResponse ToProto(const record::Verification& found,
                                  const record::SignatureCheck& signatures);

// `text` as Protobuf can carry it: where it is not UTF-8, its bytes above 127 become question
// marks.
std::string Utf8(std::string_view text);

}  // namespace recourse::server

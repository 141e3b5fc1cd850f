#include "server/view/convert.h"

#include <algorithm>

#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse::server {

google::protobuf::Timestamp ToProto(Time time) {
  const Timestamp timestamp = ToTimestamp(time);
  google::protobuf::Timestamp message;
  message.set_seconds(timestamp.seconds);
  message.set_nanos(timestamp.nanos);
  return message;
}

google::protobuf::Duration ToProto(std::chrono::microseconds duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  google::protobuf::Duration message;
  message.set_seconds(seconds.count());
  message.set_nanos(
      static_cast<std::int32_t>(std::chrono::nanoseconds(duration - seconds).count()));
  return message;
}

v1::Failure ToProto(const Error& error) {
  v1::Failure message;
  message.set_code(std::string(ToString(error.code)));
  message.set_message(Utf8(error.message));
  return message;
}

v1::Event ToProto(const record::TimelineEntry& entry) {
  v1::Event message;
  message.set_position(entry.envelope.position);
  message.set_run(entry.envelope.run.ToString());
  message.set_sequence(entry.envelope.sequence);
  *message.mutable_time() = ToProto(entry.envelope.time);
  message.set_principal(entry.envelope.principal);
  message.set_type(entry.type);
  message.set_step(entry.step);
  message.set_text(Utf8(entry.text));
  message.set_details_json(ToJson(entry.details));
  message.set_via(entry.envelope.via);
  return message;
}

Result<v1::Event> EventOf(const definition::Workflow& workflow,
                          const journal::StoredEvent& stored) {
  auto recorded = record::Decode(stored);
  if (!recorded) return std::move(recorded).error();
  return ToProto(record::Describe(workflow, *recorded));
}

Result<v1::Event> OwnEventOf(const journal::StoredEvent& stored) {
  auto entry = record::DescribeOwn(stored);
  if (!entry) return std::move(entry).error();
  return ToProto(*entry);
}

v1::VerifyJournalResponse ToProto(const record::Verification& found,
                                  const record::SignatureCheck& signatures) {
  v1::VerifyJournalResponse message;
  message.set_events(found.events);
  message.set_runs(found.runs);
  message.set_head(found.head);
  message.set_removed_runs(found.removed_runs);
  message.set_absent(found.absent);
  message.set_heads(signatures.heads);
  message.set_heads_removed(signatures.heads_removed);
  message.set_tombstones(signatures.tombstones);
  for (const auto* problems : {&found.problems, &signatures.problems}) {
    for (const std::string& problem : *problems) message.add_problems(Utf8(problem));
  }
  return message;
}

std::string Utf8(std::string_view text) {
  std::string clean(text);
  if (IsUtf8(text)) return clean;
  std::replace_if(
      clean.begin(), clean.end(), [](char c) { return (c & 0x80) != 0; }, '?');
  return clean;
}

}  // namespace recourse::server

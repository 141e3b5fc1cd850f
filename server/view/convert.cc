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
  return message;
}

Result<v1::Event> EventOf(const definition::Workflow& workflow,
                          const journal::StoredEvent& stored) {
  auto recorded = record::Decode(stored);
  if (!recorded) return std::move(recorded).error();
  return ToProto(record::Describe(workflow, *recorded));
}

std::string Utf8(std::string_view text) {
  std::string clean(text);
  if (IsUtf8(text)) return clean;
  std::replace_if(
      clean.begin(), clean.end(), [](char c) { return (c & 0x80) != 0; }, '?');
  return clean;
}

}  // namespace recourse::server

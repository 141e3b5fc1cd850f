#include "engine/runtime/blobs.h"

#include <unistd.h>

#include "engine/base/digest.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/runtime/stored_form.h"

namespace recourse::runtime {
namespace {

constexpr std::size_t kSmallText = 256;
constexpr std::size_t kSmallMembers = 64;

bool IsSmall(const Value& value) {
  if (value.is_string()) return value.as_string().size() <= kSmallText;
  return !value.is_list() && !value.is_map() && value.kind() != Value::Kind::kBytes;
}

Value SmallMembers(const Value& value) {
  Value::Map members;
  if (value.is_map()) {
    for (const auto& [key, member] : value.as_map()) {
      if (members.size() == kSmallMembers) break;
      if (key.is_string() && key.as_string().size() <= kSmallText && IsSmall(member)) {
        members.emplace(key, member);
      }
    }
  }
  return Value(std::move(members));
}

}  // namespace

Result<Value> Blobs::Shorten(Value value) const {
  value = AsStored(std::move(value));
  if (FitsAsJson(value, bytes_max_)) return value;
  const std::string json = ToJson(value);
  const auto bytes = static_cast<std::int64_t>(json.size());
  if (directory_.empty()) {
    return Error{Code::kResourceExhausted,
                 "the output has " + HumanBytes(bytes) + ", more than the " +
                     HumanBytes(bytes_max_) +
                     " that go into the journal, and the server has no directory for blobs"};
  }
  const std::string digest = ToHex(Sha256Of(json));
  if (auto made = MakeDirectories(directory_, 0700); !made) return made.error().In("store output");
  const std::string path = directory_ + "/" + digest;
  if (access(path.c_str(), F_OK) != 0) {  // A file of that name holds these bytes, whole.
    if (auto written = WriteFileAtomically(path, json, 0600); !written) {
      return written.error().In("store output");
    }
  }
  return SmallMembers(value).With("blob", digest).With("bytes", bytes);
}

Value Blobs::ShortenAnyway(Value value) const {
  value = AsStored(std::move(value));
  auto shortened = Shorten(value);
  if (shortened) return *std::move(shortened);
  return SmallMembers(value).With("error", shortened.error().ToString());
}

}  // namespace recourse::runtime

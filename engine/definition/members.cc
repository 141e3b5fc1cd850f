#include "engine/definition/members.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/json.h"

namespace recourse::definition {
namespace {

std::string Wrong(std::string_view key, std::string_view expected, const Node& node) {
  return std::string(key) + ": expected " + std::string(expected) + ", found " +
         std::string(Describe(node));
}

}  // namespace

std::string_view Describe(const Node& node) {
  if (node.is_map()) return "a map";
  if (node.is_list()) return "a list";
  switch (node.scalar.kind()) {
    case Value::Kind::kNull:
      return "nothing";
    case Value::Kind::kBool:
      return node.scalar.as_bool() ? "true" : "false";
    case Value::Kind::kString:
      return "a string";
    default:
      return "a number";
  }
}

Members::Members(const Node& node, std::string what, Problems& problems)
    : node_(node), what_(std::move(what)), problems_(problems) {
  known_.reserve(16);
  if (!node.is_map()) {
    problems_.Add(node.place, "expected a map " + what_ + ", found " + std::string(Describe(node)));
  }
}

Members::Members(const Node& node, const MapKind& kind, std::string what, Problems& problems)
    : Members(node, std::move(what), problems) {
  kind_ = &kind;
}

const Node* Members::Take(std::string_view key) {
  RECOURSE_CHECK(kind_ == nullptr || kind_->Find(key) != nullptr);
  return TakeHidden(key);
}

const Node* Members::TakeAs(std::string_view key, Shape shape) {
  const Node* node = Take(key);
  RECOURSE_CHECK(kind_ == nullptr || kind_->Find(key)->shape == shape);
  return node;
}

void Members::CheckBounds(std::string_view key, double least, double most) const {
  if (kind_ == nullptr) return;
  const Key& known = *kind_->Find(key);
  RECOURSE_CHECK(static_cast<double>(known.least) == least);
  RECOURSE_CHECK(static_cast<double>(known.most) == most);
}

void Members::CheckWords(std::string_view key, std::string_view words) const {
  if (kind_ == nullptr) return;
  const Key* known = kind_->Find(key);
  RECOURSE_CHECK(known != nullptr && known->detail == words);
}

const Node* Members::TakeHidden(std::string_view key) {
  known_.push_back(key);
  const Member* member = node_.Find(key);
  return member == nullptr ? nullptr : &member->value;
}

const Node* Members::Require(std::string_view key) {
  const Node* node = Take(key);
  if (node == nullptr && node_.is_map()) {
    problems_.Add(node_.place, Quoted(key) + " is missing " + what_);
  }
  return node;
}

std::optional<std::string> Members::TakeString(std::string_view key) {
  const Node* node = TakeAs(key, Shape::kText);
  if (node == nullptr) return std::nullopt;
  if (node->is_string()) return node->scalar.as_string();
  problems_.Add(node->place, Wrong(key, "a string", *node));
  return std::nullopt;
}

std::optional<bool> Members::TakeBool(std::string_view key) {
  const Node* node = TakeAs(key, Shape::kBool);
  if (node == nullptr) return std::nullopt;
  if (node->scalar.is_bool()) return node->scalar.as_bool();
  problems_.Add(node->place, Wrong(key, "true or false", *node));
  return std::nullopt;
}

std::optional<std::int64_t> Members::TakeInt(std::string_view key, std::int64_t least,
                                             std::int64_t most) {
  const Node* node = TakeAs(key, Shape::kInt);
  CheckBounds(key, static_cast<double>(least), static_cast<double>(most));
  if (node == nullptr) return std::nullopt;
  const Value& value = node->scalar;
  if (value.is_int() && value.as_int() >= least && value.as_int() <= most) return value.as_int();
  const std::string expected =
      "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  problems_.Add(node->place, value.is_int() ? std::string(key) + ": expected " + expected +
                                                  ", found " + std::to_string(value.as_int())
                                            : Wrong(key, expected, *node));
  return std::nullopt;
}

std::optional<double> Members::TakeNumber(std::string_view key, double least, double most) {
  const Node* node = TakeAs(key, Shape::kNumber);
  CheckBounds(key, least, most);
  if (node == nullptr) return std::nullopt;
  const Value& value = node->scalar;
  if (value.is_int() || value.is_double()) {
    const double number = value.is_int() ? static_cast<double>(value.as_int()) : value.as_double();
    if (number >= least && number <= most) return number;
  }
  problems_.Add(node->place, std::string(key) + ": expected a number from " + ToJson(Value(least)) +
                                 " to " + ToJson(Value(most)));
  return std::nullopt;
}

std::optional<std::chrono::microseconds> Members::TakeDuration(std::string_view key,
                                                               std::chrono::microseconds least) {
  const Node* node = TakeAs(key, Shape::kDuration);
  return node == nullptr ? std::nullopt : ReadDuration(*node, key, least, problems_);
}

void Members::RefuseOthers(std::span<const std::string_view> elsewhere) {
  for (const Key& key : kind_ == nullptr ? std::span<const Key>() : kind_->keys) {
    RECOURSE_CHECK(std::find(known_.begin(), known_.end(), key.name) != known_.end());
  }
  for (const Member& member : node_.members) {
    if (std::find(known_.begin(), known_.end(), member.key) != known_.end()) continue;
    if (std::find(elsewhere.begin(), elsewhere.end(), member.key) != elsewhere.end()) {
      problems_.Add(member.place, "the key " + Quoted(member.key) + " has no meaning " + what_);
    } else {
      problems_.AddUnknown(member.place, "key", member.key, known_);
    }
  }
}

std::optional<std::chrono::microseconds> ReadDuration(const Node& node, std::string_view key,
                                                      std::chrono::microseconds least,
                                                      Problems& problems) {
  if (!node.is_string()) {
    problems.Add(node.place, Wrong(key, "a duration such as 90s or 1h30m", node));
    return std::nullopt;
  }
  auto duration = ParseDuration(node.scalar.as_string());
  if (!duration) {
    problems.Add(node.place, std::string(key) + ": " + duration.error().message);
    return std::nullopt;
  }
  if (*duration < least) {
    problems.Add(node.place, std::string(key) + ": must be at least " + FormatDuration(least));
    return std::nullopt;
  }
  return *duration;
}

}  // namespace recourse::definition

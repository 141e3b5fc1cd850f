// Reading a map whose keys are known: each key is taken once, and what nobody took is unknown.
// For the modules that read such files.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/text.h"
#include "engine/definition/keys.h"
#include "engine/definition/node.h"
#include "engine/definition/problems.h"

namespace recourse::definition {

// "a string", "a map": what a node is, for messages.
std::string_view Describe(const Node& node);

class Members {
 public:
  // `what` names the map in messages: "in the step \"restore\"". A node that is no map is a problem
  // and has no members.
  Members(const Node& node, std::string what, Problems& problems);
  // Of a map of a definition: what is taken, and as what, must be in its kind's table, and all of
  // the table must be taken.
  Members(const Node& node, const MapKind& kind, std::string what, Problems& problems);

  // Null when there is none.
  const Node* Take(std::string_view key);
  // The same for a key that is not in the table: what only a stored definition has.
  const Node* TakeHidden(std::string_view key);
  // A missing one is a problem.
  const Node* Require(std::string_view key);

  // Nothing when it is missing, or when it has the wrong type, which is a problem.
  std::optional<std::string> TakeString(std::string_view key);
  std::optional<bool> TakeBool(std::string_view key);
  std::optional<std::int64_t> TakeInt(std::string_view key, std::int64_t least, std::int64_t most);
  std::optional<double> TakeNumber(std::string_view key, double least, double most);
  std::optional<std::chrono::microseconds> TakeDuration(
      std::string_view key, std::chrono::microseconds least = std::chrono::microseconds(1));
  // One of a few words.
  template <class T>
  std::optional<T> TakeWord(std::string_view key,
                            std::initializer_list<std::pair<std::string_view, T>> words);

  // Every member that nobody took is unknown. A key of `elsewhere` belongs to another kind of map,
  // which the message says instead of guessing at a slip.
  void RefuseOthers(std::span<const std::string_view> elsewhere = {});

 private:
  const Node* TakeAs(std::string_view key, Shape shape);
  void CheckBounds(std::string_view key, double least, double most) const;
  void CheckWords(std::string_view key, std::string_view words) const;

  const Node& node_;
  std::string what_;
  Problems& problems_;
  const MapKind* kind_ = nullptr;  // null: one that has no table
  std::vector<std::string_view> known_;
};

// A duration such as 90s or 1h30m. `key` names it in the message.
std::optional<std::chrono::microseconds> ReadDuration(const Node& node, std::string_view key,
                                                      std::chrono::microseconds least,
                                                      Problems& problems);

template <class T>
std::optional<T> Members::TakeWord(std::string_view key,
                                   std::initializer_list<std::pair<std::string_view, T>> words) {
  std::string expected;
  std::string joined;
  for (const auto& [word, value] : words) {
    expected += (expected.empty() ? "one of " : ", ") + std::string(word);
    joined += (joined.empty() ? "" : "|") + std::string(word);
  }
  CheckWords(key, joined);
  const Node* node = TakeAs(key, Shape::kWord);
  if (node == nullptr) return std::nullopt;
  if (node->is_string()) {
    for (const auto& [word, value] : words) {
      if (word == node->scalar.as_string()) return value;
    }
  }
  problems_.Add(node->place, std::string(key) + ": expected " + expected +
                                 (node->is_string() ? ", found " + Quoted(node->scalar.as_string())
                                                    : ", found " + std::string(Describe(*node))));
  return std::nullopt;
}

}  // namespace recourse::definition

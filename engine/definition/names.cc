#include "engine/definition/names.h"

#include <algorithm>
#include <vector>

#include "engine/definition/members.h"

namespace recourse::definition {
namespace {

constexpr std::size_t kNameMax = 64;

// https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
constexpr std::string_view kReserved[] = {
    "as",        "break",   "const",  "continue", "else", "false", "for",
    "function",  "if",      "import", "in",       "let",  "loop",  "null",
    "namespace", "package", "return", "true",     "var",  "void",  "while"};

bool IsName(std::string_view name, NameKind kind) {
  if (name.empty() || name.size() > kNameMax || name[0] < 'a' || name[0] > 'z') return false;
  return std::all_of(name.begin(), name.end(), [kind](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           (c == '-' && kind == NameKind::kDashed);
  });
}

}  // namespace

bool CheckName(std::string_view name, Place place, std::string_view what, NameKind kind,
               Problems& problems) {
  if (!IsName(name, kind)) {
    problems.Add(place, std::string(what) + ": " + Quoted(name) +
                            " is no name; use small letters, " +
                            (kind == NameKind::kDashed ? "digits, - and _" : "digits and _") +
                            ", a letter first, at most 64 in all");
    return false;
  }
  if (kind == NameKind::kPlain && std::ranges::find(kReserved, name) != std::end(kReserved)) {
    problems.Add(place, std::string(what) + ": " + Quoted(name) + " is a word of expressions");
    return false;
  }
  return true;
}

std::optional<std::string> ReadName(const Node& node, std::string_view what, NameKind kind,
                                    Problems& problems) {
  if (!node.is_string()) {
    problems.Add(node.place,
                 std::string(what) + ": expected a name, found " + std::string(Describe(node)));
    return std::nullopt;
  }
  const std::string& name = node.scalar.as_string();
  if (!CheckName(name, node.place, what, kind, problems)) return std::nullopt;
  return name;
}

std::optional<Code> CheckCode(std::string_view name, Place place, Problems& problems) {
  if (const auto code = CodeFromString(name)) return code;
  std::vector<std::string> names;
  for (int number = 1; number <= 16; ++number) {
    names.emplace_back(ToString(static_cast<Code>(number)));
  }
  problems.AddUnknown(place, "error code", name, names);
  return std::nullopt;
}

std::optional<Code> ReadCode(const Node& node, Problems& problems) {
  if (node.is_string()) return CheckCode(node.scalar.as_string(), node.place, problems);
  problems.Add(node.place, "expected an error code, found " + std::string(Describe(node)));
  return std::nullopt;
}

}  // namespace recourse::definition

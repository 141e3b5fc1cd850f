#include "engine/expression/functions.h"

#include <array>
#include <map>

#include "engine/base/text.h"

namespace recourse::expression {
namespace {

using Table = std::span<const Overload> (*)();
constexpr std::array<Table, 7> kTables = {ConversionFunctions, StringFunctions, TextFunctions,
                                          MathFunctions,       TimeFunctions,   PathFunctions,
                                          SecretFunctions};

// Each function is looked up whenever one is called in a text that is parsed.
const std::multimap<std::string_view, const Overload*>& ByName() {
  static const auto* const kByName = [] {
    auto* functions = new std::multimap<std::string_view, const Overload*>;
    for (const Table table : kTables) {
      for (const Overload& overload : table()) functions->emplace(overload.name, &overload);
    }
    return functions;
  }();
  return *kByName;
}

// In the order of Value::Kind.
constexpr std::string_view kLetters = "nbiudsylmtDT";

std::string_view TypeNameOf(char letter) {
  switch (letter) {
    case 'b':
      return "bool";
    case 'i':
      return "int";
    case 'u':
      return "uint";
    case 'd':
      return "double";
    case 's':
      return "string";
    case 'y':
      return "bytes";
    case 'l':
      return "list";
    case 'm':
      return "map";
    case 't':
      return "timestamp";
    case 'D':
      return "duration";
    default:
      return "any";
  }
}

}  // namespace

std::vector<const Overload*> AllFunctions() {
  std::vector<const Overload*> all;
  for (const auto& [name, overload] : ByName()) all.push_back(overload);
  return all;
}

std::vector<const Overload*> FindFunctions(std::string_view name, Style style) {
  std::vector<const Overload*> found;
  const auto [begin, end] = ByName().equal_range(name);
  for (auto at = begin; at != end; ++at) {
    if (at->second->style == style) found.push_back(at->second);
  }
  return found;
}

std::string NearestFunction(std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& [known, overload] : ByName()) names.push_back(known);
  return Nearest(name, names);
}

bool Accepts(const Overload& overload, std::span<const Value* const> values) {
  if (overload.takes.size() != values.size()) return false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const char wanted = overload.takes[i];
    if (wanted != '*' && wanted != kLetters[static_cast<std::size_t>(values[i]->kind())]) {
      return false;
    }
  }
  return true;
}

std::string Signature(const Overload& overload) {
  std::string text;
  std::string_view takes = overload.takes;
  if (overload.style == Style::kMember) {
    text = std::string(TypeNameOf(takes.front())) + ".";
    takes.remove_prefix(1);
  }
  text += std::string(overload.name) + "(";
  for (std::size_t i = 0; i < takes.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::string(TypeNameOf(takes[i]));
  }
  return text + ")";
}

}  // namespace recourse::expression

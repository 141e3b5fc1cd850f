#include "client/cli/yaml.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse::cli {
namespace {

// Whether every reader of YAML takes the text for a text. One that begins with a letter is no
// number, date or mark of YAML's own.
bool IsPlain(const std::string& text) {
  static const std::set<std::string> kOther = {"y",     "n",  "yes", "no",  "true",
                                               "false", "on", "off", "null"};
  if (text.empty() || std::isalpha(static_cast<unsigned char>(text[0])) == 0) return false;
  if (text.back() == ' ') return false;
  std::string lower;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) == 0 && std::string_view("_./@+- ").find(c) == std::string_view::npos) {
      return false;
    }
    lower += static_cast<char>(std::tolower(byte));
  }
  return !kOther.contains(lower);
}

// JSON's quoted form, which is YAML's as well, with what JSON leaves as it is but a terminal or an
// older reader of YAML obeys: DEL, C1, line separators, marks of direction, the byte order mark.
std::string QuotedScalar(const std::string& text) {
  const std::string json = ToJson(Value(text));
  const auto escape = [](unsigned code) {
    const std::string bytes = {static_cast<char>(code >> 8), static_cast<char>(code & 0xffU)};
    return "\\u" + Hex(bytes);
  };
  std::string quoted;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const auto at = [&](std::size_t k) {
      return i + k < json.size() ? static_cast<unsigned char>(json[i + k]) : 0U;
    };
    const unsigned two = (at(0) & 0x1fU) << 6 | (at(1) & 0x3fU);
    const unsigned three = (at(0) & 0x0fU) << 12 | (at(1) & 0x3fU) << 6 | (at(2) & 0x3fU);
    if (at(0) == 0x7f) {
      quoted += escape(0x7f);
    } else if (at(0) == 0xc2 && two < 0xa0) {
      quoted += escape(two);
      i += 1;
    } else if ((at(0) & 0xf0U) == 0xe0 &&
               ((three >= 0x2028 && three <= 0x202e) || (three >= 0x2066 && three <= 0x2069) ||
                three == 0xfeff)) {
      quoted += escape(three);
      i += 2;
    } else {
      quoted += json[i];
    }
  }
  return quoted;
}

std::string Scalar(const Value& value) {
  if (!value.is_string()) return ToJson(value);
  return IsPlain(value.as_string()) ? value.as_string() : QuotedScalar(value.as_string());
}

bool HasMembers(const Value& value) {
  return (value.is_map() && !value.as_map().empty()) ||
         (value.is_list() && !value.as_list().empty());
}

// Lines that each begin with `indent`.
std::string Lines(const Value& value, const std::string& indent) {
  if (!HasMembers(value)) return indent + Scalar(value) + "\n";
  const std::string deeper = indent + "  ";
  std::string text;
  if (value.is_list()) {
    for (const Value& item : value.as_list()) {
      text += indent + "- " + Lines(item, deeper).substr(deeper.size());
    }
    return text;
  }
  for (const auto& [key, member] : value.as_map()) {
    text += indent + Scalar(key) + ":";
    text += HasMembers(member) ? "\n" + Lines(member, deeper) : " " + Scalar(member) + "\n";
  }
  return text;
}

}  // namespace

std::string ToYaml(const Value& value) { return Lines(value, ""); }

}  // namespace recourse::cli

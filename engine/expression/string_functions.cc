// Strings as rows of code points.
#include <re2/re2.h>

#include <algorithm>

#include "engine/expression/functions.h"
#include "engine/expression/utf8.h"

namespace recourse::expression {
namespace {

using Args = const Arguments&;

// Reading a text through is paid for like making one.
#define READ(args, text) RECOURSE_SPEND((args).budget, SpendBytes((text).size()))

Error IndexOutOfRange(std::int64_t index) {
  return InvalidArgument("the index " + std::to_string(index) + " is outside of the string");
}

// The byte where code point number `index` begins; text.size() for the end, npos beyond it.
std::size_t ByteAt(std::string_view text, std::int64_t index) {
  return index < 0 ? text.npos : OffsetOf(text, static_cast<std::size_t>(index));
}

Value IndexOfByte(std::string_view text, std::size_t byte) {
  if (byte == text.npos) return Value(-1);
  return Value(static_cast<std::int64_t>(CountCodePoints(text.substr(0, byte))));
}

Result<Value> StartsWith(Args a) { return Value(a[0].as_string().starts_with(a[1].as_string())); }
Result<Value> EndsWith(Args a) { return Value(a[0].as_string().ends_with(a[1].as_string())); }
Result<Value> Contains(Args a) {
  READ(a, a[0].as_string());
  return Value(a[0].as_string().find(a[1].as_string()) != std::string::npos);
}

Result<Prepared> PreparePattern(const Value& pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  auto regex = std::make_shared<const RE2>(pattern.as_string(), options);
  if (!regex->ok()) {
    return InvalidArgument("the pattern is no regular expression (" + regex->error() + ")");
  }
  return Prepared{std::move(regex), nullptr};
}

Result<Value> Matches(Args a) {
  READ(a, a[0].as_string());
  if (a.prepared.pattern) return Value(RE2::PartialMatch(a[0].as_string(), *a.prepared.pattern));
  // Compiling costs much more than matching: a pattern that is made anew for each element counts.
  constexpr std::size_t kCompileSteps = 200;
  RECOURSE_SPEND(a.budget, Spend(kCompileSteps + a[1].as_string().size()));
  Result<Prepared> prepared = PreparePattern(a[1]);
  if (!prepared) return std::move(prepared).error();
  return Value(RE2::PartialMatch(a[0].as_string(), *prepared->pattern));
}

Result<Value> CharAt(Args a) {
  const std::string& text = a[0].as_string();
  READ(a, text);
  const std::size_t byte = ByteAt(text, a[1].as_int());
  if (byte == text.npos) return IndexOutOfRange(a[1].as_int());
  if (byte == text.size()) return Value("");
  return Value(text.substr(byte, SequenceLength(text[byte])));
}

Result<Value> IndexOf(Args a) {
  const std::string& text = a[0].as_string();
  READ(a, text);
  const std::int64_t from = a.values.size() > 2 ? a[2].as_int() : 0;
  const std::size_t byte = ByteAt(text, from);
  if (byte == text.npos) return IndexOutOfRange(from);
  return IndexOfByte(text, text.find(a[1].as_string(), byte));
}

Result<Value> LastIndexOf(Args a) {
  const std::string& text = a[0].as_string();
  READ(a, text);
  std::size_t byte = text.size();
  if (a.values.size() > 2) byte = ByteAt(text, a[2].as_int());
  if (byte == text.npos) return IndexOutOfRange(a[2].as_int());
  return IndexOfByte(text, text.rfind(a[1].as_string(), byte));
}

Result<Value> Substring(Args a) {
  const std::string& text = a[0].as_string();
  READ(a, text);
  const std::size_t begin = ByteAt(text, a[1].as_int());
  if (begin == text.npos) return IndexOutOfRange(a[1].as_int());
  if (a.values.size() == 2) return Value(text.substr(begin));
  const std::size_t end = ByteAt(text, a[2].as_int());
  if (end == text.npos) return IndexOutOfRange(a[2].as_int());
  if (end < begin) return InvalidArgument("the end of the substring is before its start");
  return Value(text.substr(begin, end - begin));
}

// Only ASCII letters change; the bytes of all others are above them.
template <char kFirst, char kLast>
Result<Value> SwapCase(Args a) {
  std::string text = a[0].as_string();
  READ(a, text);
  for (char& c : text) {
    if (c >= kFirst && c <= kLast) c = static_cast<char>(c ^ 0x20);
  }
  return Value(std::move(text));
}

Result<Value> Replace(Args a) {
  const std::string& text = a[0].as_string();
  const std::string& old = a[1].as_string();
  std::int64_t left = a.values.size() > 3 ? a[3].as_int() : -1;
  std::string out;
  for (std::size_t at = 0;;) {
    const std::size_t found = left == 0 ? text.npos : text.find(old, at);
    const std::size_t until = std::min(found, text.size());
    RECOURSE_SPEND(a.budget, Spend(1 + (until - at) / 32));
    out.append(text, at, until - at);
    if (found == text.npos) return Value(std::move(out));
    RECOURSE_SPEND(a.budget, SpendBytes(a[2].as_string().size()));
    out += a[2].as_string();
    --left;
    at = found + old.size();
    if (!old.empty()) continue;
    // An empty text is found before each code point and at the end.
    if (found == text.size()) return Value(std::move(out));
    at = found + SequenceLength(text[found]);
    out.append(text, found, at - found);
  }
}

Result<Value> Split(Args a) {
  const std::string& text = a[0].as_string();
  const std::string& separator = a[1].as_string();
  const std::int64_t limit = a.values.size() > 2 ? a[2].as_int() : -1;
  Value::List parts;
  if (limit == 0) return Value(std::move(parts));
  std::size_t begin = 0;
  while (limit < 0 || static_cast<std::int64_t>(parts.size()) + 1 < limit) {
    std::size_t end = text.find(separator, begin);
    if (separator.empty()) {
      // Between any two code points.
      if (begin >= text.size()) break;
      end = begin + SequenceLength(text[begin]);
      if (end >= text.size()) break;
    }
    if (end == text.npos) break;
    RECOURSE_SPEND(a.budget, Spend(1 + (end - begin) / 32));
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + separator.size();
  }
  READ(a, text);
  if (!text.empty() || !separator.empty()) parts.emplace_back(text.substr(begin));
  return Value(std::move(parts));
}

Result<Value> Join(Args a) {
  std::string out;
  const std::string separator = a.values.size() > 1 ? a[1].as_string() : std::string();
  bool first = true;
  for (const Value& element : a[0].as_list()) {
    if (!element.is_string()) return InvalidArgument("join() takes a list of strings");
    RECOURSE_SPEND(a.budget, Spend(1 + (element.as_string().size() + separator.size()) / 32));
    if (!first) out += separator;
    first = false;
    out += element.as_string();
  }
  return Value(std::move(out));
}

bool IsWhiteSpace(char32_t c) {
  return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

Result<Value> Trim(Args a) {
  const std::string& text = a[0].as_string();
  READ(a, text);
  std::size_t begin = text.size();
  std::size_t end = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t next = at + SequenceLength(text[at]);
    if (!IsWhiteSpace(CodePointAt(text, at))) {
      begin = std::min(begin, at);
      end = next;
    }
    at = next;
  }
  return Value(begin < end ? text.substr(begin, end - begin) : std::string());
}

Result<Value> Reverse(Args a) {
  const std::string& text = a[0].as_string();
  READ(a, text);
  std::string out(text.size(), '\0');
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = std::min(SequenceLength(text[at]), text.size() - at);
    text.copy(out.data() + text.size() - at - length, length, at);
    at += length;
  }
  return Value(std::move(out));
}

constexpr Overload kStringTable[] = {
    {"startsWith", Style::kMember, "ss", "b", StartsWith},
    {"endsWith", Style::kMember, "ss", "b", EndsWith},
    {"contains", Style::kMember, "ss", "b", Contains},
    {"matches", Style::kMember, "ss", "b", Matches, PreparePattern},
    {"matches", Style::kFunction, "ss", "b", Matches, PreparePattern},
    {"charAt", Style::kMember, "si", "s", CharAt},
    {"indexOf", Style::kMember, "ss", "i", IndexOf},
    {"indexOf", Style::kMember, "ssi", "i", IndexOf},
    {"lastIndexOf", Style::kMember, "ss", "i", LastIndexOf},
    {"lastIndexOf", Style::kMember, "ssi", "i", LastIndexOf},
    {"substring", Style::kMember, "si", "s", Substring},
    {"substring", Style::kMember, "sii", "s", Substring},
    {"lowerAscii", Style::kMember, "s", "s", SwapCase<'A', 'Z'>},
    {"upperAscii", Style::kMember, "s", "s", SwapCase<'a', 'z'>},
    {"replace", Style::kMember, "sss", "s", Replace},
    {"replace", Style::kMember, "sssi", "s", Replace},
    {"split", Style::kMember, "ss", "S", Split},
    {"split", Style::kMember, "ssi", "S", Split},
    {"join", Style::kMember, "l", "s", Join},
    {"join", Style::kMember, "ls", "s", Join},
    {"trim", Style::kMember, "s", "s", Trim},
    {"reverse", Style::kMember, "s", "s", Reverse},
};

}  // namespace

std::span<const Overload> StringFunctions() { return kStringTable; }

}  // namespace recourse::expression

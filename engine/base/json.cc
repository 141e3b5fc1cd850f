#include "engine/base/json.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "engine/base/text.h"

namespace recourse {
namespace {

// Builds a Value from the parser's events.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return Add(Value()); }
  bool boolean(bool value) override { return Add(value); }
  bool number_integer(std::int64_t value) override { return Add(value); }
  bool number_unsigned(std::uint64_t value) override {
    if (value > std::uint64_t{INT64_MAX}) return Add(Value(value));
    return Add(static_cast<std::int64_t>(value));
  }
  bool number_float(double value, const std::string&) override { return Add(value); }
  bool string(std::string& value) override { return Add(std::move(value)); }
  bool binary(nlohmann::json::binary_t&) override { return false; }
  bool start_object(std::size_t) override { return Open(true); }
  bool key(std::string& key) override {
    levels_.back().key = std::move(key);
    return true;
  }
  bool end_object() override {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    return Add(std::move(level.map));
  }
  bool start_array(std::size_t) override { return Open(false); }
  bool end_array() override {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    return Add(std::move(level.list));
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::json::exception& error) override {
    // The library's text begins with "[json.exception.parse_error.101] ", which helps nobody.
    std::string_view what = error.what();
    if (const auto end = what.find("] "); end != what.npos) what.remove_prefix(end + 2);
    message_ = std::string(what) + " (byte " + std::to_string(position) + ")";
    return false;
  }

  Value Take() && { return std::move(root_); }
  const std::string& message() const { return message_; }

 private:
  struct Level {
    bool is_map;
    std::string key;
    Value::List list;
    Value::Map map;
  };
  static constexpr std::size_t kDepthMax = 100;

  bool Open(bool is_map) {
    if (levels_.size() == kDepthMax) {
      message_ = "nested deeper than " + std::to_string(kDepthMax) + " levels";
      return false;
    }
    levels_.push_back(Level{is_map, {}, {}, {}});
    return true;
  }

  bool Add(Value value) {
    if (levels_.empty()) {
      root_ = std::move(value);
      return true;
    }
    Level& level = levels_.back();
    if (!level.is_map) {
      level.list.push_back(std::move(value));
      return true;
    }
    if (!level.map.emplace(Value(level.key), std::move(value)).second) {
      message_ = "the member \"" + level.key + "\" is named twice";
      return false;
    }
    return true;
  }

  std::vector<Level> levels_;
  Value root_;
  std::string message_;
};

void AppendEscaped(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out += "\\u00";
          out += kHex[static_cast<unsigned char>(c) >> 4];
          out += kHex[c & 0xf];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

// How many bytes at the start of `text` are a character that a terminal obeys or that turns the
// direction of what follows; 0: it is none. Those below U+0080 are escaped in any JSON.
std::size_t UnseenSize(std::string_view text) {
  const auto byte = [&](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
  };
  if (byte(0) == 0xc2) return byte(1) >= 0x80 && byte(1) <= 0x9f ? 2 : 0;  // C1
  if (byte(0) != 0xe2) return 0;
  const bool marks = byte(1) == 0x80 &&
                     (byte(2) == 0x8e || byte(2) == 0x8f || (byte(2) >= 0xa8 && byte(2) <= 0xae));
  const bool isolates = byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9;
  return marks || isolates ? 3 : 0;
}

// "\u202e" for a character of two or three bytes.
std::string EscapeOf(std::string_view utf8) {
  static constexpr char kHex[] = "0123456789abcdef";
  const auto low = [&](std::size_t at) { return static_cast<unsigned char>(utf8[at]) & 0x3fu; };
  const unsigned code =
      utf8.size() == 2 ? (static_cast<unsigned char>(utf8[0]) & 0x1fu) << 6 | low(1)
                       : (static_cast<unsigned char>(utf8[0]) & 0x0fu) << 12 | low(1) << 6 | low(2);
  std::string escape = "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) escape += kHex[code >> shift & 0xf];
  return escape;
}

template <class Number>
void AppendNumber(std::string& out, Number number) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  out.append(buffer, end);
}

void AppendDouble(std::string& out, double number) {
  if (std::isnan(number)) {
    out += "\"NaN\"";
  } else if (std::isinf(number)) {
    out += number < 0 ? "\"-Infinity\"" : "\"Infinity\"";
  } else {
    const std::size_t start = out.size();
    AppendNumber(out, number);
    // A double stays one when it is read again.
    if (out.find_first_of(".e", start) == std::string::npos) out += ".0";
  }
}

class Writer {
 public:
  explicit Writer(bool pretty) : pretty_(pretty) {}

  void Write(const Value& value) {
    switch (value.kind()) {
      case Value::Kind::kNull:
        out_ += "null";
        break;
      case Value::Kind::kBool:
        out_ += value.as_bool() ? "true" : "false";
        break;
      case Value::Kind::kInt:
        AppendNumber(out_, value.as_int());
        break;
      case Value::Kind::kUint:
        AppendNumber(out_, value.as_uint());
        break;
      case Value::Kind::kDouble:
        AppendDouble(out_, value.as_double());
        break;
      case Value::Kind::kString:
        AppendEscaped(out_, value.as_string());
        break;
      case Value::Kind::kBytes:
        AppendEscaped(out_, Base64(value.as_bytes().data));
        break;
      case Value::Kind::kTimestamp:
        AppendEscaped(out_, FormatTimestamp(value.as_timestamp()));
        break;
      case Value::Kind::kDuration:
        AppendEscaped(out_, FormatDuration(value.as_duration()));
        break;
      case Value::Kind::kType:
        AppendEscaped(out_, value.as_type().name);
        break;
      case Value::Kind::kList:
        WriteList(value.as_list());
        break;
      case Value::Kind::kMap:
        WriteMap(value.as_map());
        break;
    }
  }

  std::string Take() && { return std::move(out_); }

 private:
  void WriteList(const Value::List& list) {
    if (list.empty()) {
      out_ += "[]";
      return;
    }
    out_ += '[';
    ++level_;
    bool first = true;
    for (const Value& item : list) {
      Separate(first);
      Write(item);
    }
    Close(']');
  }

  void WriteMap(const Value::Map& map) {
    if (map.empty()) {
      out_ += "{}";
      return;
    }
    out_ += '{';
    ++level_;
    bool first = true;
    for (const auto& [key, value] : map) {
      Separate(first);
      if (key.is_string()) {
        AppendEscaped(out_, key.as_string());
      } else {
        out_ += '"';
        Write(key);
        out_ += '"';
      }
      out_ += pretty_ ? ": " : ":";
      Write(value);
    }
    Close('}');
  }

  void Separate(bool& first) {
    if (!first) out_ += ',';
    first = false;
    Indent();
  }
  void Close(char bracket) {
    --level_;
    Indent();
    out_ += bracket;
  }
  void Indent() {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(level_ * 2, ' ');
  }

  bool pretty_;
  std::size_t level_ = 0;
  std::string out_;
};

std::string Write(const Value& value, bool pretty) {
  Writer writer(pretty);
  writer.Write(value);
  return std::move(writer).Take();
}

// At least the length of `value` as JSON, found without writing it: a character may become six.
std::int64_t JsonBytesAtMost(const Value& value) {
  constexpr std::int64_t kScalar = 40;
  switch (value.kind()) {
    case Value::Kind::kString:
      return 2 + 6 * static_cast<std::int64_t>(value.as_string().size());
    case Value::Kind::kBytes:
      return 6 + 2 * static_cast<std::int64_t>(value.as_bytes().data.size());
    case Value::Kind::kList: {
      std::int64_t bytes = 2;
      for (const Value& item : value.as_list()) bytes += 1 + JsonBytesAtMost(item);
      return bytes;
    }
    case Value::Kind::kMap: {
      std::int64_t bytes = 2;
      for (const auto& [key, member] : value.as_map()) {
        bytes += 4 + JsonBytesAtMost(key) + JsonBytesAtMost(member);
      }
      return bytes;
    }
    case Value::Kind::kType:
      return 2 + 6 * static_cast<std::int64_t>(value.as_type().name.size());
    default:
      return kScalar;
  }
}

constexpr int kDepthMax = 50;  // deeper is left to who writes it

bool IsJsonBelow(const Value& value, int depth) {
  switch (value.kind()) {
    case Value::Kind::kNull:
    case Value::Kind::kBool:
    case Value::Kind::kInt:
      return true;
    case Value::Kind::kDouble:
      return std::isfinite(value.as_double());
    case Value::Kind::kString:
      return IsUtf8(value.as_string());
    case Value::Kind::kList:
      if (depth == kDepthMax) return false;
      for (const Value& item : value.as_list()) {
        if (!IsJsonBelow(item, depth + 1)) return false;
      }
      return true;
    case Value::Kind::kMap:
      if (depth == kDepthMax) return false;
      for (const auto& [key, member] : value.as_map()) {
        if (!key.is_string() || !IsJsonBelow(key, depth) || !IsJsonBelow(member, depth + 1))
          return false;
      }
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<Value> ParseJson(std::string_view text) {
  Builder builder;
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) {
    return InvalidArgument("not valid JSON: " + builder.message());
  }
  return std::move(builder).Take();
}

std::string ToJson(const Value& value) { return Write(value, false); }
std::string ToPrettyJson(const Value& value) {
  const std::string text = Write(value, true);
  std::string safe;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = UnseenSize(std::string_view(text).substr(at));
    if (size == 0) {
      safe += text[at++];
      continue;
    }
    safe += EscapeOf(std::string_view(text).substr(at, size));
    at += size;
  }
  return safe;
}

bool IsJson(const Value& value) { return IsJsonBelow(value, 0); }

Result<Value> AsJson(Value value) {
  if (IsJson(value)) return value;
  return ParseJson(ToJson(value));
}

bool FitsAsJson(const Value& value, std::int64_t bytes_max) {
  return JsonBytesAtMost(value) <= bytes_max ||
         static_cast<std::int64_t>(ToJson(value).size()) <= bytes_max;
}

}  // namespace recourse

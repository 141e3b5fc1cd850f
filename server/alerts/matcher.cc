#include "server/alerts/matcher.h"

#include <re2/re2.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "engine/base/text.h"

namespace recourse::server::alerts {
namespace {

constexpr std::int64_t kPatternMemory = 1 << 20;  // bytes

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// "db 9" without its quotes, where \" stands for a quote, \\ for a backslash and \n for a line end.
Result<std::string> Unquoted(std::string_view text) {
  if (!text.starts_with('"')) {
    if (text.find('"') == text.npos) return std::string(text);
    return InvalidArgument("a quote stands within the value; put all of it into quotes");
  }
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      if (i + 1 == text.size()) return value;
      return InvalidArgument("something stands behind the closing quote");
    }
    const bool escape = text[i] == '\\' && i + 1 < text.size();
    const char next = escape ? text[i + 1] : '\0';
    if (next == '"' || next == '\\' || next == 'n') {
      value += next == 'n' ? '\n' : next;
      ++i;
    } else {
      value += text[i];  // Of a regular expression: \d stays as it is.
    }
  }
  return InvalidArgument("the closing quote is missing");
}

}  // namespace

Result<Matcher> Matcher::Parse(std::string_view text) {
  text = Trimmed(text);
  const auto is_name = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
  const auto end = std::find_if_not(text.begin(), text.end(), is_name);
  const std::string_view name(text.begin(), end);
  std::string_view rest = Trimmed(text.substr(name.size()));
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front()))) {
    return InvalidArgument("expected a matcher such as severity =~ \"critical|high\"");
  }
  if (rest.starts_with("==")) {
    return InvalidArgument("\"==\" is no sign of a matcher; write " + std::string(name) + " = ...");
  }
  Matcher matcher;
  matcher.label_ = name;
  bool regex = false;
  for (const std::string_view sign : {"=~", "!~", "!=", "="}) {
    if (!rest.starts_with(sign)) continue;
    regex = sign.ends_with('~');
    matcher.negated_ = sign.starts_with('!');
    auto value = Unquoted(Trimmed(rest.substr(sign.size())));
    if (!value) return std::move(value).error();
    matcher.value_ = *std::move(value);
    rest = {};
    break;
  }
  if (!rest.empty() || text.size() == name.size()) {
    return InvalidArgument("expected =, !=, =~ or !~ behind " + std::string(name));
  }
  if (!regex) return matcher;
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kPatternMemory);
  options.set_dot_nl(true);
  matcher.pattern_ = std::make_shared<const re2::RE2>(matcher.value_, options);
  if (!matcher.pattern_->ok()) {
    return InvalidArgument("no regular expression: " + matcher.pattern_->error());
  }
  return matcher;
}

bool Matcher::Fits(const Labels& labels) const {
  const auto found = labels.find(label_);
  const std::string_view value = found == labels.end() ? std::string_view() : found->second;
  const bool fits =
      pattern_ != nullptr
          ? re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *pattern_)
          : value == value_;
  return fits != negated_;
}

}  // namespace recourse::server::alerts

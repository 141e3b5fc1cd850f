#include "client/report/clean.h"

#include <algorithm>
#include <cctype>

#include "engine/base/text.h"

namespace recourse::report {
namespace {

// How many bytes at the beginning of `text` are a mark that turns the direction of text: it could
// show one command and hide another.
std::size_t TurnsDirection(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  if (byte(0) == 0xd8 && byte(1) == 0x9c) return 2;  // U+061C
  if (byte(0) != 0xe2) return 0;
  const bool marks = byte(1) == 0x80 && ((byte(2) >= 0xaa && byte(2) <= 0xae) ||  // U+202A-202E
                                         byte(2) == 0x8e || byte(2) == 0x8f);     // U+200E-200F
  const bool isolates = byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9;    // U+2066-2069
  return marks || isolates ? 3 : 0;
}

// U+2028 and U+2029, which end lines for some.
bool EndsLine(std::string_view text) {
  return text.starts_with("\xe2\x80\xa8") || text.starts_with("\xe2\x80\xa9");
}

// What the text is a link for without any mark around it.
bool BeginsLink(std::string_view text, std::size_t at) {
  if (text[at] == ':') return text.substr(at + 1).starts_with("/");
  if (text[at] != '.' || at < 3) return text[at] == '@';
  const auto is_w = [&](std::size_t i) { return text[i] == 'w' || text[i] == 'W'; };
  return is_w(at - 1) && is_w(at - 2) && is_w(at - 3);
}

// What makes a list, a heading or a rule of a line that begins with it.
bool BeginsBlock(std::string_view text, std::size_t at) {
  const bool ends = at + 1 == text.size() || text[at + 1] == ' ';
  if (at == 0) return text[0] == '-' || text[0] == '=' || (text[0] == '+' && ends);
  const auto is_digit = [](unsigned char c) { return std::isdigit(c) != 0; };
  return ends && (text[at] == '.' || text[at] == ')') &&
         std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), is_digit);
}

std::string Escaped(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

}  // namespace

std::string Clean(std::string_view text) {
  if (!IsUtf8(text)) {
    std::string shown;
    for (const char byte : text) shown += static_cast<unsigned char>(byte) < 0x80 ? byte : '?';
    return Clean(shown);
  }
  std::string clean;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '\n') {
      clean += '\n';
    } else if (byte < 0x20 || byte == 0x7f) {
      clean += "\\x" + Hex(text.substr(i, 1));
    } else if (byte == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0) {
      clean += "\\x" + Hex(text.substr(++i, 1));  // C1: a terminal may take it for an escape
    } else if (const std::size_t size = TurnsDirection(text.substr(i)); size > 0) {
      i += size - 1;
    } else if (EndsLine(text.substr(i))) {
      clean += '\n';
      i += 2;
    } else {
      clean += text[i];
    }
  }
  return clean;
}

std::string OneLine(std::string_view text) {
  std::string line = Clean(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

std::string MarkdownText(std::string_view text) {
  constexpr std::string_view kSpecial = "\\`*_[]<>#|~&!$";
  std::string line = OneLine(text);
  line.erase(0, std::min(line.find_first_not_of(' '), line.size()));  // four make a block of code
  std::string shown;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool special =
        kSpecial.find(line[i]) != kSpecial.npos || BeginsLink(line, i) || BeginsBlock(line, i);
    if (special) shown += '\\';
    shown += line[i];
  }
  return shown;
}

std::string MarkdownCode(std::string_view text) {
  const std::string code = Clean(text);
  std::size_t longest = 2;
  for (std::size_t i = 0; i < code.size();) {
    const std::size_t end = std::min(code.find_first_not_of('`', i), code.size());
    longest = std::max(longest, end - i);
    i = end + 1;
  }
  const std::string fence(longest + 1, '`');
  return fence + "\n" + code + (code.ends_with('\n') ? "" : "\n") + fence + "\n";
}

std::string HtmlText(std::string_view text) { return Escaped(OneLine(text)); }

std::string HtmlCode(std::string_view text) { return Escaped(Clean(text)); }

}  // namespace recourse::report

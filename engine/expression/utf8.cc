#include "engine/expression/utf8.h"

#include <algorithm>

namespace recourse::expression {

std::size_t CountCodePoints(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::size_t OffsetOf(std::string_view text, std::size_t index) {
  std::size_t offset = 0;
  for (; index > 0; --index) {
    if (offset >= text.size()) return std::string_view::npos;
    offset += SequenceLength(text[offset]);
  }
  return std::min(offset, text.size());
}

char32_t CodePointAt(std::string_view text, std::size_t offset) {
  const std::size_t length = std::min(SequenceLength(text[offset]), text.size() - offset);
  const auto lead = static_cast<unsigned char>(text[offset]);
  if (length == 1) return lead;
  char32_t point = lead & (0x7f >> length);
  for (std::size_t i = 1; i < length; ++i) {
    point = point << 6 | (static_cast<unsigned char>(text[offset + i]) & 0x3f);
  }
  return point;
}

void AppendCodePoint(std::string& text, char32_t point) {
  const auto append = [&](char32_t byte) { text += static_cast<char>(byte); };
  if (point < 0x80) {
    append(point);
  } else if (point < 0x800) {
    append(0xc0 | point >> 6);
    append(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    append(0xe0 | point >> 12);
    append(0x80 | (point >> 6 & 0x3f));
    append(0x80 | (point & 0x3f));
  } else {
    append(0xf0 | point >> 18);
    append(0x80 | (point >> 12 & 0x3f));
    append(0x80 | (point >> 6 & 0x3f));
    append(0x80 | (point & 0x3f));
  }
}

std::string Shortened(std::string_view text, std::size_t size_max) {
  if (text.size() <= size_max) return std::string(text);
  while (size_max > 0 && (static_cast<unsigned char>(text[size_max]) & 0xc0) == 0x80) --size_max;
  return std::string(text.substr(0, size_max)) + "...";
}

}  // namespace recourse::expression

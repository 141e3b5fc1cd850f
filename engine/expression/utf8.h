// Text as a row of code points. All of it expects well-formed UTF-8 and survives any other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace recourse::expression {

// The number of bytes of the code point that begins with `lead`.
inline std::size_t SequenceLength(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

// The number of code points.
std::size_t CountCodePoints(std::string_view text);

// Where code point number `index` begins; text.size() for the one after the last, npos beyond.
std::size_t OffsetOf(std::string_view text, std::size_t index);

// The code point that begins at `offset`, which is below text.size().
char32_t CodePointAt(std::string_view text, std::size_t offset);

// REQUIRES: `point` is a Unicode scalar value.
void AppendCodePoint(std::string& text, char32_t point);

// At most `size_max` bytes of `text`, whole code points, with "..." when that is not all.
std::string Shortened(std::string_view text, std::size_t size_max);

}  // namespace recourse::expression

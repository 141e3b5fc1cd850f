#include "client/chatops/web/cut.h"

#include "engine/base/utf8.h"

namespace recourse::chatops::web {
namespace {

std::size_t LengthOfByte(char byte) {
  if (ContinuesCharacter(byte)) return 0;
  return static_cast<unsigned char>(byte) >= 0xf0 ? 2 : 1;
}

}  // namespace

std::size_t LengthOf(std::string_view text) {
  std::size_t length = 0;
  for (const char byte : text) length += LengthOfByte(byte);
  return length;
}

std::string Cut(std::string_view text, std::size_t length_max) {
  std::size_t length = 0;
  std::size_t end = 0;  // of what leaves room for the ellipsis
  for (std::size_t i = 0; i < text.size(); ++i) {
    length += LengthOfByte(text[i]);
    if (length < length_max) end = i + 1;
    if (length > length_max) return std::string(text.substr(0, end)) + "\xe2\x80\xa6";
  }
  return std::string(text);
}

}  // namespace recourse::chatops::web

#include "actions/process/utf8.h"

#include <algorithm>
#include <cstddef>

#include "engine/base/text.h"

namespace recourse::process {

std::string ToUtf8(std::string_view bytes) {
  if (IsUtf8(bytes)) return std::string(bytes);
  std::string text;
  while (!bytes.empty()) {
    const auto lead = static_cast<unsigned char>(bytes[0]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    const std::string_view character = bytes.substr(0, std::min(size, bytes.size()));
    if (IsUtf8(character)) {
      text += character;
      bytes.remove_prefix(character.size());
    } else {
      text += "\xEF\xBF\xBD";
      bytes.remove_prefix(1);
    }
  }
  return text;
}

}  // namespace recourse::process

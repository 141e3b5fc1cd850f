#include "engine/base/token.h"

#include "engine/base/text.h"

namespace recourse {

Result<std::string> TokenIn(std::string_view text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  if (end == std::string_view::npos) return InvalidArgument("it holds no token");
  const std::string_view token = text.substr(0, end + 1);
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] >= 0x21 && token[i] <= 0x7e) continue;
    return InvalidArgument("character " + std::to_string(i + 1) + " of its token is the byte 0x" +
                           Hex(token.substr(i, 1)) +
                           "; a token is one line of printable ASCII without blanks");
  }
  return std::string(token);
}

}  // namespace recourse

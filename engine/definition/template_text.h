// Where ${...} stands in a string, told without parsing it. Private to the module.
#pragma once

#include <string_view>

namespace recourse::definition {

// Whether an expression begins in `text`; "$${" is a literal "${" and begins none.
inline bool HasExpression(std::string_view text) {
  std::size_t at = text.find('$');
  while (at != text.npos) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("${")) return true;
    at = text.find('$', at + (rest.starts_with("$${") ? 3 : 1));
  }
  return false;
}

// Whether `text` is nothing but an expression. REQUIRES: HasExpression(text).
inline bool IsOneExpression(std::string_view text) {
  return text.starts_with("${") && text.ends_with('}') && !HasExpression(text.substr(2));
}

}  // namespace recourse::definition

#include "engine/expression/secret.h"

#include <algorithm>

#include "engine/expression/functions.h"
#include "engine/expression/utf8.h"

namespace recourse::expression {
namespace {

constexpr std::size_t kNameMax = 128;

Result<Prepared> CheckName(const Value& name) {
  const std::string& text = name.as_string();
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-/").find(c) != std::string_view::npos;
  };
  bool good = !text.empty() && text.size() <= kNameMax;
  for (const char c : text) good = good && fits(c);
  if (good) return Prepared{};
  return InvalidArgument("\"" + Shortened(text, 40) + "\" names no secret: a name has letters, " +
                         "digits and any of \"._-/\", at most " + std::to_string(kNameMax));
}

Result<Value> Secret(const Arguments& a) {
  if (Result<Prepared> name = CheckName(a[0]); !name) return std::move(name).error();
  return MakeSecret(a[0].as_string());
}

constexpr Overload kSecretTable[] = {
    {"secret", Style::kFunction, "s", "*", Secret, CheckName},
};

}  // namespace

std::span<const Overload> SecretFunctions() { return kSecretTable; }

Value MakeSecret(std::string_view name) { return Value::Object({{kSecretKey, name}}); }

bool IsSecret(const Value& value) {
  if (!value.is_map() || value.as_map().size() != 1) return false;
  const auto& [key, name] = *value.as_map().begin();
  return key.is_string() && key.as_string() == kSecretKey && name.is_string();
}

bool HoldsSecret(const Value& value) {
  if (value.is_list()) return std::ranges::any_of(value.as_list(), HoldsSecret);
  if (!value.is_map()) return false;
  return IsSecret(value) || std::ranges::any_of(value.as_map(), [](const auto& member) {
           return HoldsSecret(member.second);
         });
}

}  // namespace recourse::expression

#include "engine/expression/secret.h"

#include <optional>

#include "engine/expression/functions.h"
#include "engine/expression/utf8.h"

namespace recourse::expression {
namespace {

constexpr std::size_t kNameMax = 128;

// The name of the first reference in `value`; `path` grows to its place.
std::optional<std::string> FindSecret(const Value& value, std::string& path) {
  if (IsSecret(value)) return value[kSecretKey].as_string();
  const std::size_t here = path.size();
  if (value.is_list()) {
    std::size_t index = 0;
    for (const Value& element : value.as_list()) {
      path += "[" + std::to_string(index++) + "]";
      if (auto found = FindSecret(element, path)) return found;
      path.resize(here);
    }
  } else if (value.is_map()) {
    for (const auto& [key, member] : value.as_map()) {
      if (!member.is_list() && !member.is_map()) continue;
      path += "." + (key.is_string() ? key.as_string() : std::string("?"));
      if (auto found = FindSecret(member, path)) return found;
      path.resize(here);
    }
  }
  return std::nullopt;
}

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

constexpr Overload kTable[] = {
    {"secret", Style::kFunction, "s", "*", Secret, CheckName},
};

}  // namespace

std::span<const Overload> SecretFunctions() { return kTable; }

Value MakeSecret(std::string_view name) { return Value::Object({{kSecretKey, name}}); }

bool IsSecret(const Value& value) {
  if (!value.is_map() || value.as_map().size() != 1) return false;
  const auto& [key, name] = *value.as_map().begin();
  return key.is_string() && key.as_string() == kSecretKey && name.is_string();
}

bool HoldsSecret(const Value& value) {
  std::string path;
  return (value.is_list() || value.is_map()) && FindSecret(value, path).has_value();
}

Result<void> RefuseSecrets(const Value& value, std::string_view name) {
  std::string path(name);
  const auto secret = FindSecret(value, path);
  if (!secret) return {};
  return FailedPrecondition(path + ": the secret \"" + *secret +
                            "\" has not been put in place; nothing was done. This server knows "
                            "no secrets: give the value in another way, or skip the step");
}

}  // namespace recourse::expression

#include "engine/runtime/secrets.h"

#include <algorithm>
#include <functional>

#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/expression/secret.h"

namespace recourse::runtime {
namespace {

std::string MarkOf(std::string_view name) { return "[secret " + std::string(name) + "]"; }

// `value` with `change` made of each reference in it.
Value Replaced(const Value& value, const std::function<Value(const std::string& name)>& change) {
  if (expression::IsSecret(value)) return change(value[expression::kSecretKey].as_string());
  if (value.is_list()) {
    Value::List list;
    for (const Value& element : value.as_list()) list.push_back(Replaced(element, change));
    return list;
  }
  if (!value.is_map()) return value;
  Value::Map map;
  for (const auto& [key, member] : value.as_map()) map.emplace(key, Replaced(member, change));
  return map;
}

std::string PercentEncoded(std::string_view text) {
  constexpr std::string_view kPlain = "-._~";
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       kPlain.find(c) != std::string_view::npos;
    if (plain) {
      encoded += c;
    } else {
      encoded += "%";
      for (const char digit : Hex(std::string_view(&c, 1))) {
        encoded += digit >= 'a' ? static_cast<char>(digit - 'a' + 'A') : digit;
      }
    }
  }
  return encoded;
}

// What base64 makes of `text` when `before` bytes stand before it, and any behind: "user:password"
// as HTTP sends it. Without the digits that depend on those. Empty when little of it is left.
std::string WithinBase64(std::string_view text, std::size_t before) {
  const std::string encoded = Base64(std::string(before, '.') + std::string(text));
  const std::size_t first = (before * 8 + 5) / 6;
  const std::size_t last = (before + text.size()) * 8 / 6;
  constexpr std::size_t kDigitsMin = 8;  // fewer would stand in other texts by chance
  return last >= first + kDigitsMin ? encoded.substr(first, last - first) : std::string();
}

std::string InJson(std::string_view text) {
  const std::string quoted = ToJson(Value(text));
  return quoted.substr(1, quoted.size() - 2);
}

// How much of `form` must stand at an edge of a line to be taken for a part of it.
std::size_t PartMin(const std::string& form) {
  return std::max(kSecretMin, std::min<std::size_t>(8, form.size() / 2));
}

// How many bytes of `form` the line ends with.
std::size_t PartAtEnd(std::string_view line, std::string_view form) {
  for (std::size_t size = std::min(line.size(), form.size() - 1); size > 0; --size) {
    if (line.ends_with(form.substr(0, size))) return size;
  }
  return 0;
}

// How many bytes of `form`, its last ones, the line begins with.
std::size_t PartAtBegin(std::string_view line, std::string_view form) {
  for (std::size_t size = std::min(line.size(), form.size() - 1); size > 0; --size) {
    if (line.starts_with(form.substr(form.size() - size))) return size;
  }
  return 0;
}

// `text` without the parts of `form` that are left where a long text or line was cut.
std::string WithoutParts(const std::string& text, const std::string& form,
                         const std::string& mark) {
  std::string whole;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = std::string_view(text).substr(begin, end - begin);
    const std::size_t first = PartAtBegin(line, form);
    if (first >= PartMin(form)) {
      whole += mark;
      line.remove_prefix(first);
    }
    const std::size_t last = PartAtEnd(line, form);
    const bool cut = last >= PartMin(form);
    whole += line.substr(0, cut ? line.size() - last : line.size());
    if (cut) whole += mark;
    if (end < text.size()) whole += '\n';
    begin = end + 1;
  }
  return whole;
}

}  // namespace

Result<void> KnowsSecretsOf(const definition::Workflow& workflow, const SecretSource* source) {
  if (workflow.secrets.empty()) return {};
  for (const definition::Step& step : workflow.steps) {
    const auto* action = std::get_if<definition::ActionStep>(&step.kind);
    for (; action != nullptr; action = action->compensation.get()) {
      for (const std::string& name : action->with.Secrets()) {
        auto known = source != nullptr
                         ? source->Knows(name)
                         : FailedPrecondition("there is no secret \"" + name +
                                              "\": this server's configuration has none");
        if (!known) return std::move(known).error().In("step " + step.id);
      }
    }
  }
  return {};
}

std::pair<Value, std::vector<std::string>> WithoutSecrets(const Value& inputs) {
  std::vector<std::string> names;
  Value shown = Replaced(inputs, [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    return Value(MarkOf(name));
  });
  return {std::move(shown), std::move(names)};
}

Result<Secrets> Secrets::Read(const SecretSource* source, const Value& inputs,
                              const std::vector<std::string>& allowed, const std::stop_token& stop,
                              std::chrono::steady_clock::time_point deadline) {
  Secrets secrets;
  if (!expression::HoldsSecret(inputs)) return secrets;
  for (const std::string& name : WithoutSecrets(inputs).second) {
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
      return FailedPrecondition("an input looks like the secret \"" + name +
                                "\", which the step's own \"with\" does not ask for");
    }
    if (source == nullptr) {
      return FailedPrecondition("the secret \"" + name + "\" is not known: this server has none");
    }
    auto text = source->Read(name, stop, deadline);
    if (!text) return std::move(text).error();
    secrets.values_.emplace_back(name, *std::move(text));
  }
  for (const auto& [name, text] : secrets.values_) secrets.AddForms(name, text);
  secrets.SortForms();
  return secrets;
}

void Secrets::AlsoTakeOut(const std::vector<std::pair<std::string, std::string>>& others) {
  for (const auto& [name, text] : others) AddForms(name, text);
  SortForms();
}

void Secrets::SortForms() {
  std::stable_sort(forms_.begin(), forms_.end(),
                   [](const Form& a, const Form& b) { return a.text.size() > b.text.size(); });
}

void Secrets::AddForms(const std::string& name, const std::string& text) {
  std::vector<std::string> forms = {text};
  // Logs come line by line.
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    forms.push_back(text.substr(begin, end - begin));
    if (forms.back().ends_with('\r')) forms.back().pop_back();
    begin = end + 1;
  }
  const std::size_t lines = forms.size();
  for (std::size_t i = 0; i < lines; ++i) {
    for (std::string form : {InJson(forms[i]), PercentEncoded(forms[i]), Base64(forms[i])}) {
      forms.push_back(std::move(form));
    }
    for (std::size_t before = 0; before < 3; ++before)
      forms.push_back(WithinBase64(forms[i], before));
  }
  for (std::string& form : forms) {
    const bool known = std::any_of(forms_.begin(), forms_.end(),
                                   [&](const Form& each) { return each.text == form; });
    if (form.size() >= kSecretMin && !known) forms_.push_back({std::move(form), MarkOf(name)});
  }
}

Value Secrets::PutInto(const Value& inputs) const {
  if (values_.empty()) return inputs;
  return Replaced(inputs, [this](const std::string& name) {
    const auto found = std::find_if(values_.begin(), values_.end(),
                                    [&](const auto& each) { return each.first == name; });
    return found == values_.end() ? expression::MakeSecret(name) : Value(found->second);
  });
}

std::string Secrets::Scrubbed(std::string text) const {
  for (const Form& form : forms_) {
    std::size_t at = text.find(form.text);
    while (at != std::string::npos) {
      text.replace(at, form.text.size(), form.mark);
      at = text.find(form.text, at + form.mark.size());
    }
  }
  for (const Form& form : forms_) text = WithoutParts(text, form.text, form.mark);
  return text;
}

Value Secrets::Scrubbed(const Value& value) const {
  if (forms_.empty()) return value;
  if (value.is_string()) return Scrubbed(value.as_string());
  if (value.kind() == Value::Kind::kBytes) return Bytes{Scrubbed(value.as_bytes().data)};
  if (value.is_list()) {
    Value::List list;
    for (const Value& element : value.as_list()) list.push_back(Scrubbed(element));
    return list;
  }
  if (!value.is_map()) return value;
  Value::Map map;
  for (const auto& [key, member] : value.as_map()) map.emplace(Scrubbed(key), Scrubbed(member));
  return map;
}

Error Secrets::Scrubbed(Error error) const {
  error.message = Scrubbed(std::move(error.message));
  return error;
}

bool Secrets::StandIn(const Value& value) const {
  return !forms_.empty() && !(Scrubbed(value) == value);
}

void SeenSecrets::Add(const std::vector<std::pair<std::string, std::string>>& values) {
  constexpr std::size_t kValuesMax = 4;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, text] : values) {
    std::vector<std::string>& seen = seen_[name];
    std::erase(seen, text);
    seen.push_back(text);
    if (seen.size() > kValuesMax) seen.erase(seen.begin());
  }
}

std::vector<std::pair<std::string, std::string>> SeenSecrets::Others(
    const std::vector<std::string>& names,
    const std::vector<std::pair<std::string, std::string>>& own, const SecretSource* source,
    const std::stop_token& stop, std::chrono::steady_clock::time_point deadline) {
  std::vector<std::pair<std::string, std::string>> others;
  for (const std::string& name : names) {
    std::vector<std::string> seen;
    {
      const std::lock_guard lock(mutex_);
      const auto found = seen_.find(name);
      if (found != seen_.end()) seen = found->second;
    }
    if (seen.empty() && source != nullptr) {
      if (auto text = source->Read(name, stop, deadline)) {
        Add({{name, *text}});
        seen = {*std::move(text)};
      }
    }
    for (std::string& text : seen) {
      const bool is_own = std::any_of(own.begin(), own.end(), [&](const auto& one) {
        return one.first == name && one.second == text;
      });
      if (!is_own) others.emplace_back(name, std::move(text));
    }
  }
  return others;
}

}  // namespace recourse::runtime

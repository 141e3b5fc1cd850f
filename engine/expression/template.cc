#include <algorithm>
#include <variant>

#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/expression/budget.h"
#include "engine/expression/conversion.h"
#include "engine/expression/expression.h"
#include "engine/expression/lexer.h"
#include "engine/expression/operators.h"
#include "engine/expression/secret.h"
#include "engine/expression/utf8.h"

namespace recourse::expression {

struct Template::Part {
  using Piece = std::variant<std::string, Expression>;
  struct Text {
    std::string name;  // of the member, for messages; empty at the top
    std::vector<Piece> pieces;
  };
  using List = std::vector<Template>;
  using Map = std::vector<std::pair<Value, Template>>;

  std::variant<Text, List, Map> form;
};

namespace {

constexpr int kTemplateDepthMax = 100;

std::string TextOf(const Value& value) {
  return value.is_list() || value.is_map() ? ToJson(value) : ScalarText(value);
}

Error InMember(const std::string& name, Error error) {
  return name.empty() ? std::move(error) : std::move(error).In(name);
}

}  // namespace

// Splits a string into what stands and what is to be evaluated.
class Template::Reader {
 public:
  Reader(std::string_view text, const Layout& layout) : text_(text), layout_(layout) {}

  std::variant<Part::Text, Mistake> Read(std::string_view name) {
    Part::Text out{std::string(name), {}};
    for (std::size_t at = 0; at < text_.size();) {
      if (text_.substr(at).starts_with("$${")) {
        plain_ += "${";
        at += 3;
      } else if (text_.substr(at).starts_with("${")) {
        EndPlain(out);
        auto program = ReadProgram(at + 2);
        if (auto* mistake = std::get_if<Mistake>(&program)) {
          mistake->offset += at + 2;
          return std::move(*mistake);
        }
        auto& [read, length] = std::get<Found>(program);
        out.pieces.emplace_back(Expression{std::move(read), at + 2, false});
        at += 2 + length + 1;
      } else {
        const std::size_t next = std::min(text_.find('$', at + 1), text_.size());
        plain_ += text_.substr(at, next - at);
        at = next;
      }
    }
    EndPlain(out);
    if (out.pieces.size() == 1) {
      if (auto* only = std::get_if<Expression>(&out.pieces[0])) only->whole = true;
    }
    return out;
  }

 private:
  struct Found {
    Program program;
    std::size_t length = 0;
  };

  // Offsets of a mistake are those after `begin`.
  std::variant<Found, Mistake> ReadProgram(std::size_t begin) const {
    const std::string_view rest = text_.substr(begin);
    auto end = FindClosingBrace(rest);
    if (auto* mistake = std::get_if<Mistake>(&end)) return std::move(*mistake);
    const std::size_t length = std::get<std::size_t>(end);
    auto program = Program::Read(rest.substr(0, length), layout_.Part(text_, begin, length));
    if (auto* mistake = std::get_if<Mistake>(&program)) return std::move(*mistake);
    return Found{std::get<Program>(std::move(program)), length};
  }

  void EndPlain(Part::Text& out) {
    if (!plain_.empty()) out.pieces.emplace_back(std::exchange(plain_, {}));
  }

  std::string_view text_;
  const Layout& layout_;
  std::string plain_;
};

class Template::Writer {
 public:
  Writer(const Scope& scope, const Limits& limits) : scope_(scope), budget_(limits) {}

  Result<Value> Write(const Template& from) {
    if (from.constant()) return from.source_;
    if (const auto* text = std::get_if<Part::Text>(&from.root_->form)) return WriteText(*text);
    if (const auto* list = std::get_if<Part::List>(&from.root_->form)) {
      Value::List out;
      out.reserve(list->size());
      for (const Template& element : *list) {
        Result<Value> value = Write(element);
        if (!value) return value;
        out.push_back(*std::move(value));
      }
      return Value(std::move(out));
    }
    Value::Map out;
    for (const auto& [key, member] : std::get<Part::Map>(from.root_->form)) {
      Result<Value> value = Write(member);
      if (!value) return value;
      out.emplace(key, *std::move(value));
    }
    return Value(std::move(out));
  }

 private:
  Result<Value> WriteText(const Part::Text& text) {
    std::string out;
    for (const Part::Piece& piece : text.pieces) {
      if (const auto* plain = std::get_if<std::string>(&piece)) {
        out += *plain;
        continue;
      }
      const auto& [program, offset, whole] = std::get<Expression>(piece);
      Result<Value> value = program.EvaluateWithin(scope_, budget_);
      if (!value) return InMember(text.name, std::move(value).error());
      if (whole) return value;
      if (HoldsSecret(*value)) return InMember(text.name, SecretUsed());
      const std::string value_text = TextOf(*value);
      if (!budget_.SpendBytes(value_text.size()) || !budget_.Answer(value_text.size())) {
        return InMember(text.name, budget_.Exhausted());
      }
      out += value_text;
    }
    return Value(std::move(out));
  }

  const Scope& scope_;
  Budget budget_;
};

namespace {

Result<Template> ParseAny(const Value& value, const std::string& name, int depth);

Result<Template> ParseText(const Value& value, const std::string& name) {
  const std::string& text = value.as_string();
  auto read = Template::Read(text, name, {});
  if (auto* mistake = std::get_if<Mistake>(&read)) {
    return InMember(name, InColumn(std::move(*mistake), text));
  }
  return std::get<Template>(std::move(read));
}

Result<Template> ParseList(const Value& value, const std::string& name, int depth) {
  std::vector<Template> elements;
  for (const Value& element : value.as_list()) {
    const std::string index = "[" + std::to_string(elements.size()) + "]";
    Result<Template> part = ParseAny(element, name + index, depth + 1);
    if (!part) return part;
    elements.push_back(*std::move(part));
  }
  return Template::List(std::move(elements));
}

Result<Template> ParseMap(const Value& value, const std::string& name, int depth) {
  std::vector<std::pair<Value, Template>> members;
  for (const auto& [key, member] : value.as_map()) {
    const std::string member_name = (name.empty() ? "" : name + ".") + ScalarText(key);
    if (key.is_string() && key.as_string() == kSecretKey) {
      return InMember(name, InvalidArgument("a secret is written ${secret(\"name\")}"));
    }
    Result<Template> part = ParseAny(member, member_name, depth + 1);
    if (!part) return part;
    members.emplace_back(key, *std::move(part));
  }
  return Template::Map(std::move(members));
}

Result<Template> ParseAny(const Value& value, const std::string& name, int depth) {
  if (depth > kTemplateDepthMax) {
    return InMember(name, InvalidArgument("nested deeper than " +
                                          std::to_string(kTemplateDepthMax) + " levels"));
  }
  if (value.is_string()) return ParseText(value, name);
  if (value.is_list()) return ParseList(value, name, depth);
  if (value.is_map()) return ParseMap(value, name, depth);
  return Template::Constant(value);
}

}  // namespace

Result<Template> Template::Parse(const Value& value) { return ParseAny(value, "", 0); }

std::variant<Template, Mistake> Template::Read(std::string_view text, std::string_view name,
                                               const Layout& layout) {
  if (text.find("${") == text.npos) return Constant(Value(text));
  if (!IsUtf8(text)) return Mistake{InvalidArgument("the text is not UTF-8"), 0};
  auto read = Reader(text, layout).Read(name);
  if (auto* mistake = std::get_if<Mistake>(&read)) return std::move(*mistake);
  return Template(Value(text),
                  std::make_shared<const Part>(Part{std::get<Part::Text>(std::move(read))}));
}

Template Template::Constant(Value value) { return Template(std::move(value), nullptr); }

Template Template::List(std::vector<Template> elements) {
  Value::List source;
  source.reserve(elements.size());
  bool constant = true;
  for (const Template& element : elements) {
    source.push_back(element.source_);
    constant = constant && element.constant();
  }
  if (constant) return Constant(std::move(source));
  return Template(std::move(source), std::make_shared<const Part>(Part{std::move(elements)}));
}

Template Template::Map(std::vector<std::pair<Value, Template>> members) {
  Value::Map source;
  bool constant = true;
  for (const auto& [key, member] : members) {
    source.emplace(key, member.source_);
    constant = constant && member.constant();
  }
  if (constant) return Constant(std::move(source));
  return Template(std::move(source), std::make_shared<const Part>(Part{std::move(members)}));
}

Result<Value> Template::Evaluate(const Scope& scope, const Limits& limits) const {
  if (constant()) return source_;
  Result<Value> value = Writer(scope, limits).Write(*this);
  // What each expression selects is no larger than the scope; all of it together may be.
  Budget whole(limits);
  const bool several = !std::holds_alternative<Part::Text>(root_->form);
  if (value && several && !AnswerWhole(*value, whole)) return whole.Exhausted();
  return value;
}

bool Template::constant() const { return root_ == nullptr; }

std::vector<Template::Expression> Template::Expressions() const {
  std::vector<Expression> found;
  Collect(found);
  return found;
}

void Template::Collect(std::vector<Expression>& found) const {
  if (constant()) return;
  if (const auto* text = std::get_if<Part::Text>(&root_->form)) {
    for (const Part::Piece& piece : text->pieces) {
      if (const auto* one = std::get_if<Expression>(&piece)) found.push_back(*one);
    }
  } else if (const auto* list = std::get_if<Part::List>(&root_->form)) {
    for (const Template& element : *list) element.Collect(found);
  } else {
    for (const auto& [key, member] : std::get<Part::Map>(root_->form)) member.Collect(found);
  }
}

std::vector<Reference> Template::References() const {
  std::vector<Reference> found;
  for (const auto& [program, offset, whole] : Expressions()) {
    for (Reference& reference : program.References()) {
      reference.offset += offset;
      found.push_back(std::move(reference));
    }
  }
  return found;
}

std::vector<std::string> Template::Secrets() const {
  std::vector<std::string> names;
  for (const auto& [program, offset, whole] : Expressions()) {
    for (std::string& name : program.Secrets()) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace recourse::expression

#include <variant>

#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/expression/budget.h"
#include "engine/expression/conversion.h"
#include "engine/expression/expression.h"
#include "engine/expression/lexer.h"
#include "engine/expression/utf8.h"

namespace recourse::expression {

struct Template::Part {
  struct Expression {
    Program program;
    std::size_t offset = 0;  // in the string
  };
  using Piece = std::variant<std::string, Expression>;
  struct Text {
    std::string name;  // of the member, for messages; empty at the top
    std::vector<Piece> pieces;
  };
  struct List {
    std::vector<Part> elements;
  };
  struct Map {
    std::vector<std::pair<Value, Part>> members;
  };

  std::variant<Value, Text, List, Map> form;

  bool constant() const { return std::holds_alternative<Value>(form); }
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

// Splits strings into what stands and what is to be evaluated.
class Template::Reader {
 public:
  static Result<Part> Read(const Value& value, const std::string& name, int depth) {
    if (depth > kTemplateDepthMax) {
      return InMember(name, InvalidArgument("nested deeper than " +
                                            std::to_string(kTemplateDepthMax) + " levels"));
    }
    if (value.is_string()) return ReadText(value, name);
    if (value.is_list()) return ReadList(value, name, depth);
    if (value.is_map()) return ReadMap(value, name, depth);
    return Part{value};
  }

 private:
  static Result<Part> ReadList(const Value& value, const std::string& name, int depth) {
    Part::List list;
    bool constant = true;
    for (const Value& element : value.as_list()) {
      const std::string index = "[" + std::to_string(list.elements.size()) + "]";
      Result<Part> part = Read(element, name + index, depth + 1);
      if (!part) return part;
      constant = constant && part->constant();
      list.elements.push_back(*std::move(part));
    }
    if (constant) return Part{value};
    return Part{std::move(list)};
  }

  static Result<Part> ReadMap(const Value& value, const std::string& name, int depth) {
    Part::Map map;
    bool constant = true;
    for (const auto& [key, member] : value.as_map()) {
      const std::string member_name = (name.empty() ? "" : name + ".") + ScalarText(key);
      Result<Part> part = Read(member, member_name, depth + 1);
      if (!part) return part;
      constant = constant && part->constant();
      map.members.emplace_back(key, *std::move(part));
    }
    if (constant) return Part{value};
    return Part{std::move(map)};
  }

  static Result<Part> ReadText(const Value& value, const std::string& name) {
    const std::string_view text = value.as_string();
    if (text.find("${") == text.npos) return Part{value};
    if (!IsUtf8(text)) return InMember(name, InvalidArgument("the text is not UTF-8"));
    Part::Text out{name, {}};
    std::string plain;
    const auto end_plain = [&] {
      if (!plain.empty()) out.pieces.emplace_back(std::exchange(plain, {}));
    };
    for (std::size_t at = 0; at < text.size();) {
      if (text.substr(at).starts_with("$${")) {
        plain += "${";
        at += 3;
      } else if (text.substr(at).starts_with("${")) {
        end_plain();
        const std::string_view rest = text.substr(at + 2);
        const std::size_t columns_before = CountCodePoints(text.substr(0, at + 2));
        Result<std::size_t> length = FindClosingBrace(Source{rest, columns_before});
        if (!length) return InMember(name, std::move(length).error());
        Result<Program> program =
            Program::ParseAt(rest.substr(0, *length), columns_before, Check::kFunctions);
        if (!program) return InMember(name, std::move(program).error());
        out.pieces.emplace_back(Part::Expression{*std::move(program), at + 2});
        at += 2 + *length + 1;
      } else {
        plain += text[at++];
      }
    }
    end_plain();
    return Part{std::move(out)};
  }
};

class Template::Writer {
 public:
  Writer(const Scope& scope, const Limits& limits) : scope_(scope), budget_(limits.steps_max) {}

  Result<Value> Write(const Part& part) {
    if (const auto* text = std::get_if<Part::Text>(&part.form)) return WriteText(*text);
    if (const auto* list = std::get_if<Part::List>(&part.form)) {
      Value::List out;
      for (const Part& element : list->elements) {
        Result<Value> value = Write(element);
        if (!value) return value;
        out.push_back(*std::move(value));
      }
      return Value(std::move(out));
    }
    if (const auto* map = std::get_if<Part::Map>(&part.form)) {
      Value::Map out;
      for (const auto& [key, member] : map->members) {
        Result<Value> value = Write(member);
        if (!value) return value;
        out.emplace(key, *std::move(value));
      }
      return Value(std::move(out));
    }
    return std::get<Value>(part.form);
  }

 private:
  Result<Value> WriteText(const Part::Text& text) {
    const bool whole = text.pieces.size() == 1;
    std::string out;
    for (const Part::Piece& piece : text.pieces) {
      if (const auto* plain = std::get_if<std::string>(&piece)) {
        out += *plain;
        continue;
      }
      const Program& program = std::get<Part::Expression>(piece).program;
      Result<Value> value = program.EvaluateWithin(scope_, budget_);
      if (!value) return InMember(text.name, std::move(value).error());
      if (whole) return value;
      const std::string value_text = TextOf(*value);
      if (!budget_.SpendBytes(value_text.size())) {
        return InMember(text.name, budget_.Exhausted());
      }
      out += value_text;
    }
    return Value(std::move(out));
  }

  const Scope& scope_;
  Budget budget_;
};

Result<Template> Template::Parse(const Value& value) {
  Result<Part> root = Reader::Read(value, "", 0);
  if (!root) return std::move(root).error();
  Template out;
  out.source_ = value;
  if (!root->constant()) out.root_ = std::make_shared<const Part>(*std::move(root));
  return out;
}

Result<Value> Template::Evaluate(const Scope& scope, const Limits& limits) const {
  if (constant()) return source_;
  return Writer(scope, limits).Write(*root_);
}

bool Template::constant() const { return root_ == nullptr; }

std::vector<Reference> Template::References() const {
  std::vector<Reference> found;
  if (root_) Collect(*root_, found);
  return found;
}

void Template::Collect(const Part& part, std::vector<Reference>& found) {
  if (const auto* list = std::get_if<Part::List>(&part.form)) {
    for (const Part& element : list->elements) Collect(element, found);
  } else if (const auto* map = std::get_if<Part::Map>(&part.form)) {
    for (const auto& [key, member] : map->members) Collect(member, found);
  } else if (const auto* text = std::get_if<Part::Text>(&part.form)) {
    for (const Part::Piece& piece : text->pieces) {
      const auto* expression = std::get_if<Part::Expression>(&piece);
      if (expression == nullptr) continue;
      for (Reference& reference : expression->program.References()) {
        reference.offset += expression->offset;
        found.push_back(std::move(reference));
      }
    }
  }
}

}  // namespace recourse::expression

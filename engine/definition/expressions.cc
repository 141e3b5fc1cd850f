#include <variant>

#include "engine/definition/layout.h"
#include "engine/definition/loading.h"
#include "engine/definition/members.h"
#include "engine/definition/schema.h"
#include "engine/definition/template_text.h"
#include "engine/expression/secret.h"

namespace recourse::definition {
namespace {

using expression::Layout;
using expression::Mistake;
using expression::Program;
using expression::Template;

// A stored definition is the canonical form, one line of JSON: its columns would tell nobody
// anything.
Layout LayoutOfString(const Node& node, const Loading& loading) {
  return loading.stored ? Layout() : LayoutOf(node, loading.text);
}

void AddMistake(const Mistake& mistake, const Node& node, const Layout& layout,
                std::string_view key, Loading& loading) {
  const std::string& text = node.scalar.as_string();
  const std::string before = key.empty() ? "" : std::string(key) + ": ";
  if (layout.known()) {
    loading.problems.Add(layout.PlaceOf(text, mistake.offset), before + mistake.error.message);
  } else {
    loading.problems.Add(node.place, before + InColumn(mistake, text).message);
  }
}

// Reads one value after the other, each string once.
class TemplateReader {
 public:
  TemplateReader(Position position, Loading& loading) : position_(position), loading_(loading) {}

  Template Read(const Node& node, const std::string& name, const Wanted& wanted) {
    if (node.is_string()) return ReadString(node, name, wanted);
    if (node.is_list()) return ReadList(node, name, wanted);
    if (node.is_map()) return ReadMap(node, name, wanted);
    return Template::Constant(node.scalar);
  }

 private:
  Template ReadString(const Node& node, const std::string& name, const Wanted& wanted) {
    const std::string& text = node.scalar.as_string();
    if (text.find("${") == text.npos) return Template::Constant(node.scalar);
    const Layout layout = LayoutOfString(node, loading_);
    auto read = Template::Read(text, name, layout);
    if (const auto* mistake = std::get_if<Mistake>(&read)) {
      AddMistake(*mistake, node, layout, "", loading_);
      return {};
    }
    auto& found = std::get<Template>(read);
    for (auto& [program, offset, whole] : found.Expressions()) {
      loading_.uses.push_back({position_, node.place, std::move(program), wanted, whole});
    }
    return std::move(found);
  }

  Template ReadList(const Node& node, const std::string& name, Wanted wanted) {
    if (wanted.schema != nullptr) wanted.schema = wanted.schema->Find("items");
    std::vector<Template> elements;
    elements.reserve(node.items.size());
    for (const Node& item : node.items) {
      elements.push_back(Read(item, name + "[" + std::to_string(elements.size()) + "]", wanted));
    }
    return Template::List(std::move(elements));
  }

  Template ReadMap(const Node& node, const std::string& name, const Wanted& wanted) {
    std::vector<std::pair<Value, Template>> members;
    members.reserve(node.members.size());
    for (const Member& member : node.members) {
      if (member.key == expression::kSecretKey && !loading_.stored) {
        loading_.problems.Add(member.place, "a secret is written ${secret(\"name\")}");
      }
      Wanted of_member = wanted;
      if (wanted.schema != nullptr) of_member.schema = SchemaOf(*wanted.schema, member.key);
      members.emplace_back(
          member.key,
          Read(member.value, name.empty() ? member.key : name + "." + member.key, of_member));
    }
    return Template::Map(std::move(members));
  }

  Position position_;
  Loading& loading_;
};

}  // namespace

std::optional<Program> ReadProgram(const Node& node, const Wanted& wanted, Position position,
                                   Loading& loading) {
  const std::string_view text = node.is_string() ? node.scalar.as_string() : std::string_view();
  if (!text.starts_with("${") || !text.ends_with('}')) {
    loading.problems.Add(node.place,
                         std::string(wanted.key) + ": expected one expression \"${...}\"");
    return std::nullopt;
  }
  const Layout layout = LayoutOfString(node, loading);
  const std::size_t length = text.size() - 3;
  auto read = Program::Read(text.substr(2, length), layout.Part(text, 2, length));
  if (auto* mistake = std::get_if<Mistake>(&read)) {
    mistake->offset += 2;
    AddMistake(*mistake, node, layout, wanted.key, loading);
    return std::nullopt;
  }
  auto& program = std::get<Program>(read);
  loading.uses.push_back({position, node.place, program, wanted});
  return std::move(program);
}

Template ReadTemplate(const Node& node, const Wanted& wanted, Position position, Loading& loading) {
  return TemplateReader(position, loading).Read(node, "", wanted);
}

Template ReadText(const Node& node, std::string_view key, Position position, Loading& loading) {
  if (node.is_string()) return ReadTemplate(node, {.key = key}, position, loading);
  loading.problems.Add(
      node.place, std::string(key) + ": expected a string, found " + std::string(Describe(node)));
  return {};
}

}  // namespace recourse::definition

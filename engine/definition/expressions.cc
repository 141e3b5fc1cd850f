#include "engine/definition/loading.h"
#include "engine/definition/members.h"
#include "engine/definition/template_text.h"

namespace recourse::definition {
namespace {

// Parses each string of `node` alone, so that a problem is reported where the string stands.
// False when one does not parse.
bool CollectUses(const Node& node, Position position, Loading& loading) {
  bool fine = true;
  for (const Node& item : node.items) fine = CollectUses(item, position, loading) && fine;
  for (const Member& member : node.members) {
    fine = CollectUses(member.value, position, loading) && fine;
  }
  if (!node.is_string() || !HasExpression(node.scalar.as_string())) return fine;
  auto parsed = expression::Template::Parse(node.scalar);
  if (!parsed) {
    loading.problems.Add(node.place, parsed.error().message);
    return false;
  }
  loading.uses.push_back({position, node.place, parsed->References()});
  return fine;
}

}  // namespace

std::optional<expression::Program> ReadProgram(const Node& node, std::string_view key,
                                               Position position, Loading& loading) {
  const std::string_view text = node.is_string() ? node.scalar.as_string() : std::string_view();
  if (!text.starts_with("${") || !text.ends_with('}')) {
    loading.problems.Add(node.place, std::string(key) + ": expected one expression \"${...}\"");
    return std::nullopt;
  }
  auto program = expression::Program::Parse(text.substr(2, text.size() - 3));
  if (!program) {
    loading.problems.Add(node.place, std::string(key) + ": " + program.error().message);
    return std::nullopt;
  }
  loading.uses.push_back({position, node.place, program->References()});
  return *std::move(program);
}

expression::Template ReadTemplate(const Node& node, Position position, Loading& loading) {
  if (!CollectUses(node, position, loading)) return {};
  auto parsed = expression::Template::Parse(ToValue(node));
  if (parsed) return *std::move(parsed);
  loading.problems.Add(node.place, parsed.error().message);
  return {};
}

expression::Template ReadText(const Node& node, std::string_view key, Position position,
                              Loading& loading) {
  if (node.is_string()) return ReadTemplate(node, position, loading);
  loading.problems.Add(
      node.place, std::string(key) + ": expected a string, found " + std::string(Describe(node)));
  return {};
}

}  // namespace recourse::definition

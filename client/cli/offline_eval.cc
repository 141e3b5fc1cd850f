// An expression tried out with no server: as a definition would evaluate it, on data from a file.
#include <cstdio>
#include <iostream>
#include <iterator>
#include <variant>

#include "client/cli/verbs.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/expression/expression.h"
#include "engine/expression/utf8.h"

namespace recourse::cli {
namespace {

using expression::MapScope;
using expression::Mistake;
using expression::Program;

constexpr std::size_t kDataMax = 64 << 20;

// The members of the JSON object in `file`; "-" is standard input, "" has none.
Result<Value::Map> ReadVariables(const std::string& file) {
  if (file.empty()) return Value::Map();
  const std::string name = file == "-" ? "standard input" : file;
  Result<std::string> text =
      file == "-" ? Result<std::string>(std::string(std::istreambuf_iterator<char>(std::cin), {}))
                  : ReadFile(file, kDataMax);
  if (!text) return std::move(text).error();
  auto value = ParseJson(*text);
  if (!value) return std::move(value).error().In(name);
  if (value->is_map()) return value->as_map();
  return InvalidArgument(name + ": expected a JSON object, whose members are the variables");
}

// The line of the expression that the mistake is in, and a mark below its place.
std::string Shown(const std::string& source, std::size_t offset) {
  offset = std::min(offset, source.size());
  const std::size_t begin = offset == 0 ? 0 : source.rfind('\n', offset - 1) + 1;
  const std::string line = source.substr(begin, source.find('\n', offset) - begin);
  return "  " + Clean(line) + "\n  " +
         std::string(expression::CountCodePoints(std::string_view(line).substr(0, offset - begin)),
                     ' ') +
         "^\n";
}

int TellMistake(const std::string& source, Mistake mistake) {
  const std::size_t offset = mistake.offset;
  std::fprintf(stderr, "recourse: %s\n%s",
               Clean(InColumn(std::move(mistake), source).message).c_str(),
               Shown(source, offset).c_str());
  return kRunNotSucceeded;
}

}  // namespace

int EvaluateOffline(const Common& common, const EvalArguments& arguments) {
  auto variables = ReadVariables(arguments.data);
  if (!variables) {
    std::fprintf(stderr, "recourse: %s\n", Clean(variables.error().message).c_str());
    return kUsage;
  }
  // As it stands in a definition, or without what is around it there.
  std::string source = arguments.expression;
  if (source.starts_with("${") && source.ends_with('}'))
    source = source.substr(2, source.size() - 3);
  auto read = Program::Read(source, {});
  if (auto* mistake = std::get_if<Mistake>(&read)) return TellMistake(source, std::move(*mistake));
  auto answer = std::get<Program>(read).Try(MapScope(*std::move(variables)));
  if (auto* mistake = std::get_if<Mistake>(&answer))
    return TellMistake(source, std::move(*mistake));
  const Value& value = std::get<Value>(answer);
  if (common.json) {
    const Value told = Value::Object({{"value", value}, {"type", value.TypeOf()}});
    PrintJson(told);
  } else {
    std::printf("%s\n", ToPrettyJson(value).c_str());
  }
  return kOk;
}

}  // namespace recourse::cli

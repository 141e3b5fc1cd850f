// Runs the test vectors of the Common Expression Language's own conformance suite.
//
// The vectors are a file of JSON lines, described in its README. The environment variable
// RECOURSE_CEL_VECTORS names it; without that it is looked for beside the project's checkout.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/expression/expression.h"

namespace recourse::expression {
namespace {

// Files of vectors about parts of the language that we leave out.
const std::set<std::string> kUnsupported = {"optionals"};

// Every other file must be there and pass whole.
const std::set<std::string> kRequired = {
    "basic",        "bindings_ext", "comparisons", "conversions", "fields",    "fp_math",
    "integer_math", "lists",        "logic",       "macros",      "macros2",   "math_ext",
    "parse",        "plumbing",     "string",      "string_ext",  "timestamps"};

std::string FromBase64(std::string_view text) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t digit = kAlphabet.find(c);
    if (digit == kAlphabet.npos) continue;
    bits = bits << 6 | static_cast<unsigned>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xff);
  }
  return out;
}

// {"int": "42"} -> 42
Value FromVector(const Value& described) {
  const auto& [key, value] = *described.as_map().begin();
  const std::string& type = key.as_string();
  if (type == "null") return nullptr;
  if (type == "bool" || type == "string") return value;
  if (type == "int") return std::int64_t{std::stoll(value.as_string())};
  if (type == "uint") return std::uint64_t{std::stoull(value.as_string())};
  if (type == "double") return std::strtod(value.as_string().c_str(), nullptr);
  if (type == "bytes") return Bytes{FromBase64(value.as_string())};
  if (type == "type") return TypeName{value.as_string()};
  if (type == "list") {
    Value::List list;
    for (const Value& element : value.as_list()) list.push_back(FromVector(element));
    return list;
  }
  if (type == "map") {
    Value::Map map;
    for (const Value& pair : value.as_list()) {
      map.emplace(FromVector(pair.as_list()[0]), FromVector(pair.as_list()[1]));
    }
    return map;
  }
  const std::int64_t seconds = value.as_list()[0].as_int();
  const auto nanos = static_cast<std::int32_t>(value.as_list()[1].as_int());
  if (type == "duration") return Duration{seconds, nanos};
  REQUIRE(type == "timestamp");
  return Timestamp{seconds, nanos};
}

// Equal and of the same type, which CEL's own equality does not ask for; NaN is itself here.
bool Same(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  if (a.is_double()) {
    if (std::isnan(a.as_double()) || std::isnan(b.as_double())) {
      return std::isnan(a.as_double()) && std::isnan(b.as_double());
    }
    return a.as_double() == b.as_double() &&
           std::signbit(a.as_double()) == std::signbit(b.as_double());
  }
  if (a.is_list()) {
    return std::equal(a.as_list().begin(), a.as_list().end(), b.as_list().begin(),
                      b.as_list().end(), Same);
  }
  if (a.is_map()) {
    return std::equal(a.as_map().begin(), a.as_map().end(), b.as_map().begin(), b.as_map().end(),
                      [](const auto& x, const auto& y) {
                        return Same(x.first, y.first) && Same(x.second, y.second);
                      });
  }
  return a == b;
}

Result<Value> Evaluate(const Value& vector) {
  Value::Map variables;
  for (const auto& [name, value] :
       vector["bindings"].is_map() ? vector["bindings"].as_map() : Value::Map()) {
    variables.emplace(name, FromVector(value));
  }
  const Check check = vector.BoolOr("unchecked", false) ? Check::kNone : Check::kFunctions;
  Result<Program> program = Program::Parse(vector["expr"].as_string(), check);
  if (!program) return std::move(program).error();
  return program->Evaluate(MapScope(std::move(variables)));
}

// A few expected values keep escapes of the text format that the suite is written in: "\\u0100"
// stands for one character in them, and "\\?" for a question mark.
bool KeepsEscapes(const Value& vector) {
  const std::string& section = vector["section"].as_string();
  const std::string& name = vector["name"].as_string();
  if (name.find("raw_") != name.npos) return false;
  return section == "string_literals" ||
         (section == "bytes_literals" && name.find("_unescaped_punctuation") != name.npos);
}

std::string WithoutEscapes(std::string text) {
  static const std::regex kEscape(R"(\\(u[0-9a-f]{4}|U[0-9a-f]{8}|\?))");
  std::string out;
  for (std::smatch found; std::regex_search(text, found, kEscape); text = found.suffix()) {
    out += found.prefix();
    const std::string escape = found[1];
    if (escape == "?") {
      out += escape;
    } else {
      // As CEL reads it: that this is right is what the other vectors prove.
      const auto program = Program::Parse("'\\" + escape + "'");
      REQUIRE(program);
      out += program->Evaluate(MapScope({}))->as_string();
    }
  }
  return out + text;
}

Value Expected(const Value& vector) {
  const Value value = FromVector(vector["value"]);
  if (!KeepsEscapes(vector)) return value;
  if (value.is_string()) return WithoutEscapes(value.as_string());
  return Bytes{WithoutEscapes(value.as_bytes().data)};
}

// What went wrong; empty when the vector passes.
std::string Failure(const Value& vector) {
  const Result<Value> got = Evaluate(vector);
  if (vector.Find("error") != nullptr) {
    return got ? "answered " + ToJson(*got) + ", expected an error" : "";
  }
  const Value expected = Expected(vector);
  if (!got) return got.error().ToString() + ", expected " + ToJson(expected);
  if (Same(*got, expected)) return "";
  return "answered " + std::string(got->TypeOf()) + " " + ToJson(*got) + ", expected " +
         std::string(expected.TypeOf()) + " " + ToJson(expected);
}

}  // namespace

TEST_CASE("the vectors of CEL's conformance suite pass", "[conformance]") {
  const char* named = std::getenv("RECOURSE_CEL_VECTORS");
  const std::string path = named != nullptr ? named : RECOURSE_CEL_VECTORS_DEFAULT;
  const Result<std::string> text = ReadFile(path, 64 << 20);
  if (!text) {
    WARN("skipped: " << text.error().message << "; RECOURSE_CEL_VECTORS may name the vectors");
    REQUIRE(named == nullptr);
    return;
  }

  struct Count {
    int passed = 0;
    int failed = 0;
  };
  std::map<std::string, Count> counts;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    const Result<Value> vector = ParseJson(line);
    REQUIRE(vector);
    const std::string file = (*vector)["file"].as_string();
    const std::string failure = Failure(*vector);
    ++(failure.empty() ? counts[file].passed : counts[file].failed);
    if (failure.empty() || kUnsupported.contains(file)) continue;
    UNSCOPED_INFO(file << "/" << (*vector)["section"].as_string() << "/"
                       << (*vector)["name"].as_string() << ": " << (*vector)["expr"].as_string());
    UNSCOPED_INFO("  " << failure);
    CHECK(failure.empty());
  }

  for (const auto& [file, count] : counts) {
    std::cout << file << ": " << count.passed << " passed, " << count.failed << " failed"
              << (kUnsupported.contains(file) ? " (unsupported)" : "") << "\n";
  }
  for (const std::string& file : kRequired) {
    INFO(file);
    CHECK(counts.contains(file));
    CHECK(counts[file].failed == 0);
  }
}

}  // namespace recourse::expression

#include "client/cli/contexts.h"

#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <filesystem>

#include "client/cli/yaml.h"
#include "engine/base/file.h"
#include "engine/base/text.h"

namespace recourse::cli {
namespace {

constexpr std::int64_t kFileMax = 1 << 20;

struct Field {
  const char* name;
  std::string Context::*text;
};
constexpr Field kFields[] = {
    {"data", &Context::data},         {"address", &Context::address},
    {"socket", &Context::socket},     {"token_file", &Context::token_file},
    {"as", &Context::principal},      {"tls_ca", &Context::tls_ca},
    {"tls_cert", &Context::tls_cert}, {"tls_key", &Context::tls_key},
};

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Reads the file's YAML; every mistake is an exception of yaml-cpp with its place.
class Reader {
 public:
  static Contexts Read(const std::string& text) {
    Contexts contexts;
    const YAML::Node root = YAML::Load(text);
    if (root.IsNull()) return contexts;
    if (!root.IsMap()) throw YAML::RepresentationException(root.Mark(), "not a map");
    for (const auto& member : root) {
      const std::string key = Text(member.first);
      if (key == "current") {
        contexts.current = Text(member.second);
      } else if (key == "contexts") {
        if (!member.second.IsMap()) Refuse(member.second, "contexts: not a map of names");
        for (const auto& entry : member.second) {
          contexts.all.push_back(One(Text(entry.first), entry.second));
        }
      } else {
        Refuse(member.first, "there is no setting \"" + key + "\"; there are current, contexts");
      }
    }
    return contexts;
  }

 private:
  [[noreturn]] static void Refuse(const YAML::Node& node, const std::string& message) {
    throw YAML::RepresentationException(node.Mark(), message);
  }
  static std::string Text(const YAML::Node& node) {
    if (!node.IsScalar()) Refuse(node, "not a text");
    return node.Scalar();
  }
  static Context One(const std::string& name, const YAML::Node& node) {
    Context context;
    context.name = name;
    if (!node.IsMap()) Refuse(node, name + ": not a map");
    for (const auto& member : node) {
      const std::string key = Text(member.first);
      if (key == "token") {
        Refuse(member.first, name +
                                 ": a token does not stand in this file; put it in a file of its "
                                 "own and name that with token_file");
      }
      const Field* field = FieldOf(key);
      if (field == nullptr) {
        Refuse(member.first, name + ": there is no setting \"" + key + "\"; there are " + Names());
      }
      context.*(field->text) = Text(member.second);
    }
    const int places = !context.data.empty() + !context.address.empty() + !context.socket.empty();
    if (places != 1) Refuse(node, name + ": say one of data, address and socket");
    return context;
  }
  static const Field* FieldOf(const std::string& key) {
    for (const Field& field : kFields) {
      if (key == field.name) return &field;
    }
    return nullptr;
  }
  static std::string Names() {
    std::string names;
    for (const Field& field : kFields)
      names += (names.empty() ? "" : ", ") + std::string(field.name);
    return names;
  }
};

}  // namespace

std::string Context::Where() const {
  return !address.empty() ? address : !socket.empty() ? socket : data;
}

Value Context::ToValue() const {
  Value value = Value::Map();
  for (const Field& field : kFields) {
    if (!(this->*(field.text)).empty()) value = value.With(field.name, this->*(field.text));
  }
  return value;
}

const Context* Contexts::Find(const std::string& name) const {
  for (const Context& context : all) {
    if (context.name == name) return &context;
  }
  return nullptr;
}

Result<Context> Contexts::Get(const std::string& name) const {
  if (const Context* found = Find(name)) return *found;
  std::vector<std::string> names;
  for (const Context& context : all) names.push_back(context.name);
  const std::string nearest = Nearest(name, names);
  return NotFound("there is no context \"" + name + "\" in " + path +
                  (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?") +
                  "\nwhat there is: recourse context list");
}

std::string ContextsPath() {
  const std::string config = FromEnvironment("XDG_CONFIG_HOME");
  return (config.empty() ? FromEnvironment("HOME") + "/.config" : config) +
         "/recourse/contexts.yaml";
}

Result<Contexts> ReadContexts(const std::string& path) {
  Contexts contexts;
  if (std::error_code ignored; std::filesystem::exists(path, ignored)) {
    auto text = ReadFile(path, kFileMax);
    if (!text) return std::move(text).error().In("cannot read the contexts");
    try {
      contexts = Reader::Read(*text);
    } catch (const YAML::Exception& e) {
      std::string place = path;
      if (e.mark.line >= 0) {
        place += ":" + std::to_string(e.mark.line + 1) + ":" + std::to_string(e.mark.column + 1);
      }
      return InvalidArgument(place + ": " + e.msg);
    }
  }
  contexts.path = path;
  return contexts;
}

Result<void> WriteContexts(const Contexts& contexts) {
  Value all = Value::Map();
  for (const Context& context : contexts.all) all = all.With(context.name, context.ToValue());
  Value file = Value::Object({{"contexts", all}});
  if (!contexts.current.empty()) file = file.With("current", contexts.current);
  const std::string folder = std::filesystem::path(contexts.path).parent_path();
  if (auto made = MakeDirectories(folder, 0700); !made) return made;
  return WriteFileAtomically(contexts.path, ToYaml(file), 0600);
}

Result<std::optional<ChosenContext>> ChooseContext(const client::Options& flags,
                                                   const std::string& flag) {
  const auto said = [](const std::string& data, const std::string& address) {
    return !data.empty() ? "data" : !address.empty() ? "address" : std::string();
  };
  std::string name = flag;
  std::string named_by = "--context";
  const std::string by_flags = said(flags.data, flags.address);
  if (!by_flags.empty() && !name.empty()) {
    return InvalidArgument("--context and --" + by_flags +
                           " both say which server; give one of them");
  }
  if (!by_flags.empty()) return std::optional<ChosenContext>();
  if (name.empty()) {
    const bool by_data = !FromEnvironment("RECOURSE_DATA").empty();
    const bool by_environment = by_data || !FromEnvironment("RECOURSE_ADDRESS").empty();
    name = FromEnvironment("RECOURSE_CONTEXT");
    named_by = "RECOURSE_CONTEXT";
    if (by_environment && !name.empty()) {
      return InvalidArgument(std::string("RECOURSE_CONTEXT and ") +
                             (by_data ? "RECOURSE_DATA" : "RECOURSE_ADDRESS") +
                             " both say which server; unset one of them, or say it with --context");
    }
    if (by_environment) return std::optional<ChosenContext>();
  }
  if (name == kDefaultContext) return std::optional<ChosenContext>();
  auto contexts = ReadContexts(ContextsPath());
  if (!contexts) {
    Error error = std::move(contexts).error();
    error.message += "\ncorrect it, or say which server with --data or --address";
    return error;
  }
  if (name.empty()) {
    name = contexts->current;
    named_by = "recourse context use";
  }
  if (name.empty() || name == kDefaultContext) return std::optional<ChosenContext>();
  auto context = contexts->Get(name);
  if (!context) return std::move(context).error().In(named_by);
  return std::optional(ChosenContext{*std::move(context), named_by, contexts->path});
}

client::Options OptionsFor(const ChosenContext& chosen, client::Options options) {
  const Context& context = chosen.context;
  const std::string variable = FromEnvironment("RECOURSE_TOKEN_FILE");
  const bool by_flag = chosen.named_by == "--context";
  if (options.token_file.empty() && !by_flag) options.token_file = variable;
  if (options.token_file.empty()) options.token_file = context.token_file;
  options.data = context.data.empty() ? client::FindData() : context.data;
  options.address = context.socket.empty() ? context.address : "unix:" + context.socket;
  if (options.principal.empty()) options.principal = context.principal;
  if (options.tls_ca.empty()) options.tls_ca = context.tls_ca;
  if (options.tls_cert.empty()) options.tls_cert = context.tls_cert;
  if (options.tls_key.empty()) options.tls_key = context.tls_key;
  return options;
}

std::string Described(const ChosenContext& chosen) {
  return "the context " + chosen.context.name + " (" + chosen.context.Where() + "), which " +
         (chosen.named_by == "recourse context use" ? "is the current one"
                                                    : chosen.named_by + " names") +
         "; it stands in " + chosen.file;
}

}  // namespace recourse::cli

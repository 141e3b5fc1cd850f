// context list, show, add, use, remove: which servers somebody works with.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "client/cli/contexts.h"
#include "client/cli/tools.h"

namespace recourse::cli {
namespace {

struct ContextArguments {
  Context context;
  bool use = false;
};

Result<void> CheckName(const std::string& name) {
  const bool fits = !name.empty() && name.size() <= 64 && name != kDefaultContext &&
                    std::all_of(name.begin(), name.end(), [](unsigned char c) {
                      return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
                    });
  if (fits) return {};
  return InvalidArgument("\"" + name +
                         "\" can be no context's name: use letters, digits, - _ and .; " +
                         kDefaultContext + " is the server of this host");
}

std::string Absolute(const std::string& path) {
  return path.empty() ? path : std::filesystem::absolute(path).lexically_normal().string();
}

int ListContexts(const Common& common) {
  auto contexts = ReadContexts(ContextsPath());
  if (!contexts) return Tell(contexts.error(), kUsage);
  if (common.json) {
    Value::List all;
    for (const Context& context : contexts->all) {
      all.push_back(context.ToValue().With("name", context.name));
    }
    return PrintJson(Value::Object({{"current", contexts->current}, {"contexts", all}}));
  }
  Table table({"CONTEXT", "SERVER", "AS", "TOKEN FILE"});
  for (const Context& context : contexts->all) {
    const bool current = context.name == contexts->current;
    table.Add({context.name + (current ? " (current)" : ""), context.Where(), context.principal,
               context.token_file},
              current ? Colour::kGood : Colour::kNone);
  }
  std::printf("%s", table.empty() ? "no contexts; add one: recourse context add NAME --address "
                                    "HOST:PORT --token-file FILE\n"
                                  : table.ToString().c_str());
  return kOk;
}

// The named one, else the one that a call would go to now.
int ShowContext(const Common& common, const std::string& name) {
  Result<std::optional<ChosenContext>> chosen = std::optional<ChosenContext>();
  if (name.empty()) {
    chosen = ChooseContext(common.server, common.context);
  } else if (auto contexts = ReadContexts(ContextsPath()); !contexts) {
    chosen = std::move(contexts).error();
  } else if (auto context = contexts->Get(name); !context) {
    chosen = std::move(context).error();
  } else {
    chosen = std::optional(ChosenContext{*std::move(context), "", contexts->path});
  }
  if (!chosen) return Tell(chosen.error(), kUsage);
  const Value fields = *chosen ? (*chosen)->context.ToValue() : Value::Map();
  const std::string shown = *chosen ? (*chosen)->context.name : kDefaultContext;
  if (common.json) return PrintJson(fields.With("name", shown));
  if (!*chosen) {
    std::printf(
        "no context is used: calls go to the server that flags or environment say, else to "
        "that of this host\n");
    return kOk;
  }
  std::printf("%s, in %s\n", shown.c_str(), Clean((*chosen)->file).c_str());
  for (const auto& [key, value] : fields.as_map()) {
    std::printf("%-11s %s\n", key.as_string().c_str(), OneLine(value.as_string()).c_str());
  }
  if (name.empty()) {
    std::printf("%-11s %s\n", "chosen by", (*chosen)->named_by.c_str());
  }
  return kOk;
}

// Writes what `change` makes of the contexts, and prints `told`.
int ChangeContexts(const std::function<Result<std::string>(Contexts&)>& change) {
  auto contexts = ReadContexts(ContextsPath());
  if (!contexts) return Tell(contexts.error(), kUsage);
  auto told = change(*contexts);
  if (!told) return Tell(told.error(), kUsage);
  if (auto written = WriteContexts(*contexts); !written) {
    return Tell(written.error().In("the contexts stay as they were"), kUsage);
  }
  std::printf("%s\n", Clean(*told).c_str());
  return kOk;
}

int AddContext(const Common& common, const ContextArguments& arguments) {
  Context context = arguments.context;
  context.data = Absolute(common.server.data);
  context.address = common.server.address;
  context.token_file = Absolute(common.server.token_file);
  context.principal = common.server.principal;
  context.socket = Absolute(context.socket);
  const auto& server = common.server;
  context.tls_ca = server.tls_ca == "system" ? server.tls_ca : Absolute(server.tls_ca);
  context.tls_cert = Absolute(server.tls_cert);
  context.tls_key = Absolute(server.tls_key);
  return ChangeContexts([&](Contexts& contexts) -> Result<std::string> {
    if (auto fits = CheckName(context.name); !fits) return std::move(fits).error();
    const int places = !context.data.empty() + !context.address.empty() + !context.socket.empty();
    if (places != 1) {
      return InvalidArgument(
          "say where the server is with one of --address HOST:PORT, --socket PATH and "
          "--data DIRECTORY");
    }
    if (contexts.Find(context.name) != nullptr) {
      return InvalidArgument("there is a context " + context.name +
                             " already; to replace it: recourse context remove " + context.name);
    }
    contexts.all.push_back(context);
    if (arguments.use) contexts.current = context.name;
    std::string told = context.name + " is " + context.Where();
    std::error_code ignored;
    if (!context.token_file.empty() && !std::filesystem::exists(context.token_file, ignored)) {
      told += "\nits token file is not there yet: " + context.token_file;
    }
    return told + (arguments.use
                       ? "\ncalls go there from now on"
                       : "\nuse it: recourse --context " + context.name +
                             " ..., or for all calls: recourse context use " + context.name);
  });
}

int UseContext(const std::string& name) {
  return ChangeContexts([&](Contexts& contexts) -> Result<std::string> {
    if (name == kDefaultContext) {
      contexts.current.clear();
      return std::string("calls go to the server of this host from now on");
    }
    auto context = contexts.Get(name);
    if (!context) return std::move(context).error();
    contexts.current = name;
    return "calls go to " + context->Where() +
           " from now on, unless flags or environment say otherwise";
  });
}

int RemoveContext(const std::string& name) {
  return ChangeContexts([&](Contexts& contexts) -> Result<std::string> {
    auto context = contexts.Get(name);
    if (!context) return std::move(context).error();
    std::erase_if(contexts.all, [&](const Context& each) { return each.name == name; });
    const bool was_current = contexts.current == name;
    if (was_current) contexts.current.clear();
    return name + " is removed" +
           (was_current ? "; calls go to the server of this host from now on" : "") +
           (context->token_file.empty() ? "" : "\nits token is still in " + context->token_file);
  });
}

}  // namespace

void AddContextVerbs(CLI::App& app, const Common& common, const AddVerb& add) {
  const auto arguments = std::make_shared<ContextArguments>();
  CLI::App* group = app.add_subcommand("context", "the servers that you work with, by name");
  group->require_subcommand(1);
  group->fallthrough();
  add(*group, "list", "all of them", [&common] { return ListContexts(common); });
  add(*group, "show", "one, or the one that a call would go to now", [&common, arguments] {
    return ShowContext(common, arguments->context.name);
  })->add_option("context", arguments->context.name, "its name");
  CLI::App* one =
      add(*group, "add", "add one; with --address or --data, --token-file, --as, --tls-ca",
          [&common, arguments] { return AddContext(common, *arguments); });
  one->add_option("context", arguments->context.name, "its name")->required();
  one->add_option("--socket", arguments->context.socket, "a socket on this host");
  one->add_flag("--use", arguments->use, "use it for all calls from now on");
  add(*group, "use", "send all calls there from now on; default: to the server of this host",
      [arguments] { return UseContext(arguments->context.name); })
      ->add_option("context", arguments->context.name, "its name")
      ->required();
  add(*group, "remove", "forget one; its token file stays",
      [arguments] { return RemoveContext(arguments->context.name); })
      ->add_option("context", arguments->context.name, "its name")
      ->required();
}

}  // namespace recourse::cli

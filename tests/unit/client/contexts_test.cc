#include "client/cli/contexts.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "engine/base/file.h"

namespace recourse::cli {
namespace {

using Catch::Contains;

constexpr const char* kTwo = R"(current: staging
contexts:
  prod:
    address: 10.0.0.7:7373
    token_file: /secrets/prod.token
    as: ana
  staging:
    socket: /run/staging.sock
)";

// The environment of a call, put back afterwards.
class Surroundings {
 public:
  explicit Surroundings(const std::string& contexts) {
    std::string pattern = (std::filesystem::temp_directory_path() / "contexts-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    for (const char* name : {"RECOURSE_DATA", "RECOURSE_ADDRESS", "RECOURSE_TOKEN_FILE",
                             "RECOURSE_CONTEXT", "XDG_CONFIG_HOME"}) {
      const char* value = std::getenv(name);
      if (value != nullptr) before_[name] = value;
      unsetenv(name);
    }
    Set("XDG_CONFIG_HOME", folder_);
    std::filesystem::create_directories(folder_ + "/recourse");
    REQUIRE(WriteFileAtomically(ContextsPath(), contexts, 0600));
  }
  ~Surroundings() {
    for (const std::string& name : set_) unsetenv(name.c_str());
    for (const auto& [name, value] : before_) setenv(name.c_str(), value.c_str(), 1);
    std::filesystem::remove_all(folder_);
  }
  void Set(const std::string& name, const std::string& value) {
    setenv(name.c_str(), value.c_str(), 1);
    set_.push_back(name);
  }

 private:
  std::string folder_;
  std::map<std::string, std::string> before_;
  std::vector<std::string> set_;
};

// The name of the context of a call with these flags, "" for none, or what is wrong.
std::string Chosen(const std::string& flag, const client::Options& flags = {}) {
  const auto chosen = ChooseContext(flags, flag);
  if (!chosen) return chosen.error().message;
  return *chosen ? (*chosen)->context.name + " by " + (*chosen)->named_by : "";
}

}  // namespace

TEST_CASE("the example of docs/command.md is a file of contexts", "[client]") {
  const auto docs = ReadFile(std::string(RECOURSE_SOURCE_DIR) + "/docs/command.md", 1 << 20);
  REQUIRE(docs);
  const auto begin = docs->find("```yml\n") + 7;
  const Surroundings surroundings(docs->substr(begin, docs->find("```", begin) - begin));
  CHECK(Chosen("") == "staging by recourse context use");
  CHECK(Chosen("prod") == "prod by --context");
}

TEST_CASE("flags win over the environment, which wins over the current context", "[client]") {
  Surroundings surroundings(kTwo);
  client::Options by_data;
  by_data.data = "/srv/data";
  CHECK(Chosen("") == "staging by recourse context use");
  CHECK(Chosen("prod") == "prod by --context");
  CHECK(Chosen("default").empty());
  CHECK(Chosen("", by_data).empty());
  surroundings.Set("RECOURSE_CONTEXT", "prod");
  CHECK(Chosen("") == "prod by RECOURSE_CONTEXT");
  CHECK(Chosen("staging") == "staging by --context");
  CHECK(Chosen("", by_data).empty());
}

TEST_CASE("a server that the environment says is not mixed with a context", "[client]") {
  Surroundings surroundings(kTwo);
  surroundings.Set("RECOURSE_ADDRESS", "127.0.0.1:1");
  CHECK(Chosen("").empty());
  CHECK(Chosen("prod") == "prod by --context");
}

TEST_CASE("two that say which server are refused and not weighed", "[client]") {
  Surroundings surroundings(kTwo);
  client::Options by_address;
  by_address.address = "127.0.0.1:1";
  CHECK_THAT(Chosen("prod", by_address), Contains("--context and --address"));
  surroundings.Set("RECOURSE_CONTEXT", "prod");
  surroundings.Set("RECOURSE_DATA", "/srv/data");
  CHECK_THAT(Chosen(""), Contains("RECOURSE_CONTEXT and RECOURSE_DATA"));
}

TEST_CASE("a token meant for one server is not sent to another", "[client]") {
  Surroundings surroundings(kTwo);
  surroundings.Set("RECOURSE_TOKEN_FILE", "/secrets/other.token");
  client::Options flags;
  flags.principal.clear();
  const auto by_flag = ChooseContext(flags, "prod");
  REQUIRE((by_flag && *by_flag));
  const client::Options options = OptionsFor(**by_flag, flags);
  CHECK(options.address == "10.0.0.7:7373");
  CHECK(options.token_file == "/secrets/prod.token");
  CHECK(options.principal == "ana");
  // Where the environment names both, they belong together.
  surroundings.Set("RECOURSE_CONTEXT", "prod");
  const auto by_variable = ChooseContext(flags, "");
  REQUIRE((by_variable && *by_variable));
  CHECK(OptionsFor(**by_variable, flags).token_file == "/secrets/other.token");
  flags.token_file = "/secrets/mine.token";
  CHECK(OptionsFor(**by_variable, flags).token_file == "/secrets/mine.token");
}

TEST_CASE("a mistake in the file is told with its place, and what a token must not do",
          "[client]") {
  const auto told = [](const std::string& text) {
    const Surroundings surroundings(text);
    const auto contexts = ReadContexts(ContextsPath());
    return contexts ? std::string("fine") : contexts.error().message;
  };
  CHECK(told(kTwo) == "fine");
  CHECK(told("") == "fine");
  CHECK_THAT(told("contexts:\n  a: {adress: x}\n"),
             Contains("contexts.yaml:2:7: a: there is no setting \"adress\""));
  CHECK_THAT(told("contexts:\n  a: {address: x, token: abc}\n"),
             Contains("put it in a file of its own"));
  CHECK_THAT(told("contexts:\n  a: {address: x, socket: /y}\n"), Contains("one of data, address"));
  CHECK_THAT(told("contexts: [a\n"), Contains("contexts.yaml:"));
  CHECK_THAT(told("servers: {}\n"), Contains("there are current, contexts"));
}

TEST_CASE("what was written is read back, and only its owner may read it", "[client]") {
  const Surroundings surroundings(kTwo);
  auto contexts = ReadContexts(ContextsPath());
  REQUIRE(contexts);
  contexts->all.push_back({.name = "no",
                           .data = "/srv/a b: c",
                           .address = {},
                           .socket = {},
                           .token_file = {},
                           .principal = {},
                           .tls_ca = "/ca.pem",
                           .tls_cert = {},
                           .tls_key = {}});
  REQUIRE(WriteContexts(*contexts));
  const auto again = ReadContexts(ContextsPath());
  REQUIRE(again);
  CHECK(again->current == "staging");
  CHECK(again->all.size() == 3);
  REQUIRE(again->Find("no") != nullptr);
  CHECK(again->Find("no")->data == "/srv/a b: c");
  CHECK(again->Find("no")->tls_ca == "/ca.pem");
  CHECK(again->Find("prod")->token_file == "/secrets/prod.token");
  CHECK((std::filesystem::status(ContextsPath()).permissions() & std::filesystem::perms(077)) ==
        std::filesystem::perms::none);
}

}  // namespace recourse::cli

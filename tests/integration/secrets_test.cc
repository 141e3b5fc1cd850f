// Secrets: an action gets them, and nothing that is stored, logged or shown has them.
#include <catch2/catch.hpp>
#include <filesystem>

#include "engine/base/text.h"
#include "tests/integration/scene.h"

namespace recourse::integration {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

// An action of each kind answers what it was given: as its output, on its log, in its error.
constexpr const char* kLeaky = R"(
name: leaky
on_failure: fail
steps:
  - {id: confirm, approval: {prompt: "Go on?", approvers: [dba]}}
  - id: output
    action: debug.echo
    with:
      value:
        deep: ["${secret('env')}", {credential: "${secret('credential')}"}]
        file: "${secret('file')}"
        command: "${secret('command')}"
  - id: log
    action: process.run
    with:
      arguments: [/bin/echo, "${secret('env')}", "${secret('file')}", "${secret('credential')}", "${secret('command')}"]
  - id: error
    action: debug.fail
    with: {message: "${secret('command')}", code: UNAVAILABLE}
    retry: {attempts: 2, delay: 10ms, on: [UNAVAILABLE]}
)";

constexpr const char* kMissing = R"(
name: missing
on_failure: fail
steps:
  - {id: use, action: process.run, with: {arguments: [/bin/echo, "${secret('no-such')}"]}}
)";

constexpr const char* kBroken = R"(
name: broken-sources
on_failure: fail
inputs: {which: {type: string}}
steps:
  - id: use
    action: debug.echo
    with: {value: "${inputs.which == 'env' ? secret('no-env') : inputs.which == 'file' ? secret('open-file') : inputs.which == 'short' ? secret('short') : inputs.which == 'slow' ? secret('slow') : secret('failing')}"}
)";

const std::string kEnvironment = "env-s3cret/with+odd&chars=";
const std::string kFile = "file-s3cret-line-one\nfile-s3cret-line-two";
const std::string kCredential = "credential-s3cret \"quoted\"";
const std::string kCommand = "command-s3cret";

struct Secretive {
  Secretive() : scene(false) {
    scene.folder.Write("workflows/leaky.yaml", kLeaky);
    scene.folder.Write("workflows/missing.yaml", kMissing);
    scene.folder.Write("workflows/broken-sources.yaml", kBroken);
    scene.folder.Write("sources/file", kFile + "\n");
    scene.folder.Write("sources/db", kCredential);
    scene.folder.Write("sources/vault", kCommand + "\n");
    const std::string open = scene.folder.Write("sources/open", "everybody-reads-this");
    fs::permissions(open, fs::perms::others_read, fs::perm_options::add);
    const std::string settings = scene.folder.Write("recourse.yaml", R"(
log: {level: debug}
secrets:
  env: {env: RECOURSE_TEST_SECRET}
  file: {file: )" + (scene.folder / "sources/file") + R"(}
  credential: {credential: db}
  command: {command: [/bin/cat, )" + (scene.folder / "sources/vault") + R"(]}
  no-env: {env: RECOURSE_TEST_NOT_SET}
  open-file: {file: )" + open + R"(}
  short: {command: [/bin/echo, abc]}
  slow: {command: [/bin/sleep, "600"], timeout: 50ms}
  failing: {command: [/bin/ls, /no/such/place]}
)");
    scene.server_arguments = {"--config", settings};
    scene.server_environment = {{"RECOURSE_TEST_SECRET", kEnvironment},
                                {"CREDENTIALS_DIRECTORY", scene.folder / "sources"}};
    scene.StartServer();
  }
  Scene scene;
};

// The files below the scene's folder that hold `text`, but for those that secrets come from.
std::vector<std::string> FilesWith(const Scene& scene, const std::string& text) {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(scene.folder / "")) {
    if (!entry.is_regular_file() || entry.path().string().find("/sources/") != std::string::npos) {
      continue;
    }
    const auto content = ReadFile(entry.path(), 64 << 20);
    if (content && content->find(text) != std::string::npos) found.push_back(entry.path());
  }
  return found;
}

}  // namespace

TEST_CASE("an action gets its secrets, and nothing that is stored, logged or shown has them",
          "[integration]") {
  Secretive secretive;
  Scene& scene = secretive.scene;
  CHECK_THAT(scene.Recourse({"plan", "leaky"}).out, Contains("[secret env]"));
  const std::string run = scene.Start("leaky");
  scene.WaitForStatus(run, "RUN_STATUS_WAITING");
  const auto watch = scene.Background({"watch", run, "--output", "json"});
  Eventually("it is watched", [&] { return watch->out().find("\"run\"") != std::string::npos; });
  CHECK_THAT(scene.Recourse({"approval", "A-1"}).out, Contains("[secret env]"));
  REQUIRE(scene.Recourse({"approve", "A-1", "--as", "approver"}).code == 0);
  REQUIRE(watch->WaitForEnd(30s) == 1);  // FAILED, as it should

  // The names stand where the secrets would, and the action had them in full.
  const std::string shown = scene.Recourse({"show", run, "--output", "json"}).out;
  CHECK_THAT(shown, Contains("[secret command]") && Contains("[secret file]"));
  const std::size_t bytes =
      (kEnvironment + " " + kFile + " " + kCredential + " " + kCommand + "\n").size();
  CHECK_THAT(shown, Contains("\\\"output_bytes\\\":" + std::to_string(bytes)));
  CHECK_THAT(watch->out(), Contains("[secret credential]"));  // live, from the program's log
  CHECK_THAT(scene.Recourse({"timeline", run}).out,
             Contains("attempt 2 of error failed: UNAVAILABLE: [secret command]"));
  CHECK_THAT(scene.Recourse({"journal", "show", "--file", scene.data + "/journal.db"}).out,
             Contains("[secret command]"));

  scene.StopServer();
  for (const std::string& value :
       {kEnvironment, kFile, kCredential, kCommand, std::string("s3cret"),
        std::string("with%2Bodd"), Base64(kCommand), Hex(kCommand)}) {
    INFO(value);
    CHECK(FilesWith(scene, value) == std::vector<std::string>());
  }
  CHECK_FALSE(FilesWith(scene, "[secret command]").empty());
}

TEST_CASE("a secret that cannot be had fails the attempt before anything is done",
          "[integration]") {
  Secretive secretive;
  Scene& scene = secretive.scene;
  CHECK_THAT(scene.Recourse({"plan", "missing"}).out, Contains("there is no secret \"no-such\""));
  const auto refused = scene.Recourse({"start", "missing", "--wait"});
  CHECK(refused.code != 0);
  CHECK_THAT(refused.err,
             Contains("there is no secret \"no-such\"; known are: command, credential, "
                      "env, failing, file, no-env, open-file, short, slow; the server's "
                      "configuration says under \"secrets:\" where each comes from"));
  CHECK_THAT(scene.Recourse({"runs"}).out, !Contains("R-1"));

  int runs = 0;
  for (const auto& [which, why] :
       {std::pair("env", "the server's environment has no variable RECOURSE_TEST_NOT_SET"),
        std::pair("file", "can be read by everybody; replace the secret in it, then: chmod o-rwx"),
        std::pair("short", "it has fewer than 4 characters"),
        std::pair("slow", "/bin/sleep did not end within 50 ms, and was ended"),
        std::pair("failing", "/bin/ls ended with exit code 2; what it said is not shown")}) {
    INFO(which);
    CHECK(scene
              .Recourse(
                  {"start", "broken-sources", "--wait", "--input", "which=" + std::string(which)})
              .code == 1);
    CHECK_THAT(scene.Recourse({"timeline", "R-" + std::to_string(++runs)}).out,
               Contains("FAILED_PRECONDITION: the secret") && Contains(why));
  }
}

TEST_CASE("a new value of a secret counts from the next attempt on", "[integration]") {
  Secretive secretive;
  Scene& scene = secretive.scene;
  scene.folder.Write("workflows/size.yaml", R"(
name: size
steps:
  - {id: say, action: process.run, with: {arguments: [/bin/echo, "${secret('command')}"]}}
outputs: {bytes: "${steps.say.output.output_bytes}"}
)");
  scene.StopServer();
  scene.StartServer();
  const auto bytes = [&](const std::string& run) {
    REQUIRE(scene.Recourse({"start", "size", "--wait"}).code == 0);
    return scene.Json({"show", run}).StringOr("outputs_json", "");
  };
  CHECK(bytes("R-1") == "{\"bytes\":" + std::to_string(kCommand.size() + 1) + "}");
  scene.folder.Write("sources/vault", "another-s3cret-of-another-length");
  CHECK(bytes("R-2") == "{\"bytes\":33}");
}

}  // namespace recourse::integration

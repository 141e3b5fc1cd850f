// Input that must not be taken: told where and why, with the right code, and nothing is stored.
#include <catch2/catch.hpp>

#include "client/connection.h"
#include "tests/integration/scene.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

std::string Steps(const std::string& steps) { return "name: bad\nsteps:\n" + steps; }

TEST_CASE("a definition with a mistake is told with its place, and nothing is stored",
          "[integration]") {
  const Scene scene;
  struct Mistake {
    std::string what, text, place, message;
  };
  const std::vector<Mistake> mistakes = {
      {"a misspelt key", "name: bad\nsummry: x\nsteps:\n  - {id: a, succeed: true}\n",
       ":2:1: ", "did you mean \"summary\"?"},
      {"an unknown action", Steps("  - {id: a, action: debug.ecko}\n"), ":3:", "debug.echo"},
      {"an unknown step", Steps("  - {id: a, action: debug.echo, next: nowhere}\n"),
       ":3:", "nowhere"},
      {"an unknown output",
       Steps("  - {id: a, action: debug.echo, with: {value: "
             "\"${steps.b.output.x}\"}}\n"),
       ":3:", "b"},
      {"a wrong type", Steps("  - {id: a, action: debug.echo, timeout: [1]}\n"), ":3:", "timeout"},
      {"a wrong type of an action's input",
       Steps("  - {id: a, action: debug.fail, with: {times: often}}\n"), ":3:", "times"},
      {"steps that go round for ever",
       Steps("  - {id: a, action: debug.echo, next: b}\n"
             "  - {id: b, action: debug.echo, next: a}\n"),
       ":", "end"},
      {"no YAML", "name: [bad\n", ":", "bad.yaml"},
      {"an alias", Steps("  - &x {id: a, succeed: true}\n  - *x\n"), ":", "bad.yaml"},
      {"nothing", "", ":", "the text is empty"},
  };
  const std::string before = scene.Position();
  for (const Mistake& mistake : mistakes) {
    INFO(mistake.what);
    const std::string file = scene.folder.Write("bad.yaml", mistake.text);
    const Finished refused = scene.Recourse({"workflows", "validate", file});
    INFO(refused.out << refused.err);
    CHECK(refused.code == 4);
    CHECK_THAT(refused.out + refused.err, Contains("bad.yaml" + mistake.place));
    CHECK_THAT(refused.out + refused.err, Contains(mistake.message));
    // The server finds the same, against its own actions.
    const Finished by_server = scene.Recourse({"workflows", "validate", "--server", file});
    CHECK(by_server.code == 4);
    CHECK_THAT(by_server.out + by_server.err, Contains("bad.yaml"));
  }
  CHECK(scene.Position() == before);
}

TEST_CASE("a definition that is too large or no text is refused", "[integration]") {
  const Scene scene;
  const std::string before = scene.Position();
  const std::string huge = "name: huge\nsummary: " + std::string((1 << 20) + 1, 'x') +
                           "\nsteps:\n  - {id: a, succeed: true}\n";
  const Finished large =
      scene.Recourse({"workflows", "validate", scene.folder.Write("huge.yaml", huge)});
  CHECK(large.code == 4);
  CHECK_THAT(large.out + large.err, Contains("huge.yaml"));
  const Finished bytes = scene.Recourse(
      {"workflows", "validate", scene.folder.Write("bytes.yaml", "name: b\xff\xfe\n")});
  CHECK(bytes.code == 4);
  CHECK_THAT(bytes.out + bytes.err, Contains("bytes.yaml"));
  CHECK_THAT(bytes.out + bytes.err, Contains("UTF-8"));
  CHECK(scene.Recourse({"workflows", "validate", scene.folder / "none.yaml"}).code == 2);
  scene.folder.Write("empty/notes.txt", "nothing to check here");
  const Finished empty = scene.Recourse({"workflows", "test", scene.folder / "empty"});
  CHECK(empty.code == 2);
  CHECK_THAT(empty.err, Contains("the directory holds no NAME.test.yaml"));
  CHECK(scene.Position() == before);
}

TEST_CASE("broken definitions in the directory are told, and the server serves the others",
          "[integration]") {
  Scene scene(false);
  scene.folder.Write("workflows/broken.yaml", "name: broken\nsummry: x\nsteps: []\n");
  scene.folder.Write("workflows/bytes.yaml", "name: \xff\n");
  scene.folder.Write("workflows/huge.yaml", std::string((1 << 20) + 1, '#'));
  scene.folder.Write("workflows/twice.yaml", "name: echo\nsteps:\n  - {id: a, succeed: true}\n");
  scene.folder.Write("targets/broken.yaml", "name: broken\ndatabase: {kind: oracle}\n");
  scene.server_arguments = {"--targets", scene.folder / "targets"};
  scene.StartServer();
  CHECK(scene.Recourse({"start", "echo", "--wait"}).code == 0);
  const std::string log = scene.server().err();
  CHECK_THAT(log, Contains("broken.yaml:2:1: unknown key \"summry\"; did you mean \"summary\"?"));
  for (const char* file : {"workflows/bytes.yaml", "workflows/huge.yaml", "workflows/twice.yaml",
                           "targets/broken.yaml"}) {
    CHECK_THAT(log, Contains(file));
  }
}

TEST_CASE("a refused request names what is wrong, and nothing is stored", "[integration]") {
  const Scene scene;
  scene.Recourse({"start", "stuck", "--wait"});
  const std::string before = scene.Position();
  const auto check = [&](const std::vector<std::string>& arguments, const std::string& message) {
    const Finished refused = scene.Recourse(arguments);
    INFO(arguments[0] << ": " << refused.out << refused.err);
    CHECK(refused.code == 4);
    CHECK_THAT(refused.err, Contains(message));
  };
  check({"start", "nothing"}, "recourse workflows list");
  check({"start", "ecko"}, "did you mean \"echo\"?");
  check({"start", "echo", "--input", "valu=1"}, "inputs.valu");
  check({"start", "echo", "--input", "value=many"}, "value");
  check({"start", "echo", "--target", "health"}, "target");
  check({"start", "echo", "--request-id", std::string(200, 'x')}, "request_id");
  check({"show", "R-99"}, "recourse runs");
  check({"show", "run-1"}, "write it as R-12");
  check({"approve", "A-99"}, "recourse approvals");
  check({"approve", "one"}, "write it as A-12");
  check({"resume", "R-1"}, "R-1 is NEEDS_ATTENTION; possible now:");
  check({"pause", "R-99"}, "R-99");
  check({"skip", "R-1", "--reason", "x", "--step-output", "{"}, "output");
  check({"note", "R-1", std::string(5000, 'x')}, "4096");
  CHECK(scene.Position() == before);
}

TEST_CASE("text that is no UTF-8 or JSON never reaches the journal", "[integration]") {
  const Scene scene;
  const std::string before = scene.Position();
  auto server = client::Connection::Open({.data = scene.data, .address = "", .token_file = ""});
  REQUIRE(server);
  const auto start = [&](const std::string& inputs) {
    v1::StartRunRequest request;
    request.set_workflow("echo");
    request.set_inputs_json(inputs);
    v1::Run run;
    const auto context = server->NewContext();
    return server->runs().StartRun(context.get(), request, &run);
  };
  for (const std::string& inputs :
       {std::string("{"), std::string("[]"), std::string("{\"value\":1,\"value\":2}"),
        std::string("{\"value\":1e999}"), std::string(200, '['), std::string("\"x\"")}) {
    const grpc::Status refused = start(inputs);
    INFO(inputs << ": " << refused.error_message());
    CHECK(refused.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
    CHECK_THAT(refused.error_message(), Contains("inputs"));
  }
  CHECK_FALSE(start("{\"value\":\"\xff\"}").ok());
  CHECK(start("{\"value\":\"" + std::string(1 << 20, 'x') + "\"}").error_code() ==
        grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(start("{\"value\":\"" + std::string(5 << 20, 'x') + "\"}").error_code() ==
        grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(scene.Position() == before);
}

}  // namespace
}  // namespace recourse::integration

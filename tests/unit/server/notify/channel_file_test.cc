// The file of notifications changes while the server runs.
#include "server/notify/channel_file.h"

#include "server/notify/problems.h"
#include "tests/unit/server/notify/told.h"

namespace recourse::notify {

using Catch::Contains;

TEST_CASE_METHOD(
    Told, "what waits for a channel that was taken out of the file is given up, with that reason",
    "[notify]") {
  sink.Answer(503);
  Tell("kind: webhook, signing_secret: hook, url: \"" + sink.url() + "\"");
  Begin("parks");
  Until([&] { return !Undelivered().empty(); });
  Write("channels: [{name: other, kind: webhook, signing_secret: hook, url: \"" + sink.url() +
        "\"}]\n");
  REQUIRE(courier->Reload());
  Until([&] { return AllSent(); });
  const auto rows = Undelivered();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].given_up);
  CHECK_THAT(
      rows[0].error,
      Contains(
          "the channel is no longer in the file of notifications; before that: it answered 503"));
  CHECK(courier->Retry("it").error().code == Code::kNotFound);
  CHECK(sink.Bodies(0).empty());
}

TEST_CASE_METHOD(Told, "a new file counts from its reload on, also for what waits", "[notify]") {
  sink.Answer(503);
  const std::string hook = "kind: webhook, signing_secret: hook, url: \"";
  Tell(hook + "http://127.0.0.1:1\"");
  Begin("parks");
  Until([&] { return !Undelivered().empty(); });
  sink.Answer(200);
  Write("channels: [{name: it, " + hook + sink.url() +
        "\"}]\nroutes: [{to: [it], events: [escalated]}]\n");
  REQUIRE(courier->Reload());
  sink.Bodies(1);
  Until([&] { return AllSent(); });
  Begin("parks");
  CHECK(AllSent());  // the route is the new one: nobody is told
}

TEST_CASE_METHOD(Told, "a file with a mistake leaves the channels as they were", "[notify]") {
  Tell("kind: webhook, signing_secret: hook, url: \"" + sink.url() + "\"");
  Write("channels: [{name: it, kind: pigeon}]\n");
  CHECK_THAT(courier->Reload().error().message,
             Contains("notifications.yaml:1:12: channels[0]: kind"));
  Begin("parks");
  sink.Bodies(1);
}

TEST_CASE_METHOD(Told,
                 "a channel that cannot be reached is known before it is needed, until it can",
                 "[notify]") {
  Tell("kind: webhook, signing_secret: hook, url: \"http://127.0.0.1:1\"");
  Until([&] { return !courier->TroubleWith("it").empty(); });
  CHECK_THAT(courier->TroubleWith("it"), Contains("connect to 127.0.0.1"));
  Write("channels: [{name: it, kind: webhook, signing_secret: hook, url: \"" + sink.url() +
        "\"}]\n");
  REQUIRE(courier->Reload());
  REQUIRE(courier->Test("it", "ada"));
  CHECK(courier->TroubleWith("it").empty());
}

TEST_CASE_METHOD(Told, "a test that arrives brings what waits at once, and so does a retry",
                 "[notify]") {
  sink.Answer(503);
  Tell("kind: webhook, signing_secret: hook, url: \"" + sink.url() + "\"");
  Begin("parks");
  // So often in vain that it would wait for a minute and more.
  for (int asked = 1; asked <= 7; ++asked) {
    sink.WaitForAsked(asked);
    REQUIRE(courier->Retry("it"));
  }
  sink.WaitForAsked(8);
  sink.Answer(200);
  REQUIRE(courier->Test("it", "ada"));
  sink.Bodies(2);
  Until([&] { return AllSent(); });
}

TEST_CASE_METHOD(Told, "what the file names and nobody knows is told, line by line", "[notify]") {
  Tell("kind: webhook, signing_secret: hook, url: \"" + sink.url() + "\"");
  CHECK(courier->Problems().empty());
  Write("channels: [{name: it, kind: webhook, signing_secret: hook, url: \"" + sink.url() +
        "\"}]\n"
        "routes: [{to: [it], targets: [nowhere], workflows: [park]}]\n");
  REQUIRE(courier->Reload());
  CHECK(courier->Problems() ==
        std::vector<std::string>{
            "routes[0].targets: there is no target \"nowhere\"",
            "routes[0].workflows: there is no workflow \"park\"; did you mean \"parks\"?"});
  const auto catalogue = engine().catalogue();
  const auto without = ProblemsWith(*file->settings(), *catalogue, *file, nullptr);
  REQUIRE(without.size() == 3);
  CHECK_THAT(without[0], Contains("channel it: there is no secret \"hook\""));
}

TEST_CASE_METHOD(
    Told, "a step that names a channel that there is not is told when its workflow is loaded",
    "[notify]") {
  AddAction("test.send").spec.sends = true;
  AddWorkflow(
      "name: tells\nsteps: [{id: tell, action: test.send, with: {channel: mial, text: x}}]\n");
  Tell("kind: webhook, signing_secret: hook, url: \"" + sink.url() + "\"");
  REQUIRE(courier->Problems().size() == 1);
  CHECK_THAT(courier->Problems()[0],
             Contains("workflow tells, step tell: there is no channel \"mial\" in the file of "
                      "notifications; known are: it"));
}

}  // namespace recourse::notify

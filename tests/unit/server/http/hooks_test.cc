#include "server/http/hooks.h"

#include <catch2/catch.hpp>

#include "engine/base/file.h"
#include "tests/unit/engine/runtime/fixture.h"

namespace recourse::server::http {
namespace {

// A server with the principals pager (role alerts) and ada (operator), whose one rule starts
// "repair".
class Hooked : public runtime::EngineFixture {
 public:
  Hooked() {
    AddAction("do.it");
    AddWorkflow("name: repair\nsteps: [{id: a, action: do.it}]\n");
    StartEngine();
    alerts::Rules rules;
    alerts::Rule& rule = rules.rules.emplace_back();
    rule.launch = {"repair", *expression::Template::Parse(Value::Map())};
    auto opened = alerts::Intake::Open(
        engine(), journal(), clock,
        [rules = std::make_shared<const alerts::Rules>(std::move(rules))] { return rules; });
    REQUIRE(opened);
    intake_ = *std::move(opened);
    auto loaded = Principals::Load({{"pager", {"alerts"}, directory() + "/pager.token"},
                                    {"ada", {"operator"}, directory() + "/ada.token"}});
    if (!loaded) FAIL(loaded.error().message);
    principals_.emplace(*std::move(loaded));
    auto listening = web::Listener::Start(
        {.listen = "127.0.0.1:0"},
        [this](httplib::Server& server) { AddHooks(server, *principals_, *intake_); });
    if (!listening) FAIL(listening.error().message);
    listener_ = *std::move(listening);
  }

  std::string TokenOf(const std::string& principal) {
    std::string token = ReadFile(directory() + "/" + principal + ".token", 1000).value();
    token.pop_back();
    return token;
  }
  // The status and body of the answer.
  std::pair<int, std::string> Post(const std::string& path, const std::string& body,
                                   const std::string& token) {
    httplib::Client client("http://" + listener_->address());
    httplib::Headers headers;
    if (!token.empty()) headers.emplace("Authorization", "Bearer " + token);
    const auto answer = client.Post(path, headers, body, "application/json");
    REQUIRE(answer);
    return {answer->status, answer->body};
  }

  httplib::Result Get(const std::string& path) {
    return httplib::Client("http://" + listener_->address()).Get(path);
  }

 private:
  std::unique_ptr<alerts::Intake> intake_;
  std::optional<Principals> principals_;
  std::unique_ptr<web::Listener> listener_;
};

const std::string kAlert = R"({"key": "k", "status": "firing", "labels": {"alertname": "Db"},)"
                           R"( "started": "2026-11-26T03:00:00Z"})";

}  // namespace

TEST_CASE("an alert is answered with what it has come to, once that is durable", "[http]") {
  Hooked hooked;
  const auto token = hooked.TokenOf("pager");
  CHECK(hooked.Post("/hooks/alert", kAlert, token) ==
        std::pair<int, std::string>(
            200, "{\"alerts\":[{\"alert\":\"Db\",\"outcome\":\"started\",\"run\":\"R-1\"}]}\n"));
  CHECK(hooked.Row(RunId{1}).requester == "pager");
  CHECK(hooked.Post("/hooks/alert", kAlert, token).second.find("repeated") != std::string::npos);
  CHECK(hooked.Post("/hooks/alertmanager", R"({"version": "4", "alerts": []})", token) ==
        std::pair<int, std::string>(200, "{\"alerts\":[]}\n"));
}

TEST_CASE("only who has the role may tell of alerts", "[http]") {
  Hooked hooked;
  CHECK(hooked.Post("/hooks/alert", kAlert, "").first == 401);
  CHECK(hooked.Post("/hooks/alert", kAlert, std::string(64, 'a')).first == 401);
  CHECK(hooked.Post("/hooks/alert", kAlert, hooked.TokenOf("ada")) ==
        std::pair<int, std::string>(403,
                                    "{\"error\":\"Hooks.Alert needs the role alerts, which ada "
                                    "does not have\"}\n"));
  CHECK(hooked.OpenReader()->ListRuns({})->empty());

  SECTION("and who tries one token after the other must wait") {
    int status = 0;
    for (int i = 0; i < 30 && status != 503; ++i) {
      status = hooked.Post("/hooks/alert", kAlert, std::string(64, 'b')).first;
    }
    CHECK(status == 503);  // Alertmanager does not send again after 429
  }
}

TEST_CASE("what is no alert is refused with its place", "[http]") {
  Hooked hooked;
  const auto token = hooked.TokenOf("pager");
  CHECK(hooked.Post("/hooks/alert", "garbage", token).first == 400);
  CHECK(hooked.Post("/hooks/alertmanager", kAlert, token) ==
        std::pair<int, std::string>(400, "{\"error\":\"version: expected a text\"}\n"));
  CHECK(hooked.Post("/hooks/alert", std::string(2'000'000, ' '), token).first == 413);
}

TEST_CASE("what cannot be stored is to be sent again", "[http]") {
  Hooked hooked;
  hooked.journal().RefuseWith([](auto) { return Unavailable("no disk"); });
  CHECK(hooked.Post("/hooks/alert", kAlert, hooked.TokenOf("pager")).first == 503);
}

TEST_CASE("who asks a hook with another method is told the right one", "[http]") {
  Hooked hooked;
  for (const char* path : {"/hooks/alert", "/hooks/alertmanager"}) {
    const auto answer = hooked.Get(path);
    REQUIRE(answer);
    CHECK(answer->status == 405);
    CHECK(answer->get_header_value("Allow") == "POST");
    CHECK(answer->body.find("use POST") != std::string::npos);
  }
}

}  // namespace recourse::server::http

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <catch2/catch.hpp>
#include <sstream>
#include <string>

#include "engine/base/file.h"
#include "tests/unit/server/fixture.h"

namespace recourse::server {
namespace {

// What is logged while it lives.
class Logged {
 public:
  Logged() : former_(spdlog::default_logger()) {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_)));
  }
  ~Logged() { spdlog::set_default_logger(former_); }
  std::string text() const { return text_.str(); }
  int Count(const std::string& part) const {
    int count = 0;
    const std::string all = text();
    for (auto at = all.find(part); at != std::string::npos; at = all.find(part, at + 1)) ++count;
    return count;
  }

 private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> former_;
};

v1::CreateTokenResponse Create(const RunningServer& running, const std::string& principal) {
  v1::CreateTokenRequest request;
  request.set_principal(principal);
  request.set_note("a test");
  v1::CreateTokenResponse made;
  const grpc::Status status =
      running.identity->CreateToken(running.As("operator").get(), request, &made);
  if (!status.ok()) FAIL(status.error_message());
  return made;
}

grpc::Status Revoke(const RunningServer& running, const std::string& id) {
  v1::RevokeTokenRequest request;
  request.set_token(id);
  request.set_reason("left in a log");
  v1::Token token;
  return running.identity->RevokeToken(running.As("operator").get(), request, &token);
}

std::string Caller(const RunningServer& running, const std::string& token) {
  v1::WhoAmIResponse caller;
  const grpc::Status status = running.identity->WhoAmI(running.With(token).get(), {}, &caller);
  return status.ok() ? caller.principal() : status.error_message();
}

}  // namespace

TEST_CASE("a created token works at once, as the principal it was made for", "[server]") {
  const Logged log;
  const RunningServer running;
  const v1::CreateTokenResponse made = Create(running, "approver");
  CHECK(made.token().id() == "T-1");
  CHECK(made.token().created_by() == "operator");
  CHECK(made.token().in_force());
  CHECK(made.token().expire_time().seconds() - made.token().create_time().seconds() == 90 * 86400);

  v1::WhoAmIResponse caller;
  REQUIRE(running.identity->WhoAmI(running.With(made.secret()).get(), {}, &caller).ok());
  CHECK(caller.principal() == "approver");
  CHECK(std::vector<std::string>(caller.roles().begin(), caller.roles().end()) ==
        DefaultPrincipals("")[1].roles);

  v1::ListTokensResponse list;
  REQUIRE(running.identity->ListTokens(running.As("operator").get(), {}, &list).ok());
  REQUIRE(list.tokens_size() == 1);
  CHECK(list.tokens(0).note() == "a test");
  CHECK(list.tokens(0).has_last_use_time());
  CHECK(list.DebugString().find(made.secret()) == std::string::npos);
  CHECK(log.Count("token created: token=T-1 principal=approver by=operator: \"a test\"") == 1);
  CHECK(log.Count(made.secret()) == 0);
}

TEST_CASE("a revoked token is refused at once, also in streams that it has opened", "[server]") {
  const Logged log;
  RunningServer running;
  const v1::CreateTokenResponse made = Create(running, "approver");
  running.Start("ask");

  const auto run_context = running.With(made.secret());
  v1::WatchRunRequest watch;
  watch.set_run("R-1");
  const auto run = running.runs->WatchRun(run_context.get(), watch);
  v1::WatchRunResponse first;
  REQUIRE(run->Read(&first));
  const auto events_context = running.With(made.secret());
  v1::WatchEventsRequest from_the_start;
  from_the_start.set_after_position(0);
  const auto events = running.events->WatchEvents(events_context.get(), from_the_start);
  v1::WatchEventsResponse event;
  REQUIRE(events->Read(&event));

  REQUIRE(Revoke(running, "T-1").ok());
  CHECK(Caller(running, made.secret()).starts_with("the token T-1 of approver was revoked"));
  while (run->Read(&first)) {
  }
  const grpc::Status run_end = run->Finish();
  CHECK(run_end.error_code() == grpc::StatusCode::UNAUTHENTICATED);
  CHECK(run_end.error_message().starts_with("the token T-1 of approver was revoked"));
  while (events->Read(&event)) {
  }
  CHECK(events->Finish().error_code() == grpc::StatusCode::UNAUTHENTICATED);
  CHECK(log.Count("token revoked: token=T-1 by=operator: \"left in a log\"") == 1);
  CHECK(Revoke(running, "T-2").error_code() == grpc::StatusCode::NOT_FOUND);
}

TEST_CASE("a role that is taken away ends the streams that needed it", "[server]") {
  RunningServer running;
  running.Start("ask");
  const auto context = running.As("approver");
  v1::WatchRunRequest watch;
  watch.set_run("R-1");
  const auto run = running.runs->WatchRun(context.get(), watch);
  v1::WatchRunResponse response;
  REQUIRE(run->Read(&response));

  std::vector<PrincipalConfig> configs = running.principals->configs();
  configs[1].roles = {"dba"};
  REQUIRE(running.principals->Replace(configs, {}));
  while (run->Read(&response)) {
  }
  CHECK(run->Finish().error_code() == grpc::StatusCode::PERMISSION_DENIED);
}

TEST_CASE("a token is made for a principal there is, and for a time that makes sense", "[server]") {
  const RunningServer running;
  const auto refused = [&](const v1::CreateTokenRequest& request) {
    v1::CreateTokenResponse made;
    const grpc::Status status =
        running.identity->CreateToken(running.As("operator").get(), request, &made);
    return status.error_message();
  };
  v1::CreateTokenRequest request;
  CHECK(refused(request) == "principal: must be set");
  request.set_principal("aprover");
  CHECK(refused(request).find("did you mean \"approver\"?") != std::string::npos);
  request.set_principal("approver");
  request.mutable_lifetime()->set_seconds(59);
  CHECK(refused(request) == "lifetime: 59 s is not between one minute and ten years");
  request.mutable_lifetime()->set_seconds(60);
  request.set_never_expires(true);
  CHECK(refused(request) == "lifetime: set, and never_expires too");
  request.clear_lifetime();
  request.set_note(std::string(300, 'x'));
  CHECK(refused(request).starts_with("note: 300 bytes"));
  request.clear_note();
  v1::CreateTokenResponse made;
  REQUIRE(running.identity->CreateToken(running.As("operator").get(), request, &made).ok());
  CHECK_FALSE(made.token().has_expire_time());
}

TEST_CASE("tokens are listed page by page", "[server]") {
  const RunningServer running;
  for (int i = 0; i < 3; ++i) Create(running, i == 1 ? "operator" : "approver");
  v1::ListTokensRequest request;
  request.set_page_size(1);
  request.set_principal("approver");
  v1::ListTokensResponse page;
  REQUIRE(running.identity->ListTokens(running.As("operator").get(), request, &page).ok());
  REQUIRE(page.tokens_size() == 1);
  CHECK(page.tokens(0).id() == "T-1");
  request.set_page_token(page.next_page_token());
  REQUIRE(running.identity->ListTokens(running.As("operator").get(), request, &page).ok());
  REQUIRE(page.tokens_size() == 1);
  CHECK(page.tokens(0).id() == "T-3");
  CHECK(page.next_page_token().empty());
  request.set_page_token("T-99");
  CHECK(running.identity->ListTokens(running.As("operator").get(), request, &page).error_code() ==
        grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_CASE("who tries tokens is slowed down, and every failure stands in the log", "[server]") {
  const Logged log;
  const RunningServer running;
  const auto attempt = [&](const std::string& token) {
    v1::WhoAmIResponse caller;
    return running.identity->WhoAmI(running.With(token).get(), {}, &caller);
  };
  int refused = 0;
  int heard = 0;
  while (refused < 10) {
    const grpc::Status status = attempt("recourse_guess" + std::to_string(heard));
    if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) {
      ++refused;
      CHECK(status.error_message().starts_with(
          "too many calls with wrong tokens came from 127.0.0.1; it is heard again in "));
    } else {
      CHECK(status.error_code() == grpc::StatusCode::UNAUTHENTICATED);
      REQUIRE(++heard < 100);
    }
  }
  CHECK(heard >= 20);
  CHECK(log.Count("authentication failed: peer=127.0.0.1 rpc=IdentityService.WhoAmI count=1: the "
                  "call's token is not one of this server's\n") == 1);
  CHECK(log.Count("authentication failed") >= 20);
  CHECK(log.Count("recourse_guess") == 0);

  // Who comes another way is not held.
  const auto local = v1::IdentityService::NewStub(grpc::CreateChannel(
      "unix:" + running.directory.File("recourse.sock"), grpc::InsecureChannelCredentials()));
  v1::WhoAmIResponse caller;
  CHECK(local->WhoAmI(running.As("operator").get(), {}, &caller).ok());
}

}  // namespace recourse::server

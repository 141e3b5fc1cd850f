#include "server/alerts/alert.h"

#include <catch2/catch.hpp>

#include "engine/base/text.h"

namespace recourse::server::alerts {
namespace {

std::string Hook(const std::string& alerts, const std::string& more = "") {
  return R"({"version": "4", "groupKey": "{}:{alertname=\"DbCorrupt\"}", "status": "firing",)"
         R"( "receiver": "recourse", "alerts": )" +
         alerts + more + "}";
}

const std::string kFiring =
    R"({"status": "firing", "labels": {"alertname": "DbCorrupt", "instance": "db1"},)"
    R"( "annotations": {"summary": "page 23"}, "startsAt": "2026-11-26T03:04:05.123456789+01:00",)"
    R"( "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": "c0ffee"})";

std::string Refusal(const Result<Delivery>& delivery) {
  REQUIRE_FALSE(delivery);
  CHECK(delivery.error().code == Code::kInvalidArgument);
  return delivery.error().message;
}

}  // namespace

TEST_CASE("what Alertmanager sends is read", "[alerts]") {
  const auto delivery = ParseAlertmanager(Hook("[" + kFiring + "]", R"(, "truncatedAlerts": 2)"));
  REQUIRE(delivery);
  CHECK(delivery->truncated == 2);
  CHECK(delivery->group == "{}:{alertname=\"DbCorrupt\"}");
  REQUIRE(delivery->alerts.size() == 1);
  const Alert& alert = delivery->alerts[0];
  CHECK(alert.firing);
  CHECK(alert.Name() == "DbCorrupt");
  CHECK(alert.labels.at("instance") == "db1");
  CHECK(alert.annotations.at("summary") == "page 23");
  CHECK(TextOf(alert.started) == "2026-11-26T02:04:05.123456Z");
  CHECK_FALSE(alert.ended.has_value());
}

TEST_CASE("an alert has one request id, in whatever zone and with whatever annotations it is sent",
          "[alerts]") {
  Alert alert = ParseAlertmanager(Hook("[" + kFiring + "]"))->alerts[0];
  CHECK(alert.RequestId() == "alertmanager/c0ffee/2026-11-26T02:04:05.123456Z");
  CHECK(alert.RequestPrefix() == "alertmanager/c0ffee/");
  alert.annotations["summary"] = "page 24";
  alert.firing = false;
  CHECK(alert.RequestId() == "alertmanager/c0ffee/2026-11-26T02:04:05.123456Z");

  SECTION("of the same alert that fires later it is another, which comes behind") {
    Alert later = alert;
    later.started += std::chrono::microseconds(876'544);
    CHECK(later.RequestId() > alert.RequestId());
    later.started = alert.started - std::chrono::microseconds(123'456);
    CHECK(later.RequestId() == "alertmanager/c0ffee/2026-11-26T02:04:05.000000Z");
  }
  SECTION("an alert from elsewhere with the same key is another") {
    alert.source = "alert";
    CHECK(alert.RequestId() == "alert/c0ffee/2026-11-26T02:04:05.123456Z");
  }
}

TEST_CASE("a resolved alert says since when, where the sender knows", "[alerts]") {
  const auto one = [](const std::string& ends) {
    return ParseAlerts(R"({"key": "k", "status": "resolved", "labels": {}, )"
                       R"("started": "2026-11-26T03:00:00Z")" +
                       ends + "}");
  };
  CHECK(TextOf(*one(R"(, "ended": "2026-11-26T04:00:00Z")")->alerts[0].ended) ==
        "2026-11-26T04:00:00Z");
  CHECK_FALSE(one("")->alerts[0].ended.has_value());
  CHECK_FALSE(one(R"(, "ended": "0001-01-01T00:00:00Z")")->alerts[0].ended.has_value());
}

TEST_CASE("our own form is one alert or a list of them", "[alerts]") {
  const std::string one =
      R"({"key": "disk full on db1", "status": "firing", "labels": {"disk": "/srv"},)"
      R"( "annotations": {"df": "100 %"}, "started": "2026-11-26T03:00:00Z"})";
  const auto single = ParseAlerts(one);
  REQUIRE(single);
  CHECK(single->alerts[0].Name() == "disk full on db1");
  CHECK(ParseAlerts("[" + one + "," + one + "]")->alerts.size() == 2);
  CHECK(ParseAlerts("[]")->alerts.empty());
}

TEST_CASE("what is no alert is refused, and the message names the place", "[alerts]") {
  CHECK(Refusal(ParseAlertmanager("hello")).find("the body: ") == 0);
  CHECK(Refusal(ParseAlertmanager("[]")) == "the body: expected an object");
  CHECK(Refusal(ParseAlertmanager(R"({"alerts": []})")) == "version: expected a text");
  CHECK(Refusal(ParseAlertmanager(R"({"version": "3", "alerts": []})")) ==
        "version: expected \"4\", which is the one that is understood");
  CHECK(Refusal(ParseAlertmanager(Hook("{}"))) == "alerts: expected a list");
  CHECK(Refusal(ParseAlertmanager(Hook("[7]"))) == "alerts[0]: expected an object");
  CHECK(Refusal(ParseAlertmanager(Hook("[]", R"(, "truncatedAlerts": "x")"))) ==
        "truncatedAlerts: expected a count");

  const auto broken = [](const std::string& from, const std::string& to) {
    std::string text = kFiring;
    text.replace(text.find(from), from.size(), to);
    return Refusal(ParseAlertmanager(Hook("[" + kFiring + "," + text + "]")));
  };
  CHECK(broken(R"("firing")", R"("burning")") == "alerts[1].status: expected firing or resolved");
  CHECK(broken(R"("db1")", "1") == "alerts[1].labels.instance: expected a text");
  CHECK(broken(R"({"summary": "page 23"})", "null") ==
        "alerts[1].annotations: expected a map of texts");
  CHECK(broken("2026-11-26T03", "yesterday") ==
        "alerts[1].startsAt: expected a time such as 2026-11-26T03:04:05Z");
  CHECK(broken("c0ffee", "a/b").find("alerts[1].fingerprint: expected 1 to 64 characters") == 0);
  CHECK(broken("c0ffee", "").find("alerts[1].fingerprint: expected 1 to 64 characters") == 0);
  CHECK(broken("c0ffee", std::string(65, 'a')).find("alerts[1].fingerprint: ") == 0);
  CHECK(broken("c0ffee", "\\u0000").find("alerts[1].fingerprint: ") == 0);

  CHECK(Refusal(ParseAlerts(R"([{"key": "k", "label": {}}])")) ==
        "[0].label: is not known; did you mean \"labels\"?");
  CHECK(Refusal(ParseAlerts("3")) == "the body: expected an object, or a list of them");
}

TEST_CASE("hostile JSON is refused as such", "[alerts]") {
  CHECK_FALSE(ParseAlerts(std::string(100'000, '[')));
  CHECK_FALSE(ParseAlerts(R"({"key": "a", "key": "b"})"));
  CHECK_FALSE(ParseAlerts("{\"key\": \"\xff\xfe\"}"));
  std::string many = "[";
  for (std::size_t i = 0; i <= kAlertsMax; ++i) many += i == 0 ? "{}" : ",{}";
  CHECK(Refusal(ParseAlerts(many + "]")) == "the list: expected at most 10000 alerts");
}

TEST_CASE("what people read of an alert is one line, and not long", "[alerts]") {
  Alert alert;
  alert.key = "k";
  alert.labels["alertname"] = "Db\n\x1b[31mCorrupt" + std::string(1000, 'x');
  CHECK(alert.Name().find("Db  [31mCorruptxxx") == 0);
  CHECK(alert.Name().size() == 103);
  CHECK(OneLine("\xc3\xa4\xc3\xa4", 1) == "\xc3\xa4...");
}

}  // namespace recourse::server::alerts

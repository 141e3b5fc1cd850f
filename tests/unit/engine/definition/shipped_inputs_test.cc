// What the inputs of the shipped workflows let pass, and what they pass on.
#include <algorithm>
#include <catch2/catch.hpp>

#include "actions/all.h"
#include "actions/host/address.h"
#include "engine/definition/workflow.h"
#include "engine/rehearsal/rehearsal.h"
#include "examples.h"

namespace recourse::definition {
namespace {

Loaded ShippedWorkflow(const std::string& name) {
  static const Registry registry = [] {
    Registry all;
    AddAllActions(all);
    return all;
  }();
  Loaded loaded = LoadWorkflow(Read("workflows/" + name + ".yaml"), &registry);
  INFO(loaded.Report(name));
  REQUIRE(loaded.workflow != nullptr);
  return loaded;
}

// Whether `input` of the workflow passes its check with this value.
bool Takes(const Loaded& loaded, const std::string& input, const std::string& value) {
  Value::Map given;
  for (const Input& one : loaded.workflow->inputs) {
    if (one.type == InputType::kTarget) {
      Value::Map target{{"name", "demo"}};
      for (const std::string& resource : one.requires_) target.emplace(resource, Value::Map());
      given.emplace(one.name, std::move(target));
    } else if (one.required) {
      given.emplace(one.name, "x");
    }
  }
  given.insert_or_assign(input, value);
  return FitInputs(loaded.workflow->inputs, Value(std::move(given))).ok();
}

// Where the switch of security-incident leads with this address.
std::vector<std::string> PathWith(const Loaded& loaded, const std::string& address) {
  const auto report = rehearsal::Rehearse(
      *loaded.workflow,
      "targets:\n"
      "  demo: {evidence: {paths: [/app/logs], directory: /evidence}}\n"
      "cases:\n"
      "  - name: one\n"
      "    inputs: {target: demo, what: logins, address: \"" +
          address +
          "\"}\n"
          "    script:\n"
          "      collect: {output: {directory: /e, manifest_sha256: aa, files: 3, missing: [], "
          "unreadable: [], changed: []}}\n"
          "    expect: {status: WAITING}\n");
  for (const Problem& problem : report.problems) FAIL_CHECK(problem.message);
  REQUIRE(report.verdicts.size() == 1);
  CHECK(report.verdicts[0].problems == std::vector<std::string>{});
  return report.verdicts[0].path;
}

}  // namespace

TEST_CASE("nobody is asked to approve the block of what cannot be blocked", "[definition][docs]") {
  const Loaded loaded = ShippedWorkflow("security-incident");
  const std::vector<std::string> asks = {"collect", "containment", "confirm"};
  const std::vector<std::string> tells = {"collect", "containment", "none_to_block", "report"};
  for (const char* address :
       {"203.0.113.7", "203.0.113.0/24", "203.0.113.128/25", "198.51.0.0/16", "203.0.113.7/32",
        "::ffff:203.0.113.7", "2001:db8::1", "2001:db8:1::/48", "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7::", "fe80::1/128"}) {
    INFO(address);
    CHECK(host::ParseNetwork(address).ok());
    CHECK(PathWith(loaded, address) == asks);
  }
  for (const char* address :
       {"10.0.0.5:54321", "203.0.113.7/99", "203.0.113.7/24", "203.0.113.64/25", "256.1.1.1",
        "01.2.3.4", "1.2.3", "[::1]:80", "1::2::3", "12345::", "1:2:3:4:5:6:7::8",
        "1:2:3:4:5:6:7:8:9", "fe80::1%eth0", "2001:db8::/129", "shop.example.org"}) {
    INFO(address);
    CHECK_FALSE(host::ParseNetwork(address).ok());
    CHECK(PathWith(loaded, address) == tells);
  }
  for (const char* large : {"0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/15", "2001:db8::/32"}) {
    INFO(large);
    CHECK(PathWith(loaded, large) == tells);
  }
}

TEST_CASE("an address is blocked for as long as the action takes, or the run is refused at once",
          "[definition][docs]") {
  const Loaded loaded = ShippedWorkflow("security-incident");
  CHECK(Takes(loaded, "block_for", "1s"));
  CHECK(Takes(loaded, "block_for", "365d"));
  CHECK_FALSE(Takes(loaded, "block_for", "400d"));
  CHECK_FALSE(Takes(loaded, "block_for", "0s"));
  CHECK_FALSE(Takes(loaded, "block_for", "soon"));
}

TEST_CASE("an incident whose record is to be looked at is a run", "[definition][docs]") {
  const Loaded loaded = ShippedWorkflow("checklist-after-incident");
  CHECK(Takes(loaded, "incident", ""));
  CHECK(Takes(loaded, "incident", "R-1042"));
  for (const char* other :
       {"1042", "R-", "R-7; reboot", "$(reboot)", "R-7\nreboot", "R-7 --file x"}) {
    INFO(other);
    CHECK_FALSE(Takes(loaded, "incident", other));
  }
}

TEST_CASE("logs are reviewed since every time that the action reads", "[definition][docs]") {
  const Loaded loaded = ShippedWorkflow("log-review");
  for (const char* since : {"24h", "2026-11-21T03:04:05Z", "2026-11-21t03:04:05z",
                            "2026-11-21 03:04:05Z", "2026-11-21T03:04:05+01:00"}) {
    INFO(since);
    CHECK(Takes(loaded, "since", since));
  }
  for (const char* bad : {"", "0s", "2026-11-21", "2026-13-21T03:04:05Z", "yesterday", "T"}) {
    INFO(bad);
    CHECK_FALSE(Takes(loaded, "since", bad));
  }
}

TEST_CASE("what the target ignores in its logs makes no service slow", "[definition][docs]") {
  const Loaded loaded = ShippedWorkflow("slow-service");
  const auto step = std::ranges::find(loaded.workflow->steps, "slow_lines", &Step::id);
  REQUIRE(step != loaded.workflow->steps.end());
  const auto ignored = [&](const Value& logs) -> Value {
    const Value target = Value::Object({{"logs", logs}});
    const expression::MapScope scope(Value::Map{{"inputs", Value::Object({{"target", target}})}});
    const auto with = std::get<ActionStep>(step->kind).with.Evaluate(scope);
    INFO((with ? "" : with.error().message));
    REQUIRE(with);
    return (*with)["ignore"];
  };
  const Value logs = Value::Object({{"paths", Value::List{"/app/logs/app.log"}}});
  const Value known = Value::List{"TIMEOUT of the probe"};
  CHECK(ignored(logs.With("ignore", known)) == known);
  CHECK(ignored(logs) == Value::List());
}

}  // namespace recourse::definition

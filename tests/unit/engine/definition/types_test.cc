// Types of expressions, as inputs and schemas declare them.
#include <catch2/catch.hpp>

#include "support.h"

namespace recourse::definition {
namespace {

using Catch::Contains;

const std::string kTyped =
    "name: w\n"
    "inputs:\n"
    "  target: {type: target, requires: [backups]}\n"
    "  name: {type: string}\n"
    "  count: {type: int}\n"
    "  share: {type: double}\n"
    "  on: {type: bool}\n"
    "  patience: {type: duration}\n"
    "  list: {type: list}\n"
    "steps:\n";
const std::string kChoose =
    "  - {id: a, action: backup.choose, with: {backups: '${inputs.target.backups}'}}\n";

std::string Choosing(const std::string& keys) {
  return kTyped + kChoose + "  - {id: b, action: backup.choose, " + keys + "}\n";
}
std::string When(const std::string& expression) {
  return Choosing("when: \"${" + expression + "}\", with: {backups: {}}");
}

}  // namespace

TEST_CASE("what cannot work is refused with its place", "[definition]") {
  CHECK(Refusal(When("inputs.count + 'x' == 1")) ==
        "w.yaml:12:45: \"+\" does not work on int and string in `inputs.count + 'x'`\n");
  CHECK_THAT(Refusal(When("!inputs.name")),
             Contains("w.yaml:12:46: expected true or false, found"));
  CHECK_THAT(Refusal(When("inputs.count == 'x'")),
             Contains("\"==\" does not work on int and string"));
  CHECK_THAT(Refusal(When("steps.a.output.rows.startsWith('x')")),
             Contains("expected string.startsWith(string); found int, string"));
  CHECK_THAT(Refusal(When("steps.a.output.path > 3")), Contains("string and int"));
  CHECK_THAT(Refusal(When("run.id + 1 == 2")), Contains("string and int"));
  CHECK_THAT(Refusal(When("now + 1 == now")), Contains("timestamp and int"));
  CHECK_THAT(Refusal(When("steps.a.skipped == 1")), Contains("bool and int"));
}

TEST_CASE("a key is given what it can use", "[definition]") {
  CHECK_THAT(Refusal(When("inputs.count")),
             Contains("w.yaml:12:45: when: expected bool, found int"));
  CHECK_THAT(Refusal(Choosing("for_each: '${inputs.name}', with: {backups: {}}")),
             Contains("for_each: expected list, found string"));
  CHECK_THAT(Refusal(kTyped + "  - {id: w, wait: {until: '${inputs.patience}'}}\n"),
             Contains("until: expected timestamp, found string or duration"));
  CHECK_THAT(Refusal(kTyped + "  - {id: w, wait: {for: '${inputs.count}'}}\n"),
             Contains("for: expected string or duration, found int"));
  CHECK_THAT(Refusal(kTyped + "  - {id: s, switch: [{when: '${inputs.name}', goto: e}]}\n"
                              "  - {id: e, succeed: true}\n"),
             Contains("when: expected bool, found string"));
  CHECK_THAT(Refusal(Choosing("with: {backups: '${inputs.name}'}")),
             Contains("with: expected map, found string"));
  CHECK_THAT(Refusal(Choosing("with: {backups: {}, limit: '${inputs.name}'}")),
             Contains("with: expected int, found string"));
  CHECK_THAT(Refusal(Choosing("with: {backups: {}, verified: '${steps.a.output.rows}'}")),
             Contains("with: expected bool, found int"));
}

TEST_CASE("what fits, or is not known, is accepted", "[definition]") {
  Load(When("inputs.count > 1 && inputs.on && inputs.name == 'x' && inputs.share < 1"));
  Load(When("inputs.target.backups.age > 3 && inputs.list[0] == 1"));
  Load(When("steps.a.output.manifest.any == 1 && steps.a.output.rows in [1, 2]"));
  Load(When("now + duration(inputs.patience) > run.started"));
  Load(Choosing("with: {backups: {}, which: '${now}', limit: '${inputs.share}'}"));
  Load(kTyped + "  - {id: w, wait: {for: '${inputs.patience}'}}\n");
  Load(kTyped +
       "  - id: e\n    action: do.it\n    for_each: '${inputs.target.backups.list}'\n"
       "    with: {x: '${item.name + 1}', y: '${index + 1}'}\n");
}

TEST_CASE("the items of a for_each have the type of its list", "[definition]") {
  CHECK_THAT(Refusal(kTyped + "  - id: e\n    action: do.it\n    for_each: '${[1, 2]}'\n"
                              "    with: {x: '${item + \"x\"}'}\n"),
             Contains("int and string"));
  CHECK_THAT(
      Refusal(kTyped + "  - {id: l, action: list.it, for_each: '${inputs.list}'}\n"
                       "  - {id: e, action: do.it, with: {x: '${steps.l.output[0].name + 1}'}}\n"),
      Contains("string and int"));
}

TEST_CASE("a secret stands in an action's with, whole", "[definition]") {
  Load(kTyped +
       "  - {id: a, action: do.it, with: {x: \"${secret('p')}\", y: [\"${secret('q')}\"]}}\n");
  Load(Choosing("with: {backups: {}, which: \"${inputs.on ? secret('p') : 'none'}\"}"));
  CHECK_THAT(Refusal(kTyped + "  - {id: a, action: do.it, with: {x: \"pg://${secret('p')}\"}}\n"),
             Contains("with: a secret cannot be put into a text"));
  CHECK_THAT(Refusal(Choosing("with: {backups: {}, limit: \"${secret('p')}\"}")),
             Contains("with: expected int, found secret"));
  CHECK_THAT(Refusal(kTyped + "  - {id: a, fail: {message: \"${secret('p')}\"}}\n"),
             Contains("a secret may stand in the \"with\" of an action only"));
  CHECK_THAT(
      Refusal("name: w\noutputs: {x: \"${secret('p')}\"}\nsteps: [{id: a, action: do.it}]\n"),
      Contains("a secret may stand in"));
  CHECK_THAT(Refusal(kTyped + "  - {id: a, action: do.it, for_each: \"${[secret('p')]}\"}\n"),
             Contains("a secret may stand in"));
  CHECK_THAT(Refusal(kTyped + "  - {id: a, action: do.it, with: {x: {$secret: p}}}\n"),
             Contains("a secret is written ${secret(\"name\")}"));
}

}  // namespace recourse::definition

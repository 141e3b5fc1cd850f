#include "tests/simulation/generator.h"

namespace recourse::simulation {
namespace {

using Ids = std::vector<std::string>;

// What the place of a list of steps forbids.
struct Place {
  int depth = 0;
  bool beside = false;   // in a branch: others are at work at the same time
  bool at_last = false;  // in on_finish
};

class Author {
 public:
  Author(Dice& dice, Generated& result) : dice_(dice), result_(result) {}

  std::string Workflow(const std::string& name, Place place) {
    std::string text = "name: " + name + "\non_failure: " + OnFailure() +
                       "\ninputs:\n  a: {type: bool, default: true}\n"
                       "  b: {type: bool, default: false}\n";
    const bool whole = place.depth == 0;
    if (whole && dice_.OneIn(4)) text += "deadline: 20m\n";
    if (whole && dice_.OneIn(3)) text += "lock: the/lock\n";
    if (whole && dice_.OneIn(5)) text += Window();
    text += "steps:\n" + List("", place);
    if (whole && dice_.OneIn(3)) text += "on_finish:\n" + List("", {1, false, true});
    return text + "outputs: {n: '${1 + 1}'}\n";
  }

 private:
  std::string Window() {
    return "window: {cron: '0 * * * *', duration: 30m}\nwindow_override: [dba]\n"
           "on_window_closing: " +
           dice_.Pick<std::string>({"rollback", "pause", "finish"}) + "\n";
  }

  // The list that is being written: the ids to which its steps may lead.
  struct Around {
    Place place;
    Ids ids;
    Ids checkpoints;
  };

  std::string List(const std::string& indent, Place place) {
    Around around{place, {}, {}};
    const int count = 1 + dice_.Below(place.depth == 0 ? 6 : 3);
    for (int i = 0; i < count; ++i) around.ids.push_back("s" + std::to_string(next_id_++));
    const Ids ids = around.ids;
    std::string text;
    for (const std::string& id : ids) {
      text += OneStep(id, indent, around);
      const bool main = place.depth == 0 && !place.at_last;
      if (main && dice_.OneIn(6)) text += GateAndPivot(indent, around);
    }
    return text;
  }

  std::string OneStep(const std::string& id, const std::string& indent, Around& around) {
    std::string text = indent + "- id: " + id + "\n";
    const std::string inner = indent + "  ";
    const Place place = around.place;
    const int roll = dice_.Below(100);
    if (roll < 34) return text + Action(id, inner) + Options(inner, around, true);
    if (roll < 46) return text + ForEach(inner) + Options(inner, around, true);
    if (roll < 51)
      return text + inner + "set: {n: '${1 + 2}', at: '${now}'}\n" + Options(inner, around, true);
    if (roll < 59) return text + inner + "wait: " + Wait() + "\n" + Options(inner, around, true);
    if (roll < 66 && !place.at_last) return text + Approval(inner) + Options(inner, around, false);
    if (roll < 72) return text + Manual(inner) + Options(inner, around, true);
    if (roll < 78) return text + Switch(inner, around) + When(inner);
    if (roll < 86 && place.depth < 3)
      return text + Parallel(inner, place) + Options(inner, around, true);
    if (roll < 92 && place.depth < 3)
      return text + Sub(inner, place) + Options(inner, around, true);
    if (roll < 97 && !place.beside && !place.at_last) {
      around.checkpoints.push_back(id);
      return text + inner + "checkpoint: true\n";
    }
    if (roll == 98) return text + inner + "fail: {code: DATA_LOSS, message: lost}\n" + When(inner);
    return text + Action(id, inner) + Options(inner, around, true);
  }

  std::string GateAndPivot(const std::string& indent, const Around& around) {
    const std::string number = std::to_string(next_id_++);
    const std::string gate = "gate" + number;
    const std::string pivot = "pivot" + number;
    result_.gates.push_back({gate, pivot});
    const std::string inner = indent + "  ";
    return indent + "- id: " + gate + "\n" + Approval(inner) + OnError(inner, around, false) +
           indent + "- id: " + pivot + "\n" + inner +
           "action: " + dice_.Pick<std::string>({"do.it", "undo.it", "once.it"}) + "\n" + inner +
           "irreversible: true\n" + inner + "max_visits: 3\n";
  }

  std::string Action(const std::string& id, const std::string& inner) {
    std::string text = inner + "action: " + AnyAction() + "\n";
    if (dice_.OneIn(4)) {
      const std::string step = "steps.s" + std::to_string(dice_.Below(next_id_));
      text += inner + "with: {x: '${has(" + step + ") && has(" + step + ".output) ? 1 : 2}'}\n";
    }
    return text + Conduct(inner, "{own: '${has(steps." + id + ".output) ? steps." + id +
                                     ".output.n : 0}'}");
  }

  std::string ForEach(const std::string& inner) {
    std::string text = inner + "action: " + AnyAction() + "\n" + inner + "for_each: '${" +
                       dice_.Pick<std::string>({"[1, 2, 3]", "[1, 2]", "[]", "[inputs.a]",
                                                "now.getMinutes() % 2 == 0 ? [1, 2, 3] : [4]"}) +
                       "}'\n" + inner + "with: {item: '${item}'}\n";
    if (dice_.OneIn(2))
      text += inner + "max_parallel: " + std::to_string(1 + dice_.Below(3)) + "\n";
    return text + Conduct(inner, "{item: '${item}'}");
  }

  // How an action is run and undone. `undo`: the inputs of another action that undoes it.
  std::string Conduct(const std::string& inner, const std::string& undo) {
    std::string text;
    if (dice_.OneIn(3))
      text += inner + "retry: {attempts: 3, delay: 5s, on: [UNAVAILABLE, ABORTED]}\n";
    if (dice_.OneIn(8)) text += inner + "deadline: 1m\n";
    if (dice_.OneIn(3)) text += inner + "expect: 10m\n";
    if (dice_.OneIn(6)) {
      text += inner + "compensate: " +
              dice_.Pick<std::string>({"none", "{action: do.it, with: " + undo + "}",
                                       "{action: probe.it, with: " + undo + "}"}) +
              "\n";
    }
    return text;
  }

  std::string Wait() {
    return dice_.Pick<std::string>({"{for: 30s}", "{until: \"${now + duration('60s')}\"}",
                                    "{signal: go}", "{signal: stop, timeout: 5m}"});
  }

  std::string Approval(const std::string& inner) {
    std::string text = inner + "approval: {prompt: 'Go on?', approvers: [dba], quorum: " +
                       std::to_string(1 + dice_.Below(2));
    if (dice_.OneIn(2)) {
      text += dice_.Pick<std::string>(
          {", expires: 10m", ", expires: 10m, on_expiry: reject",
           ", expires: 10m, on_expiry: escalate, escalate: [{after: 5m, to: boss}]"});
    }
    return text + "}\n";
  }

  std::string Manual(const std::string& inner) {
    return inner +
           "manual: {prompt: Look, by: [operator], items: [{id: one, text: One}, {id: two, text: "
           "Two" +
           (dice_.OneIn(2) ? ", check: {action: read.it}" : "") + "}]" +
           (dice_.OneIn(3) ? ", expires: 10m" : "") + "}\n";
  }

  std::string Switch(const std::string& inner, const Around& around) {
    std::string text = inner + "switch:\n" + inner + "- {when: '" + Condition() +
                       "', goto: " + dice_.Pick(around.ids) + "}\n";
    if (dice_.OneIn(3)) text += inner + "- {default: " + dice_.Pick(around.ids) + "}\n";
    return text + inner + "max_visits: 3\n";
  }

  std::string Parallel(const std::string& inner, Place place) {
    std::string text = inner + "parallel:\n" + inner +
                       "  when_one_fails: " + dice_.Pick<std::string>({"stop", "collect"}) + "\n" +
                       inner + "  branches:\n";
    const int branches = 2 + dice_.Below(2);
    for (int i = 0; i < branches; ++i) {
      text += inner + "    b" + std::to_string(i) + ":\n" +
              List(inner + "    ", {place.depth + 1, true, place.at_last});
    }
    return text;
  }

  std::string Sub(const std::string& inner, Place place) {
    const std::string name = "sub" + std::to_string(result_.others.size());
    result_.others[name] = "";  // the name is taken
    Author author(dice_, result_);
    result_.others[name] = author.Workflow(name, {place.depth + 1, place.beside, place.at_last});
    return inner + "workflow: " + name + "\n" + inner + "with: {b: '" + Condition() + "'}\n";
  }

  // What every step may say. `passes`: a failure of it may be passed over.
  std::string Options(const std::string& inner, const Around& around, bool passes) {
    std::string text = When(inner) + inner + "max_visits: 3\n" + OnError(inner, around, passes);
    if (dice_.OneIn(4)) {
      const std::string word = OnFailure();
      if (passes || word != "continue") text += inner + "on_failure: " + word + "\n";
    }
    if (dice_.OneIn(10)) {
      text += inner + "next: " + (dice_.OneIn(2) ? "end" : dice_.Pick(around.ids)) + "\n";
    }
    return text;
  }

  std::string When(const std::string& inner) {
    return dice_.OneIn(6) ? inner + "when: '" + Condition() + "'\n" : "";
  }

  std::string OnError(const std::string& inner, const Around& around, bool passes) {
    if (!dice_.OneIn(4)) return "";
    std::string answer = "{goto: " + dice_.Pick(around.ids) + "}";
    if (passes && dice_.OneIn(3)) answer = "continue";
    if (!around.checkpoints.empty() && dice_.OneIn(2)) {
      answer = "{rollback_to: " + dice_.Pick(around.checkpoints) +
               ", goto: " + dice_.Pick(around.ids) + "}";
    }
    return inner + "on_error: {" +
           dice_.Pick<std::string>({"UNAVAILABLE", "DATA_LOSS", "INTERNAL", "\"*\""}) + ": " +
           answer + "}\n";
  }

  std::string OnFailure() {
    return dice_.Pick<std::string>({"rollback", "rollback", "pause", "continue", "fail"});
  }
  std::string Condition() {
    return dice_.Pick<std::string>({"${inputs.a}", "${!inputs.a}", "${inputs.b}", "${!inputs.b}"});
  }
  std::string AnyAction() {
    return dice_.Pick<std::string>(
        {"read.it", "do.it", "keep.it", "keep.it", "probe.it", "undo.it", "undo.it", "once.it"});
  }

  Dice& dice_;
  Generated& result_;
  int next_id_ = 0;
};

}  // namespace

std::string Generated::Text() const {
  std::string text = yaml;
  for (const auto& [name, other] : others) text += "---\n" + other;
  return text;
}

Generated Generate(Dice& dice) {
  Generated result;
  std::string yaml = Author(dice, result).Workflow("main", {});
  result.yaml = std::move(yaml);
  return result;
}

}  // namespace recourse::simulation

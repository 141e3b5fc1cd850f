#include "server/definition_files.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "actions/debug/debug.h"
#include "engine/base/file.h"
#include "tests/unit/server/fixture.h"

namespace recourse::server {
namespace {

constexpr char kGood[] = "name: good\nsteps: [{id: a, action: debug.echo}]\n";

}  // namespace

TEST_CASE("a broken definition is told with its place and keeps no other from being loaded",
          "[server]") {
  const TemporaryDirectory directory;
  directory.Write("workflows/1.yaml", kGood);
  directory.Write("workflows/2.yml", "name: bad\nsteps: [{id: a, action: debug.ehco}]\n");
  directory.Write("workflows/notes.txt", "not a workflow");
  directory.Write("more/3.yaml", kGood);
  Registry registry;
  AddDebugActions(registry);

  DefinitionFiles files(
      {{directory.File("workflows"), directory.File("more")}, {directory.File("none")}, {}, {}, ""},
      registry);
  const Definitions definitions = files.Load();
  CHECK(definitions.catalogue.workflows.size() == 1);
  CHECK(definitions.catalogue.workflows.contains("good"));
  REQUIRE(definitions.problems.size() == 3);
  CHECK(definitions.problems[0].starts_with(directory.File("workflows/2.yml") + ":2:"));
  CHECK(definitions.problems[1] == directory.File("more/3.yaml") +
                                       ": workflow \"good\" is already there, from " +
                                       directory.File("workflows/1.yaml"));
  CHECK(definitions.problems[2] == directory.File("none") + ": No such file or directory");
}

TEST_CASE("who asks for a target whose file is broken is told what is wrong with it", "[server]") {
  const TemporaryDirectory directory;
  directory.Write("targets/shop.yaml", "name: shop\ndatabse: {}\n");
  directory.Write("targets/blog.yaml", "name: [\n");
  Registry registry;
  AddDebugActions(registry);
  DefinitionFiles files({{}, {directory.File("targets")}, {}, {}, ""}, registry);
  const Definitions definitions = files.Load();
  CHECK(definitions.problems.size() == 2);
  const auto why = [&](const std::string& name) {
    return definitions.catalogue.inventory.NoTarget(name).message;
  };
  CHECK_THAT(why("shop"),
             Catch::Matchers::Contains(directory.File("targets/shop.yaml") + ":2:1: "));
  CHECK_THAT(why("blog"), Catch::Matchers::Contains(directory.File("targets/blog.yaml") + ":2:"));
}

TEST_CASE("a schedule is loaded with the workflow that it starts", "[server]") {
  const TemporaryDirectory directory;
  directory.Write("workflows/1.yaml", kGood);
  directory.Write("schedules/1.yaml", "name: daily\nworkflow: good\ncron: '@daily'\n");
  directory.Write("schedules/2.yaml", "name: daily\nworkflow: good\ncron: '@daily'\n");
  directory.Write("schedules/3.yaml", "name: other\nworkflow: godo\ncron: '@daily'\n");
  Registry registry;
  AddDebugActions(registry);
  DefinitionFiles files({{directory.File("workflows")}, {}, {directory.File("schedules")}, {}, ""},
                        registry);
  const Definitions definitions = files.Load();
  CHECK(definitions.catalogue.schedules.size() == 1);
  CHECK(definitions.catalogue.schedules.contains("daily"));
  CHECK(definitions.problems ==
        std::vector<std::string>{directory.File("schedules/2.yaml") +
                                     ": schedule \"daily\" is already there, from " +
                                     directory.File("schedules/1.yaml"),
                                 directory.File("schedules/3.yaml") +
                                     ":2:11: unknown workflow \"godo\"; did you mean \"good\"?"});
}

TEST_CASE(
    "what alerts start is loaded with the workflows, and good rules stay when the file is broken",
    "[server]") {
  const TemporaryDirectory directory;
  directory.Write("workflows/1.yaml", kGood);
  directory.Write("workflows/2.yaml",
                  "name: tell\ninputs: {alert: {type: string}, problem: {type: string}}\n"
                  "steps: [{id: a, action: debug.echo, with: {value: 1}}]\n");
  Registry registry;
  AddDebugActions(registry);
  const std::string rules = directory.File("alert_rules.yaml");
  DefinitionFiles::Directories where = {{directory.File("workflows")}, {}, {}, {}, ""};
  where.alert_rules = rules;
  DefinitionFiles files(where, registry);
  CHECK(files.Load().problems.empty());
  CHECK(files.Load().alert_rules->rules.empty());

  directory.Write("alert_rules.yaml",
                  "fallback: tell\nrules: [{name: r, matchers: [], workflow: good}]\n");
  CHECK(files.Load().alert_rules->rules.size() == 1);
  directory.Write("alert_rules.yaml",
                  "fallback: tell\nrules: [{name: r, matchers: [], workflow: godo}]\n");
  const Definitions kept = files.Load();
  CHECK(kept.alert_rules->rules.size() == 1);
  CHECK(kept.problems ==
        std::vector<std::string>{rules + ":2:43: unknown workflow \"godo\"; did you mean \"good\"?",
                                 rules + ": what it held before stays in use"});

  // A server that starts now knows nothing better: it takes the rules that it can.
  directory.Write("alert_rules.yaml",
                  "fallback: tell\nrules: [{name: r, matchers: [], workflow: godo}, {name: s, "
                  "matchers: [], workflow: good}]\n");
  const Definitions part = DefinitionFiles(where, registry).Load();
  CHECK(part.alert_rules->rules.size() == 2);
  CHECK(part.problems == std::vector<std::string>{
                             rules + ":2:43: unknown workflow \"godo\"; did you mean \"good\"?"});
  CHECK(part.alert_rules_unusable ==
        std::vector<std::string>{
            rules + ":2:43: unknown workflow \"godo\"; did you mean \"good\"?; an alert for it "
                    "starts tell, all others are as ever"});

  where.alert_rules = directory.File("else.yaml");
  where.alert_rules_expected = true;
  CHECK(DefinitionFiles(where, registry).Load().problems.size() == 1);
}

namespace {

std::string Echo(const std::string& name, int value) {
  return "name: " + name +
         "\nsteps: [{id: a, action: debug.echo, with: {value: " + std::to_string(value) + "}}]\n";
}

// The files of a server with one workflow "good" and a schedule of it.
struct Files {
  Files() {
    AddDebugActions(registry);
    directory.Write("workflows/good.yaml", Echo("good", 1));
    directory.Write("schedules/daily.yaml", "name: daily\nworkflow: good\ncron: '@daily'\n");
    REQUIRE(files.Load().problems.empty());
  }

  std::string DigestOf(const Definitions& definitions, const std::string& name) const {
    const auto found = definitions.catalogue.workflows.find(name);
    return found == definitions.catalogue.workflows.end() ? "" : found->second->digest;
  }
  std::string Content(const std::string& name) const {
    const auto text = ReadFile(directory.File(name), 4096);
    return text ? *text : "";
  }

  TemporaryDirectory directory;
  Registry registry;
  DefinitionFiles files{
      {{directory.File("workflows")}, {}, {directory.File("schedules")}, {}, directory.File("own")},
      registry};
};

}  // namespace

TEST_CASE("what a broken file held before stays in use, and the problem is told", "[server]") {
  Files f;
  const std::string before = f.DigestOf(f.files.Load(), "good");
  const std::string file =
      f.directory.Write("workflows/good.yaml", "name: good\nsteps: [{id: a}]\n");
  const Definitions broken = f.files.Load();
  CHECK(f.DigestOf(broken, "good") == before);
  CHECK(broken.catalogue.schedules.contains("daily"));
  REQUIRE(broken.problems.size() == 2);
  CHECK(broken.problems[0].starts_with(file + ":2:"));
  CHECK(broken.problems[1] == file + ": what it held before stays in use");
  CHECK(broken.changes.empty());

  // Also after a second look, and until it is right again.
  CHECK(f.DigestOf(f.files.Load(), "good") == before);
  f.directory.Write("workflows/good.yaml", Echo("good", 2));
  const Definitions mended = f.files.Load();
  CHECK(mended.problems.empty());
  CHECK(mended.changes == std::vector<std::string>{"changed " + file});
  CHECK(f.DigestOf(mended, "good") != before);
}

TEST_CASE("a new file takes no target from the file that it was loaded from", "[server]") {
  const TemporaryDirectory directory;
  Registry registry;
  DefinitionFiles files({{}, {directory.File("targets")}, {}, {}, ""}, registry);
  const std::string first = directory.Write("targets/shop.yaml", "name: shop\nsummary: first\n");
  REQUIRE(files.Load().problems.empty());
  const std::string copy = directory.Write("targets/a-copy.yaml", "name: shop\nsummary: copy\n");
  const Definitions loaded = files.Load();
  CHECK((*loaded.catalogue.inventory.Find("shop"))["summary"].as_string() == "first");
  REQUIRE(loaded.problems.size() == 1);
  CHECK(loaded.problems[0] == copy + ": a target \"shop\" is there already, from " + first);
}

TEST_CASE("a changed file takes no database from the target whose file is as it was", "[server]") {
  const TemporaryDirectory directory;
  const auto write = [&](const std::string& name, const std::string& path) {
    directory.Write("targets/" + name + ".yaml",
                    "name: " + name + "\ndatabase: {kind: sqlite, path: " + path + "}\n");
  };
  const auto path_of = [](const Definitions& definitions, const std::string& name) {
    const Value* target = definitions.catalogue.inventory.Find(name);
    return target == nullptr ? std::string() : (*target)["database"]["path"].as_string();
  };
  write("a", "/a.db");
  write("b", "/b.db");
  Registry registry;
  DefinitionFiles files({{}, {directory.File("targets")}, {}, {}, ""}, registry);
  REQUIRE(files.Load().problems.empty());
  write("a", "/b.db");
  const Definitions refused = files.Load();
  REQUIRE(refused.problems.size() == 2);
  CHECK_THAT(refused.problems[0], Catch::Contains("/b.db is the database of the target \"b\""));
  CHECK(path_of(refused, "a") == "/a.db");
  CHECK(path_of(refused, "b") == "/b.db");

  write("b", "/c.db");
  const Definitions moved = files.Load();
  CHECK(moved.problems.empty());
  CHECK(path_of(moved, "a") == "/b.db");
  CHECK(path_of(moved, "b") == "/c.db");
}

TEST_CASE("a file that is gone takes its definition with it, a directory that is gone does not",
          "[server]") {
  Files f;
  const std::string file = f.directory.Write("workflows/more.yaml", Echo("more", 1));
  CHECK(f.files.Load().changes == std::vector<std::string>{"added " + file});
  std::filesystem::remove(file);
  const Definitions fewer = f.files.Load();
  CHECK(fewer.changes == std::vector<std::string>{"removed " + file});
  CHECK_FALSE(fewer.catalogue.workflows.contains("more"));

  std::filesystem::rename(f.directory.File("workflows"), f.directory.File("away"));
  const Definitions away = f.files.Load();
  CHECK(away.catalogue.workflows.contains("good"));
  CHECK_FALSE(away.problems.empty());
}

TEST_CASE("a workflow that another one runs stays in use in it while its file is broken",
          "[server]") {
  Files f;
  f.directory.Write("workflows/outer.yaml", "name: outer\nsteps: [{id: s, workflow: good}]\n");
  const std::string before = f.DigestOf(f.files.Load(), "outer");
  REQUIRE_FALSE(before.empty());
  f.directory.Write("workflows/good.yaml", "name: good\nsteps: [{id: a}]\n");
  CHECK(f.DigestOf(f.files.Load(), "outer") == before);
  // What it runs is part of it.
  f.directory.Write("workflows/good.yaml", Echo("good", 5));
  CHECK(f.DigestOf(f.files.Load(), "outer") != before);
}

TEST_CASE("a workflow is applied to the file that it came from, a new one to a file of its own",
          "[server]") {
  Files f;
  const auto applied = f.files.Apply({{"a.yaml", Echo("good", 2)}, {"b.yaml", Echo("fresh", 3)}});
  REQUIRE(applied);
  CHECK(applied->problems.empty());
  REQUIRE(applied->applied.size() == 2);
  CHECK(applied->applied[0].file == f.directory.File("workflows/good.yaml"));
  CHECK(applied->applied[0].digest_before != applied->applied[0].digest);
  CHECK(applied->applied[1].file == f.directory.File("own/fresh.yaml"));
  CHECK(applied->applied[1].digest_before.empty());
  CHECK(f.Content("workflows/good.yaml") == Echo("good", 2));
  CHECK(f.Content("own/fresh.yaml") == Echo("fresh", 3));
  CHECK(applied->definitions.catalogue.workflows.size() == 2);
  CHECK(f.DigestOf(f.files.Load(), "good") == applied->applied[0].digest);
}

TEST_CASE("of workflows that are applied together, a broken one keeps all from being stored",
          "[server]") {
  Files f;
  const auto refused =
      f.files.Apply({{"a.yaml", Echo("good", 2)},
                     {"b.yaml", "name: bad\nsteps: [{id: a, action: debug.ehco}]\n"}});
  REQUIRE(refused);
  REQUIRE(refused->problems.size() == 1);
  CHECK(refused->problems[0].starts_with("b.yaml:2:"));
  CHECK(f.Content("workflows/good.yaml") == Echo("good", 1));
  CHECK_FALSE(std::filesystem::exists(f.directory.File("own")));
}

TEST_CASE("a workflow that would leave a schedule without its inputs is not applied", "[server]") {
  Files f;
  const auto refused =
      f.files.Apply({{"a.yaml", "inputs: {value: {type: int}}\n" + Echo("good", 2)}});
  REQUIRE(refused);
  REQUIRE_FALSE(refused->problems.empty());
  CHECK_THAT(refused->problems[0], Catch::Contains("could not be used any more: " +
                                                   f.directory.File("schedules/daily.yaml")));
  CHECK(f.Content("workflows/good.yaml") == Echo("good", 1));
}

TEST_CASE("a new workflow never takes the place of a file that holds something else", "[server]") {
  Files f;
  f.directory.Write("own/fresh.yaml", Echo("other", 1));
  REQUIRE(f.files.Load().problems.empty());
  const auto refused = f.files.Apply({{"b.yaml", Echo("fresh", 3)}});
  REQUIRE(refused);
  REQUIRE(refused->problems.size() == 1);
  CHECK_THAT(refused->problems[0], Catch::Contains("is there already"));
  CHECK(f.Content("own/fresh.yaml") == Echo("other", 1));
}

}  // namespace recourse::server

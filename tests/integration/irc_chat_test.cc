// People drive runs from an IRC channel: real server, real bot, real IRC server.
#include "tests/integration/irc_chat.h"

#include <catch2/catch.hpp>
#include <csignal>

#include "engine/base/json.h"
#include "server/one_time_code.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

// A service with a database, for the shipped workflows. What the service started is ended with it.
class Incident : public Chat {
 public:
  Incident() : Chat(false) {
    folder.Write("targets/health.yaml", Target());
    folder.Write("workflows/start-service.yaml", kStartService);
    folder.Write("backups/none", "");
    server_arguments = {"--workflows", std::string(RECOURSE_SOURCE_DIR) + "/workflows", "--targets",
                        folder / "targets"};
    StartServer();
    REQUIRE(Recourse({"start", "start-service", "--target", "health", "--wait"}).code == 0);
    REQUIRE(Recourse({"start", "backup", "--target", "health", "--wait"}).code == 0);
    Damage();
    StartBot();
  }
  ~Incident() { Bash("read -r pid rest <" + (folder / "demo.pid") + " && kill -TERM $pid"); }

  Finished Bash(const std::string& script) const {
    return Run({"/bin/bash", "-c", script}, folder / "bash");
  }

 private:
  static constexpr const char* kStartService =
      "name: start-service\ninputs: {target: {type: target, requires: [services, "
      "health]}}\nsteps:\n"
      "  - id: start\n    action: service.start\n    for_each: \"${inputs.target.services}\"\n"
      "    with: {service: \"${item}\"}\n"
      "  - {id: healthy, action: http.expect, with: \"${inputs.target.health}\"}\n";

  std::string Target() const {
    const std::string port = std::to_string(FreePort());
    const std::string database = folder / "health.db";
    return "name: health\ndatabase:\n  kind: sqlite\n  path: " + database +
           "\n  mode: \"0664\"\n  tables: [{name: metrics, rows_min: 1}]\n"
           "backups: {directory: " +
           (folder / "backups") +
           ", pattern: health_%Y%m%d.db, keep_days: 30, keep_at_least: 3, max_age: 48h}\n"
           "services:\n  - name: demo\n    kind: process\n    pid_file: " +
           (folder / "demo.pid") + "\n    command: [" + RECOURSE_DEMO_SERVICE + ", --database, " +
           database + ", --port, \"" + port +
           "\", --rows, \"5000\", --interval, \"200\"]\n    working_directory: " + (folder / ".") +
           "\n    log: " + (folder / "demo.log") +
           "\n    settle: 300ms\n"
           "health: {url: \"http://127.0.0.1:" +
           port +
           "/health/\", status: 200, successes: 1, "
           "interval: 200ms, within: 30s}\n"
           "disk: {path: " +
           (folder / ".") + ", warn: {used_percent: 98}, fail: {used_percent: 99}}\n";
  }

  // A leaf of the table is noise from now on.
  void Damage() const {
    const std::string database = folder / "health.db";
    const Finished damaged = Bash(
        "set -e; db=" + database +
        "; page=$(sqlite3 $db \"SELECT pageno FROM dbstat WHERE name='metrics' AND pagetype='leaf' "
        "LIMIT 1 OFFSET 5\"); size=$(sqlite3 $db 'PRAGMA wal_checkpoint(TRUNCATE); PRAGMA "
        "page_size' | "
        "tail -n 1); head -c $size /dev/urandom | dd of=$db bs=$size seek=$((page - 1)) "
        "conv=notrunc "
        "status=none");
    INFO(damaged.err);
    REQUIRE(damaged.code == 0);
  }
};

}  // namespace

TEST_CASE("a run is started and approved from a channel by two people", "[integration][chat]") {
  const Chat chat;
  const auto ada = chat.Person("ada");
  const auto bo = chat.Person("bo");

  ada->Say("recourse: start ask");
  CHECK_THAT(ada->WaitFor("started by ada"), Contains("NOTICE ada :R-1 ask"));
  bo->WaitFor("A-1 asks for a decision: Go on?");
  CHECK_THAT(bo->WaitFor("Asked of"), Contains("dba; not ada, who asked"));

  // Who asked may not decide; the answer says why, and nothing else happens.
  ada->Say("recourse: approve A-1");
  CHECK_THAT(ada->WaitFor("nothing was decided"), Contains("ada"));

  bo->Say("recourse: approve a1 looks right");
  const std::string plan = bo->WaitFor("you approved A-1 (plan ");
  ada->WaitFor("R-1 ask: succeeded");
  ada->WaitFor("A-1 is approved: Go on?");
  CHECK_THAT(ada->WaitFor("approved by bo"), Contains("via bot for irc:ops/bo): looks right"));

  const Value approval = chat.Json({"approval", "A-1"});
  CHECK_THAT(plan, Contains("plan " + approval.StringOr("digest", "").substr(0, 12)));
  const Value& vote = approval["votes"].as_list().at(0);
  CHECK(vote.StringOr("principal", "") == "bo");
  CHECK(vote.StringOr("via", "") == "bot for irc:ops/bo");
  CHECK(vote.StringOr("channel", "") == "irc");
  CHECK_THAT(chat.Recourse({"timeline", "R-1"}).out,
             Contains("started by ada (via bot for irc:ops/ada)"));
}

TEST_CASE("two people answer the corruption of a database from a channel", "[integration][chat]") {
  Incident incident;
  const auto ada = incident.Person("ada");
  const auto bo = incident.Person("bo");
  ada->Say("recourse: start corruption-response target=health");
  ada->WaitFor("R-3 corruption-response on health, critical");
  CHECK_THAT(bo->WaitFor("A-1 asks for a decision"), Contains("is damaged. Restore "));
  bo->WaitFor("Asked of: dba or incident-commander");
  bo->Say("recourse: ack R-3 I look at it");
  bo->WaitFor("NOTICE bo :");
  ada->Say("recourse: note R-3 the vendor is told");
  ada->WaitFor("noted in the timeline");

  incident.WaitUntilTold("A-1");

  // The bot dies in the middle; the next one takes the first word.
  incident.KillBot();
  incident.StartBot();
  LogIn(incident, *bo, "bo");
  bo->Say("recourse: approve A-1 the backup is from today");
  bo->WaitFor("you approved A-1 (plan ");
  bo->WaitFor("R-3 corruption-response on health: succeeded");

  CHECK(incident.Bash("sqlite3 " + (incident.folder / "health.db") + " 'PRAGMA integrity_check'")
            .out == "ok\n");
  const std::string told = incident.Recourse({"timeline", "R-3"}).out;
  for (const char* line : {"started by ada (via bot for irc:ops/ada)",
                           "ada (via bot for irc:ops/ada) notes: the vendor is told",
                           "approved by bo (via bot for irc:ops/bo): the backup is from today"}) {
    CHECK_THAT(told, Contains(line));
  }
  CHECK_THAT(incident.Recourse({"timeline", "R-3", "--format", "md"}).out,
             Contains("bot for irc:ops/bo"));
}

TEST_CASE("a bot that is killed goes on where it was, and a vote counts once",
          "[integration][chat]") {
  Chat chat;
  auto bo = chat.Person("bo");
  for (int round = 1; round <= 4; ++round) {
    const std::string number = std::to_string(round);
    CHECK(chat.Start("ask") == "R-" + number);
    bo->WaitFor("A-" + number + " asks for a decision");
    const bool told = round <= 2;  // else it dies while it tells
    if (told) chat.WaitUntilTold("A-" + number);
    // Whether it is heard is not known.
    if (round % 2 == 0) bo->Say("recourse: approve A-" + number);
    chat.KillBot();
    chat.StartBot();
    LogIn(chat, *bo, "bo");
    if (told) {
      // What was shown before the end of the first bot is what the vote is given to.
      bo->Say("recourse: approve A-" + number);
      CHECK_THAT(bo->WaitFor("NOTICE bo :"), Contains("you approved A-" + number));
    } else {
      Eventually("the approval counts once it is shown", [&] {
        bo->Say("recourse: approve A-" + number);
        return !bo->Hears("NOTICE bo :you approved A-" + number, 500ms).empty();
      });
    }
    chat.WaitForStatus("R-" + number, "RUN_STATUS_SUCCEEDED");
    CHECK(chat.Json({"approval", "A-" + number})["votes"].as_list().size() == 1);
    // In either order: the bot may ask of the run just before the vote, and of the approval just
    // after.
    Eventually("both are told", [&] {
      const std::string heard = bo->Heard();
      return heard.find("R-" + number + " ask: succeeded") != std::string::npos &&
             heard.find("A-" + number + " is approved") != std::string::npos;
    });
  }
}

TEST_CASE("what was settled while no bot was there is told when one is again",
          "[integration][chat]") {
  Chat chat;
  const auto bo = chat.Person("bo");
  chat.Start("ask");
  chat.WaitUntilTold("A-1");
  chat.KillBot();
  REQUIRE(chat.Recourse({"--as", "bo", "approve", "A-1", "--reason", "by hand"}).code == 0);
  chat.WaitForStatus("R-1", "RUN_STATUS_SUCCEEDED");
  chat.StartBot();
  bo->WaitFor("R-1 ask: succeeded");
  bo->WaitFor("A-1 is approved");
  CHECK_THAT(bo->WaitFor("approved by bo"), Contains("by hand"));
  // All is said: the next bot has nothing to repeat.
  chat.WaitUntilTold("R-1", "over");
  chat.KillBot();
  chat.StartBot();
  chat.Start("echo");
  bo->WaitFor("R-2 echo");
  CHECK(bo->Heard().rfind("R-1 ask: succeeded") == bo->Heard().find("R-1 ask: succeeded"));
}

TEST_CASE("who has not proved who they are can do nothing, whatever their nick",
          "[integration][chat]") {
  const Chat chat;
  chat.Start("ask");
  auto bo = chat.Person("bo");
  bo->WaitFor("A-1 asks for a decision");

  // A principal without a key is told which key to have added.
  IrcPerson eve(chat.irc, "eve", kChannel);
  const auto token = ReadFile(chat.data + "/eve.token", 4096);
  eve.TellBot("login " + token->substr(0, 64));
  CHECK_THAT(eve.WaitFor("you are not logged in"), Contains("chat: [\"irc:ops/eve\"]"));
  eve.TellBot("login " + std::string(64, '0'));
  CHECK_THAT(eve.WaitFor("you are not logged in"), Contains("the server does not know that token"));
  eve.Say("recourse: approve A-1");
  eve.WaitFor("I do not know who you are, so nothing was done");
  eve.Say("recourse: login " + token->substr(0, 64));
  eve.WaitFor("everybody here has read that token; it was not used");

  // bo's nick, once bo has left, is not bo.
  bo->Send("QUIT :home");
  eve.WaitFor(":bo!");
  Eventually("the nick is free", [&] {
    eve.Send("NICK bo");
    return !eve.Hears("NICK :bo", 500ms).empty();
  });
  eve.TellBot("approve A-1");
  eve.WaitFor("I do not know who you are, so nothing was done");
  CHECK(chat.Json({"approval", "A-1"})["votes"].as_list().empty());
}

TEST_CASE("a one-time code counts in private, and one that all have read is not used",
          "[integration][chat]") {
  const Chat chat;
  const auto bo = chat.Person("bo");
  const auto secret = server::DecodeBase32("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP");
  REQUIRE(secret);
  const auto code = [&] {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    // The next one: what is in force now might have been used before the server was started.
    return server::OneTimeCode(
        *secret, std::chrono::duration_cast<std::chrono::seconds>(now).count() / 30 + 1);
  };
  chat.Start("wipe");
  bo->WaitFor("approve A-1 CODE (in a private message)");
  bo->Say("recourse: approve A-1 " + code());
  bo->WaitFor("everybody here has read it: it was not used");
  bo->TellBot("approve A-1");
  bo->WaitFor("nothing was decided");
  bo->TellBot("approve A-1 " + code() + " I have looked");
  bo->WaitFor("you approved A-1");
  chat.WaitForStatus("R-1", "RUN_STATUS_SUCCEEDED");
  CHECK(bo->Heard().find("PRIVMSG " + std::string(kChannel) + " :you approved") ==
        std::string::npos);
}

TEST_CASE("a bot that cannot do its work says why before it begins", "[integration][chat]") {
  Chat chat(false);
  chat.StartServer();
  const auto bot = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), RECOURSE_BOT);
    return Run(arguments, chat.folder / "refused");
  };
  const Finished sound = bot({"--config", chat.folder / "bot.yaml", "--check"});
  CHECK(sound.code == 0);
  CHECK_THAT(sound.out, Contains("is sound"));

  auto config = ReadFile(chat.folder / "bot.yaml", 1 << 20);
  REQUIRE(config);
  const auto token = config->find("bot.token");
  const std::string ada = chat.folder.Write("ada.yaml", config->replace(token, 9, "ada.token"));
  const Finished refused = bot({"--config", ada});
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, Contains("that of ada, which lacks the role delegate"));
  const Finished checked = bot({"--config", ada, "--check"});
  CHECK(checked.code == 1);
  CHECK_THAT(checked.err,
             Contains("server: the token is that of ada") && Contains("nothing was begun"));

  const std::string broken = chat.folder.Write("broken.yaml", "surfaces: {}\n");
  const Finished wrong = bot({"--config", broken, "--check"});
  CHECK(wrong.code == 2);
  CHECK_THAT(wrong.err, Contains(broken + ":1:11: surfaces: has none"));
}

TEST_CASE("texts of others stay texts, and what is not said of a run is asked",
          "[integration][chat]") {
  const Chat chat;
  const auto bo = chat.Person("bo");
  chat.Start("escape");
  CHECK_THAT(bo->WaitFor("A-1 asks for a decision"), Contains("Wipe \\x1b[31mall\\x1b[0m of it"));
  bo->Say("recourse: approve");
  bo->WaitFor("which one? Nothing was done");
  bo->WaitFor("A-1 of R-1: Wipe ");
  bo->Say("recourse: aprove A-1");
  bo->WaitFor("did you mean \"approve\"?");
  bo->Say("recourse: reject A-1");
  bo->WaitFor("say why; nothing was decided");
  bo->Say("recourse: start echo valeu=1");
  bo->WaitFor("nothing was started:");
  bo->Say("recourse: start stuck");
  bo->WaitFor("R-2 stuck: needs attention at once");
  bo->Say("recourse: note R-2 looking at it");
  bo->WaitFor("noted in the timeline");
  bo->Say("recourse: graph R-2");
  bo->WaitFor("HERE  once");
  bo->Say("recourse: retry R-2 it was the network");
  bo->WaitFor("R-2 stuck: succeeded");
  CHECK_THAT(chat.Recourse({"timeline", "R-2"}).out,
             Contains("bo (via bot for irc:ops/bo): it was the network"));
}

}  // namespace recourse::integration

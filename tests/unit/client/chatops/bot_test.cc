// The bot between a real server and a chat whose messages can be changed.
#include "client/chatops/bot.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <condition_variable>

#include "client/chatops/prove.h"
#include "engine/base/file.h"
#include "tests/unit/server/fixture.h"

namespace recourse::chatops {
namespace {

using Catch::Contains;
using namespace std::chrono_literals;

// What stands in the chat, whichever bot has written it.
class Wall {
 public:
  struct Posted {
    MessagePlace place;
    ChatMessage message;
  };

  MessagePlace Post(const std::string& channel, const ChatMessage& message) {
    const std::lock_guard lock(mutex_);
    const MessagePlace place{channel, std::to_string(posted_.size() + 1)};
    posted_.push_back({place, message});
    changed_.notify_all();
    return place;
  }
  void Update(const MessagePlace& place, const ChatMessage& message) {
    const std::lock_guard lock(mutex_);
    for (Posted& one : posted_) {
      if (one.place == place) one.message = message;
    }
    changed_.notify_all();
  }

  std::optional<MessagePlace> Find(const std::string& about) const {
    const std::lock_guard lock(mutex_);
    for (const Posted& one : posted_) {
      if (one.message.about == about) return one.place;
    }
    return std::nullopt;
  }

  // Waits until a message about it is as `is_so` wants it, and answers that one.
  template <class IsSo>
  Posted WaitFor(const std::string& about, IsSo is_so) {
    std::unique_lock lock(mutex_);
    std::optional<Posted> found;
    changed_.wait_for(lock, 20s, [&] {
      for (const Posted& one : posted_) {
        if (one.message.about == about && is_so(one.message)) found = one;
      }
      return found.has_value();
    });
    INFO("nothing such is said about " << about);
    REQUIRE(found);
    return *found;
  }
  // Waits until no message about it has buttons.
  void WaitUntilSettled(const std::string& about) {
    std::unique_lock lock(mutex_);
    CHECK(changed_.wait_for(lock, 20s, [&] {
      return std::none_of(posted_.begin(), posted_.end(), [&](const Posted& one) {
        return one.message.about == about && !one.message.buttons.empty();
      });
    }));
  }
  std::int64_t Count(const std::string& about) const {
    const std::lock_guard lock(mutex_);
    return std::count_if(posted_.begin(), posted_.end(),
                         [&](const Posted& one) { return one.message.about == about; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Posted> posted_;
};

class Screen : public Surface {
 public:
  explicit Screen(Wall& wall) : wall_(wall) {}
  const std::string& name() const override { return name_; }
  Result<void> Start(Listener&) override { return {}; }
  void Stop() override {}
  Result<MessagePlace> Post(const std::string& channel, const ChatMessage& message) override {
    return wall_.Post(channel, message);
  }
  Result<void> Update(const MessagePlace& place, const ChatMessage& message) override {
    wall_.Update(place, message);
    return {};
  }
  Result<std::optional<MessagePlace>> Find(const std::string&, const std::string& about,
                                           std::int64_t) override {
    return wall_.Find(about);
  }

 private:
  const std::string name_ = "slack";
  Wall& wall_;
};

std::vector<server::PrincipalConfig> Everybody() {
  const auto one = [](const std::string& name, std::vector<std::string> roles,
                      std::vector<std::string> chat) {
    server::PrincipalConfig person{name, std::move(roles), ""};
    person.chat = std::move(chat);
    return person;
  };
  return {one("operator", {"viewer", "operator", "admin"}, {}),
          one("ada", {"viewer", "operator"}, {"slack:T/ada"}),
          one("bo", {"viewer", "operator", "dba"}, {"slack:T/bo"}),
          one("kim", {"viewer", "dba"}, {"slack:T/other"}), one("bot", {"viewer", "delegate"}, {})};
}

struct Chat {
  Chat() : running({}, Everybody()) { StartBot(); }

  client::Connection Open() const {
    client::Options options;
    options.data = running.directory.path();
    options.address = running.server->address();
    options.token_file = running.directory.File("bot.token");
    auto opened = client::Connection::Open(options);
    if (!opened) FAIL(opened.error().message);
    return *std::move(opened);
  }
  void StartBot() {
    bot.reset();
    Config config;
    config.routes = {{"slack", "C1", {}, {}, {}}};
    std::vector<std::unique_ptr<Surface>> surfaces;
    surfaces.push_back(std::make_unique<Screen>(wall));
    bot = std::make_unique<Bot>(connection, config, std::move(surfaces), [](const std::string&) {});
    REQUIRE(bot->Start());
  }

  ChatClick Click(const Wall::Posted& on, const std::string& who, const std::string& action,
                  const std::string& reason = "") const {
    return {{"slack", "T", who}, on.place, action, on.message.about,
            on.message.digest,   reason,   "",     ""};
  }
  std::string Say(const std::string& who, const std::string& text,
                  const std::string& channel = "C1", const std::string& delivery = "") const {
    ChatCommand command;
    command.user = {"slack", "T", who};
    command.channel = channel;
    command.text = text;
    command.delivery = delivery;
    return bot->OnCommand(command).text;
  }
  // An open approval's message.
  Wall::Posted Asked(const std::string& approval) {
    return wall.WaitFor(approval,
                        [](const ChatMessage& message) { return !message.buttons.empty(); });
  }
  Wall::Posted Settled(const std::string& about) {
    return wall.WaitFor(about, [](const ChatMessage& message) { return message.buttons.empty(); });
  }
  v1::Approval Approval(const std::string& id) const {
    v1::GetApprovalRequest request;
    request.set_approval(id);
    v1::Approval approval;
    REQUIRE(running.approvals->GetApproval(running.As("bo").get(), request, &approval).ok());
    return approval;
  }
  void WaitUntilKept(const std::string& run, int references) const {
    v1::GetRunRequest request;
    request.set_run(run);
    v1::Run got;
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    do {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      REQUIRE(running.runs->GetRun(running.As("bo").get(), request, &got).ok());
    } while (got.references_size() < references);
  }

  server::RunningServer running;
  Wall wall;
  client::Connection connection = Open();
  std::unique_ptr<Bot> bot;
};

}  // namespace

TEST_CASE("an approval that is settled elsewhere loses its buttons and says who decided and why",
          "[chatops][bot]") {
  Chat chat;
  chat.running.Start("ask");
  const auto asked = chat.Asked("A-1");
  CHECK(asked.place.channel == "C1");
  v1::DecideRequest decide;
  decide.set_approval("A-1");
  decide.set_decision(v1::DECISION_REJECT);
  decide.set_reason("not today");
  decide.set_channel("cli");
  v1::Approval approval;
  REQUIRE(chat.running.approvals->Decide(chat.running.As("bo").get(), decide, &approval).ok());
  const auto settled = chat.Settled("A-1");
  CHECK(settled.place == asked.place);
  REQUIRE(settled.message.lines.size() == 1);
  CHECK_THAT(settled.message.lines[0],
             Contains("rejected by bo") && Contains("through cli: not today"));
  // Who clicks the old button is told how it stands.
  const std::string late = chat.bot->OnClick(chat.Click(asked, "other", "approve")).text;
  CHECK_THAT(late, Contains("your vote was not counted") && Contains("A-1 is rejected"));
}

TEST_CASE("a click counts once, for whom it is, and for what was shown", "[chatops][bot]") {
  Chat chat;
  chat.running.Start("ask");
  auto asked = chat.Asked("A-1");

  CHECK_THAT(chat.bot->OnClick(chat.Click(asked, "nobody", "approve")).text,
             Contains("nothing was decided") && Contains("chat: [\"slack:T/nobody\"]"));
  CHECK_THAT(chat.bot->OnClick(chat.Click(asked, "bo", "reject")).text, Contains("say why"));
  auto other = asked;
  other.message.digest = std::string(64, '0');
  CHECK_THAT(chat.bot->OnClick(chat.Click(other, "bo", "approve")).text,
             Contains("your vote was not counted") && Contains("This is how it stands"));
  other.message.digest.clear();
  CHECK_THAT(chat.bot->OnClick(chat.Click(other, "bo", "approve")).text,
             Contains("nothing was decided"));
  CHECK(chat.Approval("A-1").votes_size() == 0);

  CHECK_THAT(chat.bot->OnClick(chat.Click(asked, "bo", "approve")).text,
             Contains("you approved A-1"));
  CHECK_THAT(chat.bot->OnClick(chat.Click(asked, "bo", "approve")).text,
             Contains("you approved A-1"));
  const v1::Approval approval = chat.Approval("A-1");
  REQUIRE(approval.votes_size() == 1);
  CHECK(approval.votes(0).principal() == "bo");
  CHECK(approval.votes(0).via() == "bot for slack:T/bo");
}

TEST_CASE("a new bot goes on with the messages of the one before", "[chatops][bot]") {
  Chat chat;
  chat.running.Start("ask");
  const auto asked = chat.Asked("A-1");
  chat.WaitUntilKept("R-1", 2);
  chat.StartBot();
  CHECK_THAT(chat.Say("bo", "approve A-1"), Contains("you approved A-1"));
  CHECK(chat.Settled("A-1").place == asked.place);
  chat.Settled("R-1");
  chat.WaitUntilKept("R-1", 3);  // and that all is said
  CHECK(chat.wall.Count("A-1") == 1);
  CHECK(chat.wall.Count("R-1") == 1);
}

TEST_CASE("a message whose place was never stored is kept in line once somebody clicks it",
          "[chatops][bot]") {
  Chat chat;
  chat.running.Start("ask");
  auto orphan = chat.Asked("A-1");
  orphan.place = chat.wall.Post("C1", orphan.message);
  chat.bot->OnClick(chat.Click(orphan, "bo", "approve"));
  chat.wall.WaitUntilSettled("A-1");
  CHECK(chat.wall.Count("A-1") == 2);
}

TEST_CASE("what a bot posted just before its end is taken up by the next, and stands once",
          "[chatops][bot]") {
  Chat chat;
  chat.bot.reset();
  chat.running.Start("ask");
  // As it stands when the bot dies before it can store where.
  ChatMessage run, approval;
  run.about = "R-1";
  approval.about = "A-1";
  approval.buttons = {{"approve", "Approve"}};
  chat.wall.Post("C1", run);
  chat.wall.Post("C1", approval);
  chat.StartBot();
  chat.WaitUntilKept("R-1", 2);
  CHECK_THAT(chat.Say("bo", "approve A-1"), Contains("you approved A-1"));
  chat.Settled("A-1");
  CHECK(chat.wall.Count("A-1") == 1);
  CHECK(chat.wall.Count("R-1") == 1);
}

TEST_CASE("a run is cancelled, and what it asks is answered, from a chat", "[chatops][bot]") {
  Chat chat;
  chat.running.Start("ask");
  chat.Asked("A-1");
  CHECK_THAT(chat.Say("ada", "cancel R-1"), Contains("the timeline must say why"));
  CHECK_THAT(chat.Say("kim", "cancel R-1 no"), Contains("nobody here is known"));
  CHECK_THAT(chat.Say("ada", "cancel R-1 not today"), Contains("nothing is undone"));
  chat.Settled("R-1");
  CHECK_THAT(chat.Say("ada", "answer R-1 look fine"), Contains("R-1 is left as it is: "));
  CHECK_THAT(chat.Say("ada", "resolve R-1 perhaps"),
             Contains("Write: resolve R-1 applied|not_applied|partial reason"));
  CHECK_THAT(chat.Say("ada", "resolve R-1 applied I looked"), Contains("R-1 is left as it is: "));
}

TEST_CASE("a vote by text is given to what was shown there, and to nothing else",
          "[chatops][bot]") {
  Chat chat;
  chat.running.Start("ask");
  chat.Asked("A-1");
  CHECK_THAT(chat.Say("bo", "approve A-1", "C-elsewhere"),
             Contains("was not shown here yet, so nothing was decided") && Contains("Plan: "));
  CHECK(chat.Approval("A-1").votes_size() == 0);
  CHECK_THAT(chat.Say("bo", "approve A-1", "C-elsewhere"), Contains("you approved A-1"));
}

TEST_CASE("a start that is delivered twice starts one run", "[chatops][bot]") {
  Chat chat;
  CHECK_THAT(chat.Say("ada", "start echo", "C1", "d-1"), Contains("R-1 echo"));
  CHECK_THAT(chat.Say("ada", "start echo", "C1", "d-1"), Contains("R-1 echo"));
  CHECK_THAT(chat.Say("ada", "start echo", "C1", "d-2"), Contains("R-2 echo"));
  CHECK_THAT(chat.Say("kim", "start echo"), Contains("nobody here is known as slack:T/kim"));
  CHECK_THAT(chat.Say("other", "start echo"),
             Contains("nothing was started: ") && Contains("operator"));
}

TEST_CASE("who asks while no server answers is told so in time, and what to do", "[chatops][bot]") {
  Chat chat;
  chat.running.Start("ask");
  const auto asked = chat.Asked("A-1");
  chat.running.server.reset();
  const auto begun = std::chrono::steady_clock::now();
  CHECK_THAT(chat.bot->OnClick(chat.Click(asked, "bo", "approve")).text,
             Contains("it is not known yet whether your vote counts. Say it again"));
  CHECK_THAT(chat.Say("ada", "start echo"),
             Contains("Say the same again: within two minutes it is the same start"));
  CHECK(std::chrono::steady_clock::now() - begun < 4s);
  chat.bot.reset();
}

TEST_CASE("a token proves its own principal's name, where that name may speak", "[chatops][bot]") {
  Chat chat;
  const auto token = [&](const std::string& name) {
    auto text = ReadFile(chat.running.directory.File(name + ".token"), 4096);
    REQUIRE(text);
    return text->substr(0, text->find('\n'));
  };
  CHECK(*ProveByToken(chat.connection, "slack", "T", token("bo")) == "bo");
  CHECK(ProveByToken(chat.connection, "slack", "T", std::string(64, '0')).error().code ==
        Code::kUnauthenticated);
  // kim's key is another one, and nobody's is "operator".
  CHECK(ProveByToken(chat.connection, "slack", "T", token("kim")).error().code ==
        Code::kPermissionDenied);
  CHECK(ProveByToken(chat.connection, "slack", "T", token("operator")).error().code ==
        Code::kPermissionDenied);
}

}  // namespace recourse::chatops

// The bot is killed at every point between a message, the click on it and the change that follows.
#include "tests/integration/chat/killed_rooms.h"

namespace recourse::integration {
namespace {

using Points = std::vector<std::string>;

// The run's message is the first that is posted and changed, the approval's the second. Killed once
// the first one's place is stored, or just before the second is posted, is the same to whoever
// comes next.
const Points kPosting = {"bot_before_post", "bot_posted", "bot_place_stored", "bot_posted:2",
                         "bot_place_stored:2"};
const Points kDeciding = {"bot_heard", "bot_before_vote", "bot_voted", "bot_before_answer"};
const Points kChanging = {"bot_before_update", "bot_updated", "bot_updated:2", "bot_before_over",
                          "bot_after_over"};

template <class Kind>
MakeRoom In() {
  return [](const Folder& folder) { return std::make_unique<Kind>(folder); };
}

// Points of one chat alone, too.
Points With(Points points, const std::string& more) {
  points.push_back(more);
  return points;
}

}  // namespace

TEST_CASE("slack: a bot that is killed while it posts leaves one message of each",
          "[chat][killed]") {
  CheckKilledAt(kPosting, In<SlackRoom>());
}

TEST_CASE("slack: a click counts once when the bot is killed before its answer", "[chat][killed]") {
  CheckKilledAt(With(kDeciding, "bot_before_told"), In<SlackRoom>());
}

TEST_CASE("slack: a bot that is killed while it changes messages leaves them right",
          "[chat][killed]") {
  CheckKilledAt(kChanging, In<SlackRoom>());
}

TEST_CASE("slack socket: a click counts once when the bot is killed before its answer",
          "[chat][killed]") {
  CheckKilledAt(With(kDeciding, "bot_before_told"), In<SlackSocketRoom>());
}

TEST_CASE("mattermost: a bot that is killed while it posts leaves one message of each",
          "[chat][killed]") {
  CheckKilledAt(kPosting, In<MattermostRoom>());
}

TEST_CASE("mattermost: a click counts once when the bot is killed before its answer",
          "[chat][killed]") {
  CheckKilledAt(kDeciding, In<MattermostRoom>());
}

TEST_CASE("mattermost: a bot that is killed while it changes messages leaves them right",
          "[chat][killed]") {
  CheckKilledAt(kChanging, In<MattermostRoom>());
}

TEST_CASE("slack: a reason in a dialog counts once when the bot is killed between click and answer",
          "[chat][killed]") {
  CheckKilledAt(With(kDeciding, "bot_before_dialog"), In<SlackDialogRoom>());
}

TEST_CASE("slack socket: a reason in a dialog counts once when the bot is killed before its answer",
          "[chat][killed]") {
  CheckKilledAt(With(kDeciding, "bot_before_dialog"), In<SlackSocketDialogRoom>());
}

TEST_CASE("mattermost: a reason in a dialog counts once when the bot is killed before its answer",
          "[chat][killed]") {
  CheckKilledAt(With(kDeciding, "bot_before_dialog"), In<MattermostDialogRoom>());
}

TEST_CASE("irc: a bot that is killed while it posts says it at least once, and a vote counts once",
          "[chat][killed]") {
  CheckKilledAt(kPosting, In<IrcRoom>());
}

TEST_CASE("irc: a vote counts once when the bot is killed before its answer", "[chat][killed]") {
  CheckKilledAt(kDeciding, In<IrcRoom>());
}

TEST_CASE("irc: a bot that is killed while it tells changes tells them all", "[chat][killed]") {
  CheckKilledAt(kChanging, In<IrcRoom>());
}

}  // namespace recourse::integration

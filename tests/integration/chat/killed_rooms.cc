#include "tests/integration/chat/killed_rooms.h"

#include <algorithm>

#include "engine/base/json.h"

namespace recourse::integration {
namespace {

constexpr const char* kNotShown = " was not shown here yet";

// A section of bot.yaml in one line.
std::string SectionOf(const std::string& name, const std::map<std::string, std::string>& settings) {
  std::string text;
  for (const auto& [key, value] : settings) text += (text.empty() ? "" : ", ") + key + ": " + value;
  return name + ": {" + text + "}";
}

std::string Quoted(const std::string& text) { return "\"" + text + "\""; }

}  // namespace

int PortOf(const BotScene& scene) {
  const std::string told = scene.BotErrors();
  const std::string words = "listens on port ";
  const auto at = told.find(words);
  REQUIRE(at != std::string::npos);
  return std::stoi(told.substr(at + words.size()));
}

// --- Slack over HTTP ---

std::string SlackRoom::Section(const Folder& folder) {
  return SectionOf("slack",
                   {{"bot_token_file", Quoted(folder.Write("slack.token", workspace_.kToken))},
                    {"signing_secret_files",
                     "[" + Quoted(folder.Write("slack.secret", workspace_.kSecret)) + "]"},
                    {"listen", Quoted("127.0.0.1:0")},
                    {"api", Quoted(workspace_.api())}});
}

void SlackRoom::Meet(const BotScene& scene) {
  knew_ = status_ == 200;
  workspace_.SetBot(PortOf(scene));
}

std::vector<MessageRoom::Standing> SlackRoom::About(const std::string& about) {
  std::vector<Standing> standing;
  for (const auto& message : workspace_.messages()) {
    if (message.content["metadata"]["event_payload"]["about"] != Value(about)) continue;
    const Value::List& blocks = message.content["blocks"].as_list();
    standing.push_back(
        {ToJson(message.content), std::any_of(blocks.begin(), blocks.end(), [](const Value& block) {
           return block["type"] == Value("actions");
         })});
  }
  return standing;
}

bool SlackRoom::IsAsked(const std::string& approval) {
  const std::vector<Standing> standing = About(approval);
  return !click_.is_null() || (!standing.empty() && standing.back().has_buttons);
}

const Value& SlackRoom::Click(const std::string& approval) {
  if (!click_.is_null()) return click_;
  for (const auto& message : workspace_.messages()) {
    if (message.content["metadata"]["event_payload"]["about"] != Value(approval)) continue;
    click_ = workspace_.Click("UBO", message, Label());
  }
  return click_;
}

void SlackRoom::Decide(const std::string& approval) {
  status_ = workspace_.Deliver(Click(approval)).status;
}

void SlackRoom::CheckMessages(const std::string& run, const std::string& approval) {
  MessageRoom::CheckMessages(run, approval);
  if (knew_) return;  // by a bot that may have been killed before it answered
  const auto told = workspace_.told();
  REQUIRE(told.size() == 1);
  CHECK(told[0].user == "UBO");
  CHECK_THAT(told[0].text, Catch::StartsWith("you approved " + approval));
}

// --- Slack with a dialog ---

void SlackDialogRoom::Meet(const BotScene& scene) {
  SlackRoom::Meet(scene);
  clicked_ = false;
}

void SlackDialogRoom::Decide(const std::string& approval) {
  if (filled_in_.is_null() && workspace_.views().empty()) {
    if (!std::exchange(clicked_, true)) (void)workspace_.Deliver(Click(approval));
    return;
  }
  if (filled_in_.is_null()) {
    filled_in_ = workspace_.Submission("UBO", workspace_.views().back(), "not today");
  }
  const auto heard = workspace_.Deliver(filled_in_);
  status_ = heard.status;
  answer_ = heard.body;
}

void SlackDialogRoom::CheckMessages(const std::string& run, const std::string& approval) {
  MessageRoom::CheckMessages(run, approval);
  CHECK_THAT(answer_, Catch::Contains("you rejected " + approval));
}

// --- Slack in Socket Mode ---

std::string SlackSocketRoom::Section(const Folder& folder) {
  return SectionOf("slack",
                   {{"bot_token_file", Quoted(folder.Write("slack.token", workspace_.kToken))},
                    {"app_token_file", Quoted(folder.Write("app.token", workspace_.kAppToken))},
                    {"api", Quoted(workspace_.api())}});
}

void SlackSocketRoom::Meet(const BotScene&) {
  knew_ = knows_;
  sent_.clear();
  const std::int64_t before = std::exchange(opened_, opened_ + 1);
  Eventually("it connects", [&] { return socket_.opened() > before && socket_.open() == 1; });
}

void SlackSocketRoom::SendOnce(const std::string& envelope, const Value& payload) {
  if (sent_.insert(envelope).second) socket_.SendEnvelope(envelope, "interactive", payload);
}

void SlackSocketRoom::Decide(const std::string& approval) { SendOnce("click", Click(approval)); }

bool SlackSocketRoom::Knows(const std::string&) {
  knows_ = knows_ || !socket_.Answered(Deciding()).is_null();
  return knows_;
}

// --- Slack in Socket Mode with a dialog ---

void SlackSocketDialogRoom::Decide(const std::string& approval) {
  if (filled_in_.is_null() && workspace_.views().empty()) return SendOnce("click", Click(approval));
  if (filled_in_.is_null())
    filled_in_ = workspace_.Submission("UBO", workspace_.views().back(), "not today");
  SendOnce("submission", filled_in_);
}

void SlackSocketDialogRoom::CheckMessages(const std::string& run, const std::string& approval) {
  MessageRoom::CheckMessages(run, approval);
  CHECK_THAT(ToJson(socket_.Answered("submission")), Catch::Contains("you rejected " + approval));
}

// --- Mattermost ---

std::string MattermostRoom::Section(const Folder& folder) {
  return SectionOf("mattermost",
                   {{"url", Quoted(server_.url())},
                    {"token_file", Quoted(folder.Write("mattermost.token", server_.kToken))},
                    {"listen", Quoted("127.0.0.1:0")},
                    {"public_url", Quoted("http://bot.example.org")},
                    {"command_token_files",
                     "[" + Quoted(folder.Write("command.token", server_.kCommandToken)) + "]"},
                    {"button_key_file", Quoted(folder.Write("button.key", std::string(32, 'k')))}});
}

std::vector<MessageRoom::Standing> MattermostRoom::About(const std::string& about) {
  std::vector<Standing> standing;
  for (const auto& post : server_.posts()) {
    const Value& props = post.content["props"];
    if (props["recourse_about"] != Value(about)) continue;
    standing.push_back(
        {ToJson(post.content), !props["attachments"].as_list()[0]["actions"].as_list().empty()});
  }
  return standing;
}

bool MattermostRoom::IsAsked(const std::string& approval) {
  const std::vector<Standing> standing = About(approval);
  return !click_.is_null() || (!standing.empty() && standing.back().has_buttons);
}

const Value& MattermostRoom::Click(const std::string& approval) {
  for (const auto& post : server_.posts()) {
    const bool is_it = post.content["props"]["recourse_about"] == Value(approval);
    if (click_.is_null() && is_it) click_ = server_.Click("bo", post, Label());
  }
  return click_;
}

void MattermostRoom::Decide(const std::string& approval) {
  answer_ = server_.SendClick(Click(approval));
}

void MattermostRoom::CheckMessages(const std::string& run, const std::string& approval) {
  MessageRoom::CheckMessages(run, approval);
  CHECK_THAT(answer_.body.StringOr("ephemeral_text", ""), Catch::StartsWith("you approved A"));
}

// --- Mattermost with a dialog ---

void MattermostDialogRoom::Meet(const BotScene& scene) {
  MattermostRoom::Meet(scene);
  clicked_ = false;
  knew_ = answer_.status == 200;
}

void MattermostDialogRoom::Decide(const std::string& approval) {
  if (filled_in_.is_null() && server_.dialogs().empty()) {
    if (!std::exchange(clicked_, true)) (void)server_.SendClick(Click(approval));
    return;
  }
  if (filled_in_.is_null()) {
    filled_in_ = server_.Submission("bo", server_.dialogs().back(), "not today");
  }
  answer_ = server_.SendDialog(filled_in_);
}

void MattermostDialogRoom::CheckMessages(const std::string& run, const std::string& approval) {
  MessageRoom::CheckMessages(run, approval);
  if (knew_) return;  // by a bot that may have been killed before it told
  const auto posts = server_.posts();
  CHECK(std::any_of(posts.begin(), posts.end(), [&](const auto& post) {
    return post.channel == "direct bo" &&
           post.content.StringOr("message", "").find("you rejected") == 0;
  }));
}

// --- IRC ---

int IrcRoom::Heard(const std::string& text) {
  const std::string heard = bo_.Heard();
  int count = 0;
  for (auto at = heard.find(text); at != std::string::npos; at = heard.find(text, at + 1)) ++count;
  return count;
}

void IrcRoom::Meet(const BotScene& scene) {
  said_ = 0;
  refused_ = Heard(kNotShown);
  LogIn(scene, bo_, "bo");
}

bool IrcRoom::IsAsked(const std::string& approval) {
  return Heard(" :" + approval + " asks for a decision") > 0;
}

void IrcRoom::Decide(const std::string& approval) {
  if (said_ > Heard(kNotShown) - refused_) return;  // no answer to it yet
  bo_.Say("recourse: approve " + approval);
  ++said_;
}

bool IrcRoom::Knows(const std::string& approval) {
  return Heard("NOTICE bo :you approved " + approval) > 0;
}

bool IrcRoom::IsTold(const std::string& run, const std::string& approval) {
  const std::string to = std::string("PRIVMSG ") + kChannel + " :";
  return Heard(to + approval + " is approved") > 0 && Heard(to + run + " ask: succeeded") > 0;
}

void IrcRoom::CheckMessages(const std::string& run, const std::string& approval) {
  const std::string to = std::string("PRIVMSG ") + kChannel + " :";
  CHECK(IsTold(run, approval));
  CHECK(Heard(to + approval + " approved by bo") > 0);
  for (const std::string& line :
       {approval + " asks for a decision", approval + " is approved", run + " ask: succeeded"}) {
    INFO(line);
    CHECK(Heard(to + line) <= 2);
  }
}

}  // namespace recourse::integration

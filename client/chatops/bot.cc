#include "client/chatops/bot.h"

#include <exception>

#include "engine/base/fail_point.h"

namespace recourse::chatops {
namespace {

// A mistake of ours must not leave a person without an answer.
template <class Make>
ChatAnswer Guarded(const Report& report, Make make) {
  try {
    return make();
  } catch (const std::exception& thrown) {
    report(std::string("an answer could not be made: ") + thrown.what());
    return {
        "something is wrong with me, so that I cannot say whether anything was done; look with the "
        "command: recourse runs"};
  }
}

}  // namespace

Bot::Bot(const client::Connection& server, Config config,
         std::vector<std::unique_ptr<Surface>> surfaces, Report report)
    : config_(std::move(config)),
      report_(std::move(report)),
      answers_(server, shown_),
      surfaces_(std::move(surfaces)),
      watch_(server,
             {[this](const std::string& run, bool news) {
                for (const auto& board : boards_) board->Touch(run, news);
              },
              [this] {
                for (const auto& board : boards_) board->Forget();
              }},
             report_) {
  for (const auto& surface : surfaces_) {
    boards_.push_back(std::make_unique<Board>(server, *surface, config_, shown_, report_));
  }
}

Bot::~Bot() { Stop(); }

Result<void> Bot::Start() {
  for (const auto& surface : surfaces_) {
    if (auto started = surface->Start(*this); !started) {
      return std::move(started).error().In(surface->name());
    }
  }
  for (const auto& board : boards_) board->Start();
  watch_.Start();
  return {};
}

void Bot::Stop() {
  watch_.Stop();
  // A board may wait for its surface.
  for (const auto& surface : surfaces_) surface->Stop();
  for (const auto& board : boards_) board->Stop();
}

ChatAnswer Bot::OnCommand(const ChatCommand& command) {
  RECOURSE_FAIL_POINT("bot_heard");
  ChatAnswer answer = Guarded(report_, [&] { return answers_.To(command); });
  RECOURSE_FAIL_POINT("bot_before_answer");
  return answer;
}

ChatAnswer Bot::OnClick(const ChatClick& click) {
  RECOURSE_FAIL_POINT("bot_heard");
  ChatAnswer answer = Guarded(report_, [&] { return answers_.To(click); });
  for (std::size_t i = 0; i < surfaces_.size(); ++i) {
    if (surfaces_[i]->name() == click.user.surface) boards_[i]->Clicked(click.about, click.place);
  }
  RECOURSE_FAIL_POINT("bot_before_answer");
  return answer;
}

}  // namespace recourse::chatops

#include "client/cli/live_view.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "engine/base/text.h"

namespace recourse::cli {

using namespace std::chrono_literals;

std::string ProgressText(const v1::AttemptNews& news) {
  if (news.total() <= 0) return news.line();
  constexpr std::int64_t kWidth = 20;
  const std::int64_t done = std::clamp<std::int64_t>(news.done(), 0, news.total());
  const auto filled = static_cast<std::size_t>(done * kWidth / news.total());
  return "[" + std::string(filled, '#') + std::string(kWidth - filled, ' ') + "] " +
         std::to_string(done * 100 / news.total()) + " %  " + news.line();
}

LiveView::LiveView(bool lives) : lives_(lives && OnTerminal()) {
  if (lives_) ticker_ = std::thread([this] { Tick(); });
}

LiveView::~LiveView() {
  if (!lives_) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    Erase();
  }
  changed_.notify_all();
  ticker_.join();
}

void LiveView::Print(const std::string& line) {
  const std::lock_guard lock(mutex_);
  Erase();
  std::printf("%s\n", line.c_str());
  Draw();
  std::fflush(stdout);
}

void LiveView::Show(const v1::Run& run) {
  const std::lock_guard lock(mutex_);
  text_ = run.id() + " " + StatusName(run.status());
  if (!run.step().empty()) text_ += " at " + OneLine(run.step());
  if (IsOver(run.status())) text_.clear();
  since_ = TimeOf(run.change_time());
  news_.clear();
  Draw();
}

void LiveView::Show(const v1::AttemptNews& news) {
  const std::lock_guard lock(mutex_);
  news_ = OneLine(ProgressText(news));
  Draw();
}

void LiveView::Show(const std::string& text) {
  const std::lock_guard lock(mutex_);
  text_ = text;
  news_.clear();
  since_ = SystemClock().Now();
  Draw();
}

void LiveView::Erase() {
  if (lives_) std::printf("\r\x1b[K");
}

void LiveView::Draw() {
  if (!lives_ || ending_) return;
  Erase();
  if (!text_.empty()) {
    std::string line =
        text_ + "  " +
        HumanDuration(std::chrono::floor<std::chrono::milliseconds>(SystemClock().Now() - since_));
    if (!news_.empty()) line += "  " + news_;
    std::printf(
        "%s",
        Painted(Cut(line, static_cast<std::size_t>(TerminalWidth() - 1)), Colour::kBusy).c_str());
  }
  std::fflush(stdout);
}

void LiveView::Tick() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, 500ms, [this] { return ending_; })) Draw();
}

}  // namespace recourse::cli

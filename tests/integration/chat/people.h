// The core's part, played by a test: takes down what people do, and answers what it is told to.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "client/chatops/surface.h"

namespace recourse::integration {

class People final : public chatops::Listener {
 public:
  chatops::ChatAnswer OnCommand(const chatops::ChatCommand& command) override {
    const std::lock_guard lock(mutex_);
    commands_.push_back(command);
    return answer_;
  }
  chatops::ChatAnswer OnClick(const chatops::ChatClick& click) override {
    const std::lock_guard lock(mutex_);
    clicks_.push_back(click);
    return answer_;
  }

  void Answer(const std::string& text, bool for_all = false) {
    const std::lock_guard lock(mutex_);
    answer_.text = text;
    answer_.for_all = for_all;
  }
  void Show(const std::string& name, const std::string& png) {
    const std::lock_guard lock(mutex_);
    answer_.picture_name = name;
    answer_.picture_png = png;
  }
  std::vector<chatops::ChatCommand> commands() {
    const std::lock_guard lock(mutex_);
    return commands_;
  }
  std::vector<chatops::ChatClick> clicks() {
    const std::lock_guard lock(mutex_);
    return clicks_;
  }

 private:
  std::mutex mutex_;
  std::vector<chatops::ChatCommand> commands_;
  std::vector<chatops::ChatClick> clicks_;
  chatops::ChatAnswer answer_{"done", false, "", ""};
};

// What a surface reports to its operator.
class Reports {
 public:
  std::function<void(const std::string&)> Sink() {
    return [this](const std::string& line) {
      const std::lock_guard lock(mutex_);
      text_ += line + "\n";
    };
  }
  std::string text() {
    const std::lock_guard lock(mutex_);
    return text_;
  }
  // The port after "listens on port ".
  int Port() {
    const std::string all = text();
    return std::stoi(all.substr(all.find("listens on port ") + 16));
  }

 private:
  std::mutex mutex_;
  std::string text_;
};

inline chatops::ChatMessage Approval() {
  using chatops::Button;
  return {.about = "A-381",
          .digest = std::string(64, 'd'),
          .title = "Restore health.db?",
          .tone = chatops::Tone::kWarning,
          .fields = {{"target", "health"}, {"expires", "in 15 min"}},
          .lines = {"everything written after 03:04:05 is lost"},
          .buttons = {{"approve", "Approve", Button::Style::kPrimary, false, false},
                      {"reject", "Reject", Button::Style::kDanger, true, false},
                      {"approve", "Approve with code", Button::Style::kPlain, false, true}},
          .command = "approve A-381"};
}

}  // namespace recourse::integration

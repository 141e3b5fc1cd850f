// What a watcher sees: a line for each event, and on a terminal below them one line that lives.
//
// Thread safety: every function may be called from any thread.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "client/cli/call.h"

namespace recourse::cli {

class LiveView {
 public:
  // `lives` false: lines only, as when standard output is no terminal.
  explicit LiveView(bool lives);
  // Leaves the terminal with a clean line.
  ~LiveView();

  // A line that stays, or several.
  void Print(const std::string& line);
  // The run as it is now: the living line shows it, with the time since it changed.
  void Show(const v1::Run& run);
  void Show(const v1::AttemptNews& news);
  // A text instead of the run: "the server is gone".
  void Show(const std::string& text);

 private:
  void Draw();   // REQUIRES: mutex_ is held
  void Erase();  // REQUIRES: mutex_ is held
  void Tick();

  const bool lives_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::string text_;
  std::string news_;
  Time since_;
  bool ending_ = false;

  std::thread ticker_;
};

// "[#####     ] 50 %  copying pages"
std::string ProgressText(const v1::AttemptNews& news);

}  // namespace recourse::cli

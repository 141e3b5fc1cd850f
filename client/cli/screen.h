// A terminal's whole screen, for as long as the object lives. Plain sequences that every terminal
// of the last decades knows, also over ssh.
//
// Thread safety: one thread.
#pragma once

#include <termios.h>

#include <chrono>
#include <cstdint>
#include <vector>

#include "client/cli/top_screen.h"
#include "engine/base/file.h"

namespace recourse::cli {

// Blocks the signals that a Screen takes, in this thread and those that it starts from now on.
void BlockScreenSignals();

class Screen {
 public:
  // REQUIRES: standard input and output are a terminal, BlockScreenSignals() was called before
  // another thread was started.
  Screen();
  // Leaves the terminal as it was found.
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  std::size_t width() const { return width_; }
  std::size_t height() const { return height_; }

  // Shows the lines from the top, and nothing below them. REQUIRES: they fit.
  void Draw(const std::vector<ScreenLine>& lines);

  enum class Happening { kQuit, kResized, kWoken, kNothing };
  // Waits until somebody quits (q, Ctrl-C, the end of the terminal, SIGTERM, SIGHUP, SIGINT), the
  // size changes, `wake` is readable, or the time is over.
  Happening Wait(int wake, std::chrono::milliseconds patience);

 private:
  void Measure();

  termios before_{};
  Descriptor signals_;
  std::size_t width_ = 80;
  std::size_t height_ = 24;
};

}  // namespace recourse::cli

#include "client/cli/screen.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <string>

namespace recourse::cli {
namespace {

sigset_t ScreenSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH}) sigaddset(&set, number);
  return set;
}

// A terminal that is gone takes nothing, and nobody looks at it.
void SendBytes(const std::string& bytes) { static_cast<void>(WriteAll(STDOUT_FILENO, bytes)); }

}  // namespace

void BlockScreenSignals() {
  const sigset_t set = ScreenSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Screen::Screen() {
  const sigset_t set = ScreenSignals();
  signals_ = Descriptor(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  tcgetattr(STDIN_FILENO, &before_);
  termios raw = before_;
  cfmakeraw(&raw);
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  SendBytes("\x1b[?1049h\x1b[?25l");
  Measure();
}

Screen::~Screen() {
  SendBytes("\x1b[?25h\x1b[?1049l");
  tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

void Screen::Measure() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return;
  width_ = size.ws_col;
  height_ = size.ws_row;
}

void Screen::Draw(const std::vector<ScreenLine>& lines) {
  std::string frame = "\x1b[H";
  // Each line is erased before it is written: behind its last column there is nothing to erase.
  for (std::size_t i = 0; i < height_; ++i) {
    if (i > 0) frame += "\r\n";
    frame += "\x1b[K";
    if (i < lines.size()) frame += Painted(lines[i].text, lines[i].colour);
  }
  SendBytes(frame);
}

Screen::Happening Screen::Wait(int wake, std::chrono::milliseconds patience) {
  pollfd ready[] = {{STDIN_FILENO, POLLIN, 0}, {signals_.get(), POLLIN, 0}, {wake, POLLIN, 0}};
  if (poll(ready, 3, static_cast<int>(patience.count())) <= 0) return Happening::kNothing;
  if (ready[1].revents != 0) {
    signalfd_siginfo signal{};
    bool resized = false;
    while (read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
      if (signal.ssi_signo != SIGWINCH) return Happening::kQuit;
      resized = true;
    }
    if (resized) {
      Measure();
      return Happening::kResized;
    }
  }
  if (ready[0].revents != 0) {
    char keys[64];
    const ssize_t count = read(STDIN_FILENO, keys, sizeof keys);
    if (count <= 0) return Happening::kQuit;
    for (ssize_t i = 0; i < count; ++i) {
      constexpr char kControlC = 3;
      if (keys[i] == 'q' || keys[i] == 'Q' || keys[i] == kControlC) return Happening::kQuit;
    }
  }
  return ready[2].revents != 0 ? Happening::kWoken : Happening::kNothing;
}

}  // namespace recourse::cli

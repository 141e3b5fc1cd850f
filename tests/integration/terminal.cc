#include "tests/integration/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>

namespace recourse::integration {
namespace {

// The cells of a screen, each a character of UTF-8.
class Cells {
 public:
  Cells(int columns, int lines)
      : columns_(static_cast<std::size_t>(columns)),
        cells_(static_cast<std::size_t>(lines), std::vector<std::string>(columns_, " ")) {}

  void Put(const std::string& character) {
    if (column_ == columns_) {  // a terminal wraps when the next one comes
      column_ = 0;
      NextLine();
    }
    cells_[line_][column_++] = character;
  }
  void NextLine() {
    if (line_ + 1 < cells_.size()) {
      ++line_;
    } else {
      cells_.erase(cells_.begin());
      cells_.emplace_back(columns_, " ");
    }
  }
  void Return() { column_ = 0; }
  void Home() { line_ = column_ = 0; }
  void EraseLine() { std::fill(cells_[line_].begin() + Column(), cells_[line_].end(), " "); }
  void EraseBelow() {
    EraseLine();
    for (std::size_t i = line_ + 1; i < cells_.size(); ++i) cells_[i].assign(columns_, " ");
  }
  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    for (const auto& cells : cells_) {
      std::string& line = lines.emplace_back();
      for (const std::string& cell : cells) line += cell;
      line.erase(line.find_last_not_of(' ') + 1);
    }
    return lines;
  }

 private:
  std::ptrdiff_t Column() const { return static_cast<std::ptrdiff_t>(column_); }

  std::size_t columns_;
  std::vector<std::vector<std::string>> cells_;
  std::size_t line_ = 0;
  std::size_t column_ = 0;
};

void Obey(Cells& cells, const std::string& sequence) {
  if (sequence == "H" || sequence == "?1049h" || sequence == "?1049l") return cells.Home();
  if (sequence == "K") return cells.EraseLine();
  if (sequence == "J") return cells.EraseBelow();
  if (sequence.back() == 'm' || sequence == "?25l" || sequence == "?25h") return;
  FAIL("the terminal does not know the sequence " << sequence);
}

}  // namespace

std::vector<std::string> ScreenOf(const std::string& written, int columns, int lines) {
  Cells cells(columns, lines);
  for (std::size_t i = 0; i < written.size(); ++i) {
    const auto byte = static_cast<unsigned char>(written[i]);
    if (byte == 0x1b) {
      const auto end = written.find_first_of("HKJmhl", i);
      if (end == std::string::npos) break;  // the rest of it comes
      Obey(cells, written.substr(i + 2, end - i - 1));
      i = end;
    } else if (byte == '\n') {
      cells.NextLine();
    } else if (byte == '\r') {
      cells.Return();
    } else if (byte >= 0x20) {
      std::size_t size = 1;
      while (i + size < written.size() && (written[i + size] & 0xc0) == 0x80) ++size;
      cells.Put(written.substr(i, size));
      i += size - 1;
    }
  }
  return cells.Lines();
}

Terminal::Terminal(const std::vector<std::string>& arguments, const Environment& environment,
                   int columns, int lines)
    : columns_(columns), lines_(lines) {
  std::vector<std::string> command = {"/usr/bin/env"};
  for (const char* name : {"RECOURSE_DATA", "RECOURSE_ADDRESS", "RECOURSE_TOKEN_FILE",
                           "RECOURSE_CONTEXT", "XDG_CONFIG_HOME", "NO_COLOR"}) {
    command.insert(command.end(), {"-u", name});
  }
  command.push_back("TERM=xterm-256color");
  for (const auto& [name, value] : environment) command.push_back(name + "=" + value);
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& text : command) argv.push_back(text.data());
  argv.push_back(nullptr);
  winsize size = {static_cast<unsigned short>(lines), static_cast<unsigned short>(columns), 0, 0};
  int master = -1;
  const pid_t parent = getpid();
  pid_ = forkpty(&master, nullptr, nullptr, &size);
  REQUIRE(pid_ >= 0);
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(126);
    execv(argv[0], argv.data());
    _exit(127);
  }
  master_ = Descriptor(master);
  fcntl(master, F_SETFD, FD_CLOEXEC);
}

Terminal::~Terminal() {
  if (code_) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Terminal::Type(const std::string& keys) { REQUIRE(WriteAll(master_.get(), keys)); }

void Terminal::Resize(int columns, int lines) {
  columns_ = columns;
  lines_ = lines;
  const winsize size = {static_cast<unsigned short>(lines), static_cast<unsigned short>(columns), 0,
                        0};
  REQUIRE(ioctl(master_.get(), TIOCSWINSZ, &size) == 0);
}

void Terminal::Signal(int number) const { kill(pid_, number); }

bool Terminal::Read() {
  pollfd ready = {master_.get(), POLLIN, 0};
  if (poll(&ready, 1, 20) == 0) return true;
  char buffer[4096];
  const ssize_t count = read(master_.get(), buffer, sizeof buffer);
  if (count <= 0) return false;  // EIO: nobody has the other end any more
  written_.append(buffer, static_cast<std::size_t>(count));
  return true;
}

const std::string& Terminal::WaitFor(const std::string& text) {
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  bool open = true;
  while (written_.find(text) == std::string::npos) {
    INFO("waited for \"" << text << "\" in: " << written_);
    REQUIRE((open && std::chrono::steady_clock::now() < deadline));
    open = Read();
  }
  return written_;
}

void Terminal::WaitForScreen(const std::string& text) {
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  bool open = true;
  for (;;) {
    std::string screen;
    for (const std::string& line : Screen()) screen += line + "\n";
    if (screen.find(text) != std::string::npos) return;
    INFO("waited for \"" << text << "\" on the screen:\n" << screen);
    REQUIRE((open && std::chrono::steady_clock::now() < deadline));
    open = Read();
  }
}

int Terminal::WaitForEnd() {
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  int status = 0;
  while (waitpid(pid_, &status, WNOHANG) != pid_) {
    INFO("it does not end; it wrote: " << written_);
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    Read();
  }
  while (Read()) {
  }
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return *code_;
}

std::vector<std::string> Terminal::Screen() const { return ScreenOf(written_, columns_, lines_); }

bool Terminal::IsRestored() const {
  termios mode{};
  // The pty's settings are those that the program left, also after it has ended.
  if (tcgetattr(master_.get(), &mode) != 0) return false;
  const bool cooked = (mode.c_lflag & ICANON) != 0 && (mode.c_lflag & ECHO) != 0 &&
                      (mode.c_lflag & ISIG) != 0 && (mode.c_oflag & OPOST) != 0;
  const auto last_of = [&](const char* on, const char* off) {
    const auto is_on = written_.rfind(on);
    const auto is_off = written_.rfind(off);
    return is_on == std::string::npos || (is_off != std::string::npos && is_off > is_on);
  };
  return cooked && last_of("\x1b[?1049h", "\x1b[?1049l") && last_of("\x1b[?25l", "\x1b[?25h");
}

}  // namespace recourse::integration

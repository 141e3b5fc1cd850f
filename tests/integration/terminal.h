// A program at a real terminal (a pty): what it shows is what somebody in front of it sees.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/file.h"
#include "tests/integration/program.h"

namespace recourse::integration {

class Terminal {
 public:
  // Starts it, 80 columns wide and 24 lines high. It dies with the test.
  explicit Terminal(const std::vector<std::string>& arguments, const Environment& environment = {},
                    int columns = 80, int lines = 24);
  // Kills it when it still runs.
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void Type(const std::string& keys);
  void Resize(int columns, int lines);
  void Signal(int number) const;

  // Waits until everything it has written so far has that in it, or the screen; the test fails when
  // neither has within 30 s. Answers what it has written.
  const std::string& WaitFor(const std::string& text);
  void WaitForScreen(const std::string& text);
  // Its exit code, 128 + n when signal n ended it; the test fails when it has not ended within 30
  // s.
  int WaitForEnd();

  // Everything that it has written.
  const std::string& written() const { return written_; }
  // The lines of the screen as they are now, without blanks at their ends.
  std::vector<std::string> Screen() const;
  // Whether the terminal is as it was found: lines with echo, the main screen, a visible cursor.
  bool IsRestored() const;

 private:
  // Reads what there is, waiting a moment when there is nothing; false when there will be no more.
  bool Read();

  Descriptor master_;
  int pid_ = 0;
  int columns_;
  int lines_;
  std::string written_;
  std::optional<int> code_;
};

// What a terminal of that size shows after `written`, by the sequences that Recourse uses; the test
// fails for one that it does not know.
std::vector<std::string> ScreenOf(const std::string& written, int columns, int lines);

}  // namespace recourse::integration

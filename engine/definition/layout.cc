#include "engine/definition/layout.h"

#include <utility>
#include <vector>

namespace recourse::definition {
namespace {

using expression::Layout;

// Follows a string and the text that it was read from side by side.
class Follower {
 public:
  Follower(const Node& node, std::string_view file)
      : file_(file), value_(node.scalar.as_string()), at_(node.offset), place_(node.place) {}

  Layout Follow() && {
    const char first = Peek();
    if (first == '|' || first == '>') {
      Block(first == '>');
    } else {
      const char quote = first == '"' || first == '\'' ? first : '\0';
      if (quote != '\0') Step(1);
      Mark(0);
      Flow(quote);
    }
    if (runs_.empty()) Mark(0);
    return Layout(std::move(runs_));
  }

 private:
  char Peek(std::size_t ahead = 0) const {
    return at_ + ahead < file_.size() ? file_[at_ + ahead] : '\0';
  }
  static bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

  // Passes over `bytes` of one line.
  void Step(std::size_t bytes) {
    for (; bytes > 0 && at_ < file_.size(); --bytes, ++at_) {
      if ((static_cast<unsigned char>(file_[at_]) & 0xC0) != 0x80) ++place_.column;
    }
  }
  void StepBlanks() {
    while (IsBlank(Peek())) Step(1);
  }
  void StepLine() {
    const std::size_t end = std::min(file_.find('\n', at_), file_.size() - 1);
    at_ = end + 1;
    place_ = {place_.line + 1, 1};
  }
  // Whether nothing but blanks stands before the end of the line.
  bool AtBreak() const {
    std::size_t end = at_;
    while (end < file_.size() && IsBlank(file_[end])) ++end;
    return end < file_.size() && file_[end] == '\n';
  }

  // From `offset` of the string on, its characters stand here.
  void Mark(std::size_t offset) {
    if (!runs_.empty() && runs_.back().offset == offset) runs_.pop_back();
    runs_.push_back({offset, place_});
  }

  // The bytes of the value's character at `offset`.
  std::size_t LengthAt(std::size_t offset) const {
    const auto lead = static_cast<unsigned char>(value_[offset]);
    return lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  }

  // A quoted or plain string: line ends are folded, and what stands around them is dropped.
  void Flow(char quote) {
    for (std::size_t v = 0; v < value_.size();) {
      if (AtBreak()) {
        v += Fold();
        Mark(v);
      } else if (quote == '"' && Peek() == '\\') {
        Mark(v);
        if (Peek(1) == '\n') {
          StepLine();
          StepBlanks();
        } else {
          Step(EscapeLength());
          v += LengthAt(v);
        }
        Mark(v);
      } else if (quote == '\'' && Peek() == '\'' && Peek(1) == '\'') {
        Step(2);
        Mark(++v);
      } else if (Peek() == value_[v]) {
        Step(1);
        ++v;
      } else {
        return;
      }
    }
  }

  std::size_t EscapeLength() const {
    switch (Peek(1)) {
      case 'x':
        return 4;
      case 'u':
        return 6;
      case 'U':
        return 10;
      default:
        return 2;
    }
  }

  // Passes over the ends of lines here and answers how many bytes of the string they became: one
  // end is a space, each further one a line end.
  std::size_t Fold() {
    std::size_t ends = 0;
    for (; AtBreak(); ++ends) StepLine();
    StepBlanks();
    return ends == 1 ? 1 : ends - 1;
  }

  void Block(bool folded) {
    StepLine();
    const std::size_t indent = Indent();
    StepIndent(indent);
    Mark(0);
    for (std::size_t v = 0; v < value_.size();) {
      if (Peek() != '\n' && Peek() != '\r') {
        if (Peek() != value_[v]) return;
        Step(1);
        ++v;
        continue;
      }
      std::size_t ends = 0;
      for (; ends == 0 || (folded && AtBreak()); ++ends) StepLine();
      StepIndent(indent);
      const bool joined = folded && value_[v] == ' ';
      v += joined || !folded ? 1 : CountEnds(v, ends);
      Mark(v);
    }
  }

  std::size_t CountEnds(std::size_t v, std::size_t ends) const {
    std::size_t count = 0;
    while (count < ends && v + count < value_.size() && value_[v + count] == '\n') ++count;
    return count;
  }

  void StepIndent(std::size_t indent) {
    for (; indent > 0 && Peek() == ' '; --indent) Step(1);
  }

  // How far the block is indented: its first line that is not empty has more blanks than the
  // string's by that.
  std::size_t Indent() const {
    const auto blanks_of_first_line = [](std::string_view text) {
      std::size_t line = 0;
      std::size_t at = 0;
      while (at < text.size() && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r')) {
        if (text[at++] == '\n') line = at;
      }
      return at - line;
    };
    const std::size_t in_file = blanks_of_first_line(file_.substr(std::min(at_, file_.size())));
    const std::size_t in_value = blanks_of_first_line(value_);
    return in_file > in_value ? in_file - in_value : 0;
  }

  std::string_view file_;
  std::string_view value_;
  std::size_t at_;  // in the file
  Place place_;
  std::vector<Layout::Run> runs_;
};

}  // namespace

expression::Layout LayoutOf(const Node& node, std::string_view file) {
  return Follower(node, file).Follow();
}

}  // namespace recourse::definition

// Where things stand in the file that a person wrote.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/error.h"

namespace recourse::expression {

// Both count from 1, columns in characters; 0 is not known.
struct Place {
  int line = 0;
  int column = 0;

  bool known() const { return line > 0; }
  bool operator==(const Place&) const = default;
};

// What is wrong with a text, and at which of its bytes. The error's message does not say where.
struct Mistake {
  Error error;
  std::size_t offset = 0;
};

// Its error, the message ending with "at column 12" of `text`.
Error InColumn(Mistake mistake, std::string_view text);

// Tells where in its file each part of a text stands. It need not stand there as it is: a string of
// YAML has quotes, escapes and folded lines.
class Layout {
 public:
  // From this byte of the text on, each character stands one column further, up to the next run.
  struct Run {
    std::size_t offset = 0;
    Place place;
  };

  Layout() = default;  // not known
  // REQUIRES: the offsets ascend and begin with 0.
  explicit Layout(std::vector<Run> runs) : runs_(std::move(runs)) {}

  bool known() const { return !runs_.empty(); }
  // Where the byte at `offset` of `text` stands; not known when the layout is not.
  Place PlaceOf(std::string_view text, std::size_t offset) const;
  // The layout of `length` bytes of `text` from `offset` on.
  Layout Part(std::string_view text, std::size_t offset, std::size_t length) const;

 private:
  std::vector<Run> runs_;
};

}  // namespace recourse::expression

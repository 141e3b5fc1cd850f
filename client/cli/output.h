// What the command prints: tables for people, JSON for programs.
#pragma once

#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "client/report/clean.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::cli {

// The command's exit codes, as docs/command.md lists them. Never reused.
enum ExitCode {
  kOk = 0,
  // The run ended FAILED, CANCELLED or ROLLED_BACK; or a journal has problems; or an expression has
  // no value.
  kRunNotSucceeded = 1,
  kUsage = 2,     // also: a file that the command names cannot be read
  kNoServer = 3,  // none that answers; or no token
  // The server said no, or a check did: definitions, targets or cases have problems. The message
  // says which.
  kRefused = 4,
  kNeedsPerson = 5,  // the run waits for a person
  kNotWritten = 6,   // what was printed did not get to where it should
};

// Writes what was printed so far.
// kCancelled: whoever read it has gone, and wants no more. kUnavailable: it, or something before
// it, could not be written; the message says why. It is told once: what is printed later is looked
// at anew.
Result<void> FlushOutput();

using report::Clean;
using report::OneLine;
// Clean text with a bar before each line but the first, for text that may have several.
std::string Quoted(std::string_view text);

// The number of columns that UTF-8 text takes on a terminal: two for each wide character of East
// Asian scripts and emoji, none for combining marks, one for the others.
std::size_t Width(std::string_view text);
// At most `width` columns, the end cut off as "…".
std::string Cut(std::string_view text, std::size_t width);

// For lists: the text as one line, whole where it fits; otherwise those of its sentences that have
// room, or, where these take less than half of it, as much of the text as has; "…" for the rest.
std::string Brief(std::string_view text, std::size_t width = 100);

// Whether standard output is a terminal; colours and redrawing only then.
bool OnTerminal();
int TerminalWidth();

enum class Colour { kNone, kGood, kBad, kBusy, kWaits, kFaint };
// In that colour on a terminal (never when NO_COLOR is set), as it is elsewhere.
std::string Painted(std::string_view text, Colour colour);

class Table {
 public:
  explicit Table(std::vector<std::string> head) : head_(std::move(head)) {}
  void Add(std::vector<std::string> row, Colour colour = Colour::kNone);
  bool empty() const { return rows_.empty(); }
  // Columns two spaces apart; the last one is cut at the terminal's edge.
  std::string ToString() const;

 private:
  struct Row {
    std::vector<std::string> cells;
    Colour colour;
  };
  std::vector<std::string> head_;
  std::vector<Row> rows_;
};

// How answers to programs are written; JSON unless told otherwise.
enum class Notation { kJson, kYaml };
// REQUIRES: nothing was printed yet.
void UseNotation(Notation notation);

// Canonical protobuf JSON with the fields' own names, one message. Fields that are false, zero or
// empty are there too, so that a program need not know defaults.
// kInternal: it has no such form.
Result<std::string> Json(const google::protobuf::Message& message);
// Prints it in the notation of this call and answers kOk; when it cannot be printed, says so and
// answers kRefused.
ExitCode PrintJson(const google::protobuf::Message& message);
// The same at once, for a stream of them: in JSON a line each, in YAML a document each.
ExitCode PrintJsonLine(const google::protobuf::Message& message);
// The same for a value.
ExitCode PrintJson(const Value& value);
// A JSON text from the API, indented.
std::string Pretty(const std::string& json);

Time TimeOf(const google::protobuf::Timestamp& stamp);
// "2026-11-21 03:04:05" in UTC.
std::string When(const google::protobuf::Timestamp& stamp);
// "03:04:05", UTC.
std::string ClockTime(const google::protobuf::Timestamp& stamp);
std::string Between(const google::protobuf::Timestamp& from, const google::protobuf::Timestamp& to);
// How long ago, or in how long: "12 s ago", "in 4 min".
std::string FromNow(const google::protobuf::Timestamp& stamp);

}  // namespace recourse::cli

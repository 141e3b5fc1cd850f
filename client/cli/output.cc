#include "client/cli/output.h"

#include <google/protobuf/util/json_util.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "client/cli/yaml.h"
#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/base/utf8.h"

namespace recourse::cli {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};
// What a terminal draws on the character before, and over two columns: the blocks of Unicode's
// EastAsianWidth.txt that are wide, and of emoji.
constexpr Range kNarrowest[] = {{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},
                                {0x64b, 0x65f},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
                                {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}};
constexpr Range kWide[] = {{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x33ff},
                           {0x3400, 0x4dbf},   {0x4e00, 0xa4cf},   {0xa960, 0xa97c},
                           {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
                           {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
                           {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

template <std::size_t N>
bool IsIn(const Range (&ranges)[N], char32_t c) {
  return std::any_of(ranges, ranges + N,
                     [&](const Range& range) { return range.first <= c && c <= range.last; });
}

// Takes the first character off UTF-8 text.
std::string_view NextCharacter(std::string_view& text) {
  std::size_t size = 1;
  while (size < text.size() && ContinuesCharacter(text[size])) ++size;
  const std::string_view character = text.substr(0, size);
  text.remove_prefix(size);
  return character;
}

std::size_t ColumnsOf(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  char32_t c = byte(0);
  if (character.size() > 1) c &= 0x7fU >> character.size();
  for (std::size_t i = 1; i < character.size(); ++i) c = c << 6 | (byte(i) & 0x3fU);
  return IsIn(kNarrowest, c) ? 0 : IsIn(kWide, c) ? 2 : 1;
}

std::string Padded(const std::string& text, std::size_t width) {
  const std::size_t used = Width(text);
  return used < width ? text + std::string(width - used, ' ') : text;
}

Result<std::string> Printed(const google::protobuf::Message& message, bool indented) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = indented;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string text;
  const auto printed = google::protobuf::util::MessageToJsonString(message, &text, options);
  if (printed.ok()) return text;
  return Internal("the answer cannot be printed as JSON: " + std::string(printed.message()));
}

// The choice of the whole call, as the colours are.
Notation notation_of_this_call = Notation::kJson;

Result<std::string> InNotation(Result<std::string> json) {
  if (!json || notation_of_this_call == Notation::kJson) return json;
  auto value = ParseJson(*json);
  if (!value) return std::move(value).error().In("the answer cannot be printed as YAML");
  return ToYaml(*value);
}

ExitCode Print(const Result<std::string>& text) {
  if (!text) {
    std::fprintf(stderr, "recourse: %s\n", Clean(text.error().message).c_str());
    return kRefused;
  }
  std::printf("%s", text->c_str());
  std::fflush(stdout);
  return kOk;
}

// Whether nobody is at the other end of standard output any more.
bool ReaderHasGone() {
  pollfd end{STDOUT_FILENO, POLLOUT, 0};
  return poll(&end, 1, 0) == 1 && (end.revents & (POLLERR | POLLHUP)) != 0;
}

// Why an earlier write failed, of which the C library keeps only that it did: one more byte meets
// the same. 0: it does not.
int WhyNotWritten() { return write(STDOUT_FILENO, "\n", 1) == 1 ? 0 : errno; }

std::string Utc(const google::protobuf::Timestamp& stamp) {
  return FormatTimestamp({stamp.seconds(), 0});
}

}  // namespace

Result<void> FlushOutput() {
  errno = 0;
  int reason = std::fflush(stdout) == 0 ? 0 : errno;
  if (std::ferror(stdout) == 0) return {};
  std::clearerr(stdout);
  if (reason == EPIPE || ReaderHasGone()) {
    return Error{Code::kCancelled, "nobody reads the output any more"};
  }
  if (reason == 0) reason = WhyNotWritten();
  return Unavailable(
      "the output could not be written" +
      (reason == 0 ? std::string() : std::string(" (") + std::strerror(reason) + ")"));
}

std::string Quoted(std::string_view text) {
  std::string quoted;
  for (const char c : Clean(text)) {
    quoted += c;
    if (c == '\n') quoted += "  | ";
  }
  return quoted;
}

std::size_t Width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) columns += ColumnsOf(NextCharacter(text));
  return columns;
}

std::string Cut(std::string_view text, std::size_t width) {
  if (Width(text) <= width) return std::string(text);
  std::size_t columns = 0;
  std::string cut;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view character = NextCharacter(rest);
    columns += ColumnsOf(character);
    if (columns > width - 1) break;
    cut += character;
  }
  return cut + "…";
}

std::string Brief(std::string_view text, std::size_t width) {
  const std::string whole = OneLine(text);
  if (Width(whole) <= width) return whole;
  std::size_t fits = 0;  // what is whole of the text so far
  for (std::size_t at = 0; at < whole.size(); ++at) {
    const bool sentence = at > 0 && whole[at] == ' ' &&
                          std::string_view(".?!").find(whole[at - 1]) != std::string_view::npos;
    const bool line = at < text.size() && text[at] == '\n';
    if (!sentence && !line) continue;
    if (Width(whole.substr(0, at)) + 2 > width) break;
    fits = at;
  }
  // A short first sentence seldom says what the text is about.
  const bool short_of = Width(whole.substr(0, fits)) * 2 < width;
  return short_of ? Cut(whole, width) : whole.substr(0, fits) + " …";
}

bool OnTerminal() {
  static const bool on_terminal = isatty(STDOUT_FILENO) == 1;
  return on_terminal;
}

int TerminalWidth() {
  winsize size{};
  if (OnTerminal() && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) {
    return size.ws_col;
  }
  return 100;
}

std::string Painted(std::string_view text, Colour colour) {
  static const bool plain = !OnTerminal() || std::getenv("NO_COLOR") != nullptr;
  const char* code = "";
  switch (colour) {
    case Colour::kNone:
      return std::string(text);
    case Colour::kGood:
      code = "32";
      break;
    case Colour::kBad:
      code = "31";
      break;
    case Colour::kBusy:
      code = "36";
      break;
    case Colour::kWaits:
      code = "33";
      break;
    case Colour::kFaint:
      code = "2";
      break;
  }
  if (plain) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

void Table::Add(std::vector<std::string> row, Colour colour) {
  for (std::string& cell : row) cell = OneLine(cell);
  rows_.push_back({std::move(row), colour});
}

std::string Table::ToString() const {
  std::vector<std::size_t> widths;
  for (const std::string& title : head_) widths.push_back(Width(title));
  for (const Row& row : rows_) {
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      widths[i] = std::max(widths[i], Width(row.cells[i]));
    }
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (std::size_t i = 0; i + 1 < cells.size(); ++i) text += Padded(cells[i], widths[i]) + "  ";
    const std::size_t used = Width(text);
    const auto edge = static_cast<std::size_t>(TerminalWidth());
    const bool cut = OnTerminal() && used + 20 < edge;
    text += cut ? Cut(cells.back(), edge - used) : cells.back();
    while (!text.empty() && text.back() == ' ') text.pop_back();
    return text;
  };
  std::string text = Painted(line(head_), Colour::kFaint) + "\n";
  for (const Row& row : rows_) text += Painted(line(row.cells), row.colour) + "\n";
  return text;
}

Result<std::string> Json(const google::protobuf::Message& message) {
  return Printed(message, true);
}

void UseNotation(Notation notation) { notation_of_this_call = notation; }

ExitCode PrintJson(const google::protobuf::Message& message) {
  return Print(InNotation(Json(message)));
}

ExitCode PrintJsonLine(const google::protobuf::Message& message) {
  auto text = InNotation(Printed(message, false));
  if (text) *text = notation_of_this_call == Notation::kJson ? *text + "\n" : "---\n" + *text;
  return Print(text);
}

ExitCode PrintJson(const Value& value) {
  if (notation_of_this_call == Notation::kYaml) return Print(ToYaml(value));
  return Print(ToPrettyJson(value) + "\n");
}

std::string Pretty(const std::string& json) {
  auto value = ParseJson(json);
  return Clean(value ? ToPrettyJson(*value) : json);
}

Time TimeOf(const google::protobuf::Timestamp& stamp) {
  return FromTimestamp({stamp.seconds(), stamp.nanos()});
}

std::string When(const google::protobuf::Timestamp& stamp) {
  std::string text = Utc(stamp).substr(0, 19);
  text[10] = ' ';
  return text;
}

std::string ClockTime(const google::protobuf::Timestamp& stamp) { return Utc(stamp).substr(11, 8); }

std::string Between(const google::protobuf::Timestamp& from,
                    const google::protobuf::Timestamp& to) {
  return HumanDuration(TimeOf(to) - TimeOf(from));
}

std::string FromNow(const google::protobuf::Timestamp& stamp) {
  const auto span = std::chrono::round<std::chrono::seconds>(SystemClock().Now() - TimeOf(stamp));
  if (span.count() == 0) return "now";
  if (span.count() > 0) return HumanDuration(span) + " ago";
  return "in " + HumanDuration(-span);
}

}  // namespace recourse::cli

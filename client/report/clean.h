// Text from a server or journal, made harmless for who reads it.
#pragma once

#include <string>
#include <string_view>

namespace recourse::report {

// Fit for a terminal: control characters are shown, not obeyed, and marks that turn the direction
// of text are left out. What is no UTF-8 has question marks for its bytes above 127.
std::string Clean(std::string_view text);
// The same with blanks for line ends: where a line means something, as in a list of events, text
// must not make up another.
std::string OneLine(std::string_view text);

// A line as Markdown (CommonMark, and what GitHub adds) shows it letter by letter: no emphasis, no
// link, no HTML, no end of a table's cell.
std::string MarkdownText(std::string_view text);
// A block of code, whatever stands in `text`.
std::string MarkdownCode(std::string_view text);

// A line as HTML shows it letter by letter, also within an attribute's quotes.
std::string HtmlText(std::string_view text);
// The same with its line ends.
std::string HtmlCode(std::string_view text);

}  // namespace recourse::report

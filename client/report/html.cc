#include "client/report/clean.h"
#include "client/report/document.h"
#include "engine/base/rules.h"

namespace recourse::report {
namespace {

constexpr const char* kStyle = R"css(
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1b1b; background: #fff; }
h1, h2, h3 { line-height: 1.25; margin-top: 1.8em; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #bbb; padding: .3em .6em; text-align: left; vertical-align: top;
  overflow-wrap: anywhere; unicode-bidi: isolate; }
th { background: #eee; }
pre { border: 1px solid #bbb; background: #f6f6f6; padding: .6em; overflow-wrap: anywhere;
  white-space: pre-wrap; unicode-bidi: isolate; }
@media print { body { margin: 0; max-width: none; } tr, pre { break-inside: avoid; } }
)css";

std::string HtmlRow(const std::vector<std::string>& cells, const std::string& tag) {
  std::string row = "<tr>";
  for (const std::string& cell : cells) row += "<" + tag + ">" + HtmlText(cell) + "</" + tag + ">";
  return row + "</tr>\n";
}

std::string HtmlTable(const Table& table) {
  std::string text = "<table>\n<thead>" + HtmlRow(table.head, "th") + "</thead>\n<tbody>\n";
  for (const auto& row : table.rows) text += HtmlRow(row, "td");
  return text + "</tbody>\n</table>\n";
}

std::string TitleOf(const Document& document) {
  const auto* heading = document.empty() ? nullptr : std::get_if<Heading>(&document.front());
  return heading == nullptr ? "Report" : heading->text;
}

}  // namespace

std::string ToHtml(const Document& document) {
  // The policy refuses what a mistake in the escaping would let in.
  std::string text =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>" +
      HtmlText(TitleOf(document)) + "</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n";
  for (const Block& block : document) {
    text += std::visit(
        Rules{
            [](const Heading& heading) {
              const std::string tag = "h" + std::to_string(heading.level);
              return "<" + tag + ">" + HtmlText(heading.text) + "</" + tag + ">\n";
            },
            [](const Paragraph& paragraph) { return "<p>" + HtmlText(paragraph.text) + "</p>\n"; },
            [](const Table& table) { return HtmlTable(table); },
            [](const Code& code) { return "<pre>" + HtmlCode(code.text) + "</pre>\n"; }},
        block);
  }
  return text + "</body>\n</html>\n";
}

}  // namespace recourse::report

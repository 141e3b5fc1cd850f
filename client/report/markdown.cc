#include "client/report/clean.h"
#include "client/report/document.h"
#include "engine/base/rules.h"

namespace recourse::report {
namespace {

std::string MarkdownRow(const std::vector<std::string>& cells) {
  std::string row = "|";
  for (const std::string& cell : cells) row += " " + MarkdownText(cell) + " |";
  return row + "\n";
}

std::string MarkdownTable(const Table& table) {
  std::string text = MarkdownRow(table.head) + "|";
  for (std::size_t i = 0; i < table.head.size(); ++i) text += " --- |";
  text += "\n";
  for (const auto& row : table.rows) text += MarkdownRow(row);
  return text;
}

}  // namespace

std::string ToMarkdown(const Document& document) {
  std::string text;
  for (const Block& block : document) {
    if (!text.empty()) text += "\n";
    text += std::visit(
        Rules{[](const Heading& heading) {
                return std::string(static_cast<std::size_t>(heading.level), '#') + " " +
                       MarkdownText(heading.text) + "\n";
              },
              [](const Paragraph& paragraph) { return MarkdownText(paragraph.text) + "\n"; },
              [](const Table& table) { return MarkdownTable(table); },
              [](const Code& code) { return MarkdownCode(code.text); }},
        block);
  }
  return text;
}

}  // namespace recourse::report

// A report as a document: what it says, whatever it is written in. All text in it is as the journal
// has it; making it harmless is the writers' business, so that it happens in one place each.
#pragma once

#include <string>
#include <variant>
#include <vector>

namespace recourse::report {

struct Heading {
  int level = 1;
  std::string text;
};
struct Paragraph {
  std::string text;
};
struct Table {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
};
struct Code {
  std::string text;
};
using Block = std::variant<Heading, Paragraph, Table, Code>;
using Document = std::vector<Block>;

std::string ToMarkdown(const Document& document);
// One file that needs no other: no script, nothing from elsewhere.
std::string ToHtml(const Document& document);

}  // namespace recourse::report

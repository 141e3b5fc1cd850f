#include "actions/database/content.h"

#include <strings.h>

#include <algorithm>

namespace recourse::database {
namespace {

constexpr std::size_t kSentenceMax = 300;  // integrity_check can answer pages in one row

void CompareNumber(const char* what, std::int64_t wanted, std::int64_t found,
                   std::vector<std::string>& differences) {
  if (wanted == found) return;
  differences.push_back(std::string(what) + " is " + std::to_string(found) + " instead of " +
                        std::to_string(wanted));
}

}  // namespace

Value Content::TablesValue() const {
  Value::Map rows;
  for (const auto& [name, count] : tables) rows.emplace(name, count);
  return rows;
}

std::optional<std::int64_t> Content::RowsOf(const std::string& table) const {
  for (const auto& [name, rows] : tables) {
    if (strcasecmp(name.c_str(), table.c_str()) == 0) return rows;
  }
  return std::nullopt;
}

std::vector<std::string> Unmet(const Expectations& expected, const Content& content) {
  std::vector<std::string> unmet;
  for (const auto& table : expected.tables) {
    const auto rows = content.RowsOf(table.name);
    if (!rows) {
      unmet.push_back("the table \"" + table.name + "\" is missing");
    } else if (*rows < table.rows_min) {
      unmet.push_back("the table \"" + table.name + "\" has " + std::to_string(*rows) +
                      " rows, expected are at least " + std::to_string(table.rows_min));
    }
  }
  if (expected.application_id) {
    CompareNumber("application_id", *expected.application_id, content.application_id, unmet);
  }
  if (expected.user_version) {
    CompareNumber("user_version", *expected.user_version, content.user_version, unmet);
  }
  return unmet;
}

std::vector<std::string> Differences(const Content& wanted, const Content& found) {
  std::vector<std::string> differences;
  for (const auto& [name, rows] : wanted.tables) {
    const auto other = found.tables.find(name);
    if (other == found.tables.end()) {
      differences.push_back("the table \"" + name + "\" is missing");
    } else {
      CompareNumber(("the number of rows of \"" + name + "\"").c_str(), rows, other->second,
                    differences);
    }
  }
  for (const auto& [name, rows] : found.tables) {
    if (!wanted.tables.contains(name)) {
      differences.push_back("there is a table \"" + name + "\" too many");
    }
  }
  CompareNumber("application_id", wanted.application_id, found.application_id, differences);
  CompareNumber("user_version", wanted.user_version, found.user_version, differences);
  if (differences.empty() && wanted.schema_sha256 != found.schema_sha256) {
    differences.push_back("the definitions of its tables or indexes differ");
  }
  return differences;
}

std::string Sentences(const std::vector<std::string>& sentences, std::size_t count_max) {
  std::string joined;
  for (std::size_t i = 0; i < std::min(sentences.size(), count_max); ++i) {
    joined += i == 0 ? "" : "; ";
    joined += sentences[i].size() <= kSentenceMax ? sentences[i]
                                                  : sentences[i].substr(0, kSentenceMax) + "...";
  }
  if (sentences.size() > count_max) {
    joined += "; and " + std::to_string(sentences.size() - count_max) + " more";
  }
  return joined;
}

std::string FindingsText(const std::vector<std::string>& findings) {
  std::vector<std::string> told;
  bool malformed = false;
  for (const std::string& finding : findings) {
    const bool says_so = finding.find("database disk image is malformed") != std::string::npos;
    if (!says_so || !malformed) told.push_back(finding);
    malformed |= says_so;
  }
  return Sentences(told);
}

Value TextList(const std::vector<std::string>& texts) {
  return Value::List(texts.begin(), texts.end());
}

}  // namespace recourse::database

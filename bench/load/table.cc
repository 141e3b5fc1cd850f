#include "bench/load/table.h"

#include <algorithm>
#include <cstdio>

namespace recourse::bench {

double Quantile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto index = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  return values[index];
}

std::string Number(double value, int decimals) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", decimals, value);
  std::string text = buffer;
  const std::size_t end = std::min(text.find('.'), text.size());
  for (std::size_t at = end; at > 3 && text[at - 4] != '-'; at -= 3) text.insert(at - 3, ",");
  return text;
}

void Table::Print() const {
  std::vector<std::size_t> widths(rows_[0].size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      std::printf("| %-*s ", static_cast<int>(widths[i]), rows_[r][i].c_str());
    }
    std::printf("|\n");
    if (r > 0) continue;
    for (const std::size_t width : widths) std::printf("|%s", std::string(width + 2, '-').c_str());
    std::printf("|\n");
  }
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace recourse::bench

// Figures as a person reads them.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace recourse::bench {

using Clock = std::chrono::steady_clock;

inline double Seconds(Clock::duration span) { return std::chrono::duration<double>(span).count(); }

// The `share` (0 to 1) quantile of `values`, which it sorts; 0 when there are none.
double Quantile(std::vector<double>& values, double share);

std::string Number(double value, int decimals = 0);

// A Markdown table, its columns aligned.
class Table {
 public:
  explicit Table(std::vector<std::string> head) : rows_{std::move(head)} {}
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  void Print() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace recourse::bench

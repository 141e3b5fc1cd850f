// One function object of several: for std::visit, a rule for each alternative.
#pragma once

namespace recourse {

template <class... Rule>
struct Rules : Rule... {
  using Rule::operator()...;
};
template <class... Rule>
Rules(Rule...) -> Rules<Rule...>;  // GCC needs no guide, the linter's clang does

}  // namespace recourse

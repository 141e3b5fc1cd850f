#include "actions/service/tool.h"

#include <utility>

namespace recourse::service {
namespace {

constexpr std::size_t kToolOutputMax = 4 * 1024 * 1024;
constexpr std::size_t kSaidMax = 1000;

}  // namespace

Result<process::Finished> RunTool(const process::Program& program, const Context& context,
                                  bool quiet) {
  Context own = context;
  if (quiet) own.log = [](std::string_view) {};
  process::ChildOptions options;
  options.output_max = kToolOutputMax;
  auto finished = process::RunChild(program, options, own);
  if (!finished) return finished;
  if (finished->stopped) return context.StopError().In("run " + program.arguments[0]);
  return finished;
}

std::string SaidBy(const process::Finished& finished) {
  std::string said;
  for (const char c : finished.errors.text + "\n" + finished.output.text) {
    const bool is_break = c == '\n' || c == '\r';
    if (!is_break) {
      said += c;
    } else if (!said.empty() && !said.ends_with("; ")) {
      said += "; ";
    }
  }
  while (said.ends_with("; ")) said.resize(said.size() - 2);
  if (said.size() > kSaidMax) said = said.substr(0, kSaidMax) + "...";
  return said.empty() ? "it said nothing (" + finished.Ending() + ")" : said;
}

}  // namespace recourse::service

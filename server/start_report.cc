#include "server/start_report.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "engine/base/text.h"
#include "server/version.h"

namespace recourse::server {
namespace {

constexpr std::size_t kLeftOutShown = 20;

// What the start has found that somebody should look at.
void PrintProblems(const StartReport& report) {
  if (report.check.problems > 0) {
    std::cout << "  DAMAGED    " << report.check.first_problem << ";\n"
              << "             how much: recourse journal verify --file "
              << ShellWord(report.journal) << "\n";
  }
  if (report.left_out.empty()) return;
  std::cout << "  LEFT OUT   " << report.left_out.size() << ", all of them: recourse info\n";
  for (std::size_t i = 0; i < std::min(report.left_out.size(), kLeftOutShown); ++i) {
    const std::string& problem = report.left_out[i];
    std::cout << "             " << problem.substr(0, problem.find('\n')) << "\n";
  }
}

}  // namespace

void PrintStart(const StartReport& report, const runtime::Catalogue& catalogue,
                const Principals& principals) {
  const char* tls = report.config.tls ? " (TLS)" : "";
  std::cout << "recoursed " << Version() << " is ready (pid " << getpid() << ")\n"
            << "  address    " << report.address << tls << report.address_problem << "\n"
            << "  socket     " << report.config.socket << "\n";
  if (!report.http_address.empty()) {
    std::cout << "  http       " << report.http_address << tls << "\n";
  }
  std::cout << "  journal    " << report.journal << "\n"
            << "  checked    the last " << report.check.events
            << " events; the whole: recourse journal verify\n"
            << "  runs       " << report.runs.resumed << " resumed, " << report.runs.waiting
            << " waiting\n"
            << "  workflows  " << catalogue.workflows.size() << ", targets "
            << catalogue.inventory.Names().size() << ", schedules " << catalogue.schedules.size()
            << "\n";
  PrintProblems(report);
  for (const PrincipalConfig& principal : principals.configs()) {
    if (principal.token_file.empty()) continue;
    std::cout << "  token      " << principal.token_file << " (" << principal.name << ")\n";
  }
  std::cout << std::flush;
}

}  // namespace recourse::server

// What the server says on standard output once it is ready.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/runtime/engine.h"
#include "server/config.h"
#include "server/principals.h"
#include "server/start_check.h"

namespace recourse::server {

struct OpenRuns {
  std::int64_t resumed = 0;
  std::int64_t waiting = 0;
};

struct StartReport {
  const Config& config;
  std::string address;
  std::string http_address;     // empty: there is none
  std::string address_problem;  // what to say of the address's file; empty: nothing
  std::string journal;
  OpenRuns runs;
  const JournalCheck& check;
  const std::vector<std::string>& left_out;  // definitions that could not be used
};

void PrintStart(const StartReport& report, const runtime::Catalogue& catalogue,
                const Principals& principals);

}  // namespace recourse::server

// A run as the API tells it, made by hand.
#pragma once

#include <string>
#include <vector>

#include "engine/base/value.h"
#include "recourse/v1/report.pb.h"

namespace recourse::report {

struct Sample {
  v1::Report report;
  std::vector<v1::Event> events;
};

// R-7 on orders: an approval of dba, two attempts of restore, a pause, a rollback.
Sample SampleRun();

// Adds an event `seconds` after the run began.
void Tell(Sample& sample, std::int64_t seconds, const std::string& principal,
          const std::string& type, const std::string& step, const std::string& text,
          const Value& details);

}  // namespace recourse::report

// libFuzzer's entry point for cron expressions: whatever the text is, it is refused with a column
// or its times go forward, agree with each other, and are found within the bounds that are
// promised.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/calendar/window.h"

namespace {

using recourse::Time;
using recourse::calendar::Cron;
using recourse::calendar::Window;
using recourse::calendar::Zone;

constexpr std::string_view kZones[] = {"UTC", "Europe/Berlin", "America/New_York",
                                       "Australia/Lord_Howe", "Pacific/Apia"};

void Require(bool holds) {
  if (!holds) std::abort();
}

void Walk(const Cron& cron, Time from) {
  Time last = from;
  int count = 0;
  for (; count < 20; ++count) {
    const auto next = cron.Next(last);
    if (!next) break;
    Require(*next > last);
    last = *next;
  }
  if (count == 0) return;
  const auto newest = cron.Newest(from, last, 20);
  Require(newest.size() == static_cast<std::size_t>(count) && newest.back() == last);
  const auto state = Window{cron, std::chrono::minutes(90)}.At(last);
  Require(std::holds_alternative<Window::Open>(state));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto zone = Zone::Find(kZones[size % std::size(kZones)]);
  if (!zone) std::abort();
  const auto cron = Cron::Parse(text, *std::move(zone));
  if (!cron) {
    Require(cron.error().message.starts_with("column "));
    return 0;
  }
  using namespace std::chrono;
  Require(cron->Next(sys_days(year(2026) / 1 / 1)).has_value());  // else it never fires
  Walk(*cron, sys_days(year(2026) / 3 / 27));
  Walk(*cron, sys_days(year(2011) / 12 / 28) + hours(5));
  Walk(*cron, sys_days(year(9899) / 12 / 28));
  return 0;
}

#include "engine/base/dated_name.h"

#include <ctime>

namespace recourse {

Result<void> CheckNamePattern(const std::string& pattern) {
  const auto refuse = [&pattern](const std::string& why) {
    return InvalidArgument("\"" + pattern + "\" " + why);
  };
  if (pattern.find('/') != std::string::npos) return refuse("holds a \"/\"");
  if (pattern.starts_with('.')) return refuse("begins with a dot, as unfinished files do");
  // 2001-02-03 04:05:06: a pattern that leaves out the day could not tell one name from the next.
  const Time sample = FromTimestamp({981173106, 0});
  const auto time = TimeOfName(pattern, NameAt(pattern, sample));
  if (!time || *time > sample || sample - *time >= std::chrono::days(1)) {
    return refuse(
        "does not name the day: write a name with %Y%m%d in it, or with %Y%m%d%H%M%S for several "
        "a day");
  }
  return {};
}

std::string NameAt(const std::string& pattern, Time time) {
  const std::time_t seconds = ToTimestamp(time).seconds;
  std::tm fields{};
  gmtime_r(&seconds, &fields);
  char buffer[512];
  return {buffer, std::strftime(buffer, sizeof buffer, pattern.c_str(), &fields)};
}

std::optional<Time> TimeOfName(const std::string& pattern, const std::string& name) {
  std::tm fields{};
  fields.tm_mday = 1;
  const char* end = strptime(name.c_str(), pattern.c_str(), &fields);
  if (end == nullptr || *end != '\0') return std::nullopt;
  const Time time = FromTimestamp({timegm(&fields), 0});
  // strptime is lenient; a name counts only when the pattern writes it like this.
  if (NameAt(pattern, time) != name) return std::nullopt;
  return time;
}

}  // namespace recourse

#include "actions/service/log_lines.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "actions/process/utf8.h"
#include "engine/base/file.h"

namespace recourse::service {

LogLines LinesOf(std::string_view text, std::int64_t lines_max, std::string source) {
  LogLines answer{std::move(source), {}, false};
  std::vector<std::string_view> last_first;
  std::int64_t bytes = 0;
  while (!text.empty()) {
    if (text.back() == '\n') text.remove_suffix(1);
    const auto begin = text.rfind('\n') == text.npos ? 0 : text.rfind('\n') + 1;
    std::string_view line = text.substr(begin);
    text.remove_suffix(text.size() - begin);
    if (line.empty()) continue;
    bytes += static_cast<std::int64_t>(line.size());
    answer.cut = static_cast<std::int64_t>(last_first.size()) >= lines_max || bytes > kLogBytesMax;
    if (answer.cut && last_first.empty() && lines_max > 0) {
      last_first.push_back(line.substr(line.size() - kLogBytesMax));
    }
    if (answer.cut) break;
    last_first.push_back(line);
  }
  for (auto line = last_first.rbegin(); line != last_first.rend(); ++line) {
    answer.lines.emplace_back(process::ToUtf8(*line));
  }
  return answer;
}

Result<LogLines> LinesOfFile(const std::string& path, std::int64_t begin, std::int64_t lines_max) {
  auto file = OpenFile(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  if (!file) return std::move(file).error();
  struct stat info;
  if (fstat(file->get(), &info) != 0) return ErrnoError(errno, "look at " + path);
  if (!S_ISREG(info.st_mode)) return FailedPrecondition(path + " is not a file");
  if (begin > info.st_size) begin = 0;  // it was emptied meanwhile
  const std::int64_t from = std::max<std::int64_t>(begin, info.st_size - 2 * kLogBytesMax);
  std::string text(static_cast<std::size_t>(info.st_size - from), '\0');
  const ssize_t size = pread(file->get(), text.data(), text.size(), from);
  if (size < 0) return ErrnoError(errno, "read " + path);
  text.resize(static_cast<std::size_t>(size));
  LogLines lines = LinesOf(text, lines_max, path);
  if (from > begin) lines.cut = true;
  return lines;
}

void Append(LogLines& lines, const std::string& name, const LogLines& more) {
  for (const Value& line : more.lines) {
    lines.lines.emplace_back("[" + name + "] " + line.as_string());
  }
  lines.cut = lines.cut || more.cut;
}

Error NoTimes(const std::string& source) {
  return InvalidArgument("since: the lines of " + source +
                         " have no times that could be relied on; ask for a number of `lines`");
}

}  // namespace recourse::service

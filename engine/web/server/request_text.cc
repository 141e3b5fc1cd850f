#include "engine/web/server/request_text.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace recourse::web {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";

bool SameName(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

void RequestText::Add(std::string_view bytes) {
  text_ += bytes;
  if (needed_ == 0) {
    const std::size_t end = text_.find(kHeadEnd, searched_);
    if (end == std::string::npos) {
      searched_ = text_.size() < kHeadEnd.size() ? 0 : text_.size() - kHeadEnd.size() + 1;
      complete_ = static_cast<std::int64_t>(text_.size()) > head_max_;
      return;
    }
    ReadHead(end + kHeadEnd.size());
  }
  complete_ = complete_ || text_.size() >= needed_;
}

void RequestText::ReadHead(std::size_t head_end) {
  needed_ = head_end;
  bool has_length = false;
  for (std::size_t at = text_.find("\r\n") + 2; at + 2 < head_end;) {
    const std::size_t line_end = text_.find("\r\n", at);
    const std::string_view line = std::string_view(text_).substr(at, line_end - at);
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = Trimmed(line.substr(std::min(colon + 1, line.size())));
    if (SameName(name, "Transfer-Encoding")) complete_ = true;
    if (SameName(name, "Content-Length") && !has_length) {
      has_length = true;
      std::int64_t bytes = -1;
      const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), bytes);
      const bool good = problem == std::errc() && end == value.data() + value.size() && bytes >= 0;
      if (good && bytes <= body_max_) needed_ = head_end + static_cast<std::size_t>(bytes);
      complete_ = complete_ || !good || bytes > body_max_;
    }
    // The library ends a line at "\n" alone, too, and may find a header in the middle of this one.
    if (SameName(name, "Authorization") || line.find('\n') != line.npos) names_sender_ = true;
    if (SameName(name, "Expect") && SameName(value, "100-continue")) waits_for_leave_ = true;
    const bool unserved =
        SameName(name, "Range") || SameName(name, "If-Range") || SameName(name, "Expect");
    if (unserved) std::fill_n(text_.begin() + static_cast<std::ptrdiff_t>(at), name.size(), 'x');
    at = line_end + 2;
  }
}

bool RequestText::TakeWaitsForLeave() {
  const bool waits = waits_for_leave_ && !complete_;
  waits_for_leave_ = false;
  return waits;
}

}  // namespace recourse::web

#include "engine/expression/time_zone.h"

#include <sys/stat.h>

#include <algorithm>
#include <string>

#include "engine/base/file.h"
#include "engine/expression/utf8.h"

namespace recourse::expression {
namespace {

constexpr std::string_view kDirectory = "/usr/share/zoneinfo/";
constexpr std::int64_t kFileSizeMax = 1 << 20;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// "+05:30", "-09:30", "02:00"
std::optional<std::int64_t> FixedOffset(std::string_view text) {
  if (text == "UTC" || text == "Z" || text.empty()) return 0;
  const bool west = text.front() == '-';
  if (west || text.front() == '+') text.remove_prefix(1);
  const bool shaped = text.size() == 5 && IsDigit(text[0]) && IsDigit(text[1]) && text[2] == ':' &&
                      IsDigit(text[3]) && IsDigit(text[4]);
  if (!shaped) return std::nullopt;
  const int hours = (text[0] - '0') * 10 + (text[1] - '0');
  const int minutes = (text[3] - '0') * 10 + (text[4] - '0');
  if (hours > 23 || minutes > 59) return std::nullopt;
  return (hours * 60 + minutes) * 60 * (west ? -1 : 1);
}

// Names come from expressions: only what can be a zone's name may become a path.
bool IsZoneName(std::string_view name) {
  if (name.empty() || name.size() > 100 || name.front() == '/' || name.back() == '/') return false;
  if (name.find("..") != name.npos) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' ||
           c == '+' || c == '/';
  });
}

Error Damaged() { return InvalidArgument("not a time zone file"); }

std::int64_t BigEndian(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < size; ++i) {
    number = number << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return size == 4 ? static_cast<std::int32_t>(static_cast<std::uint32_t>(number))
                   : static_cast<std::int64_t>(number);
}

// The counts of a TZif header, and how long the data after it is.
struct Header {
  static constexpr std::size_t kSize = 44;
  std::size_t universal, standard, leaps, transitions, types, characters;

  static std::optional<Header> Read(std::string_view content, std::size_t at) {
    if (at > content.size() || content.size() - at < kSize) return std::nullopt;
    if (content.substr(at, 4) != "TZif") return std::nullopt;
    const auto count = [&](std::size_t index) {
      return static_cast<std::size_t>(BigEndian(content, at + 20 + 4 * index, 4)) & 0x7fffffff;
    };
    Header header{count(0), count(1), count(2), count(3), count(4), count(5)};
    if (header.types == 0 || header.types > 256 || header.transitions > content.size() ||
        header.leaps > content.size()) {
      return std::nullopt;
    }
    return header;
  }

  std::size_t DataSize(std::size_t time_size) const {
    return transitions * (time_size + 1) + types * 6 + characters + leaps * (time_size + 4) +
           standard + universal;
  }
};

}  // namespace

Result<TimeZone> TimeZone::Load(std::string_view name) {
  if (const auto offset = FixedOffset(name)) {
    TimeZone zone;
    zone.first_offset_ = *offset;
    return zone;
  }
  const Error unknown =
      InvalidArgument("there is no time zone \"" + Shortened(name, 80) +
                      "\" (write a name like \"Europe/Paris\" or an offset like \"+01:00\")");
  if (!IsZoneName(name)) return unknown;
  const std::string path = std::string(kDirectory) + std::string(name);
  struct stat status;
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return unknown;
  Result<std::string> content = ReadFile(path, kFileSizeMax);
  if (!content) return unknown;
  Result<TimeZone> zone = FromFile(*content);
  if (!zone) return unknown;
  return zone;
}

Result<TimeZone> TimeZone::FromFile(std::string_view content) {
  std::size_t at = 0;
  std::optional<Header> header = Header::Read(content, at);
  if (!header) return Damaged();
  std::size_t time_size = 4;
  // From version 2 on the same data follows once more, with times of 64 bits.
  const bool wide = content[4] >= '2';
  if (wide) {
    at = Header::kSize + header->DataSize(4);
    header = Header::Read(content, at);
    if (!header) return Damaged();
    time_size = 8;
  }
  at += Header::kSize;
  if (content.size() - at < header->DataSize(time_size)) return Damaged();

  const std::size_t indices = at + header->transitions * time_size;
  const std::size_t types = indices + header->transitions;
  const auto offset_of_type = [&](std::size_t type) {
    return BigEndian(content, types + type * 6, 4);
  };
  TimeZone zone;
  zone.first_offset_ = offset_of_type(0);
  for (std::size_t i = 0; i < header->transitions; ++i) {
    const auto type = static_cast<unsigned char>(content[indices + i]);
    if (type >= header->types) return Damaged();
    zone.transitions_.push_back(BigEndian(content, at + i * time_size, time_size));
    zone.offsets_.push_back(offset_of_type(type));
  }
  if (!std::is_sorted(zone.transitions_.begin(), zone.transitions_.end())) return Damaged();
  if (wide) {
    std::string_view footer = content.substr(at + header->DataSize(8));
    if (footer.starts_with('\n')) footer.remove_prefix(1);
    zone.rule_ = ReadTimeZoneRule(footer.substr(0, footer.find('\n')));
  }
  return zone;
}

std::int64_t TimeZone::OffsetAt(std::int64_t time) const {
  const auto next = std::upper_bound(transitions_.begin(), transitions_.end(), time);
  if (next == transitions_.end() && rule_) return rule_->OffsetAt(time);
  if (next == transitions_.begin()) return first_offset_;
  return offsets_[static_cast<std::size_t>(next - transitions_.begin()) - 1];
}

}  // namespace recourse::expression

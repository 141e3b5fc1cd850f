// Which alerts a rule is about: a matcher as Alertmanager's configuration has it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "server/alerts/alert.h"

namespace re2 {
class RE2;
}  // namespace re2

namespace recourse::server::alerts {

// alertname = DatabaseCorrupt, instance != "db 9", severity =~ "critical|high", team !~ "test.*".
// A label that an alert does not have is an empty text. A regular expression (RE2) must fit all of
// the label.
class Matcher {
 public:
  // kInvalidArgument: the text is none; the message says what is wrong.
  static Result<Matcher> Parse(std::string_view text);

  bool Fits(const Labels& labels) const;

 private:
  Matcher() = default;

  std::string label_;
  std::string value_;
  std::shared_ptr<const re2::RE2> pattern_;  // of =~ and !~; null: the value itself is meant
  bool negated_ = false;
};

}  // namespace recourse::server::alerts

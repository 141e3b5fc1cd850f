#include "actions/backup/retention.h"

#include <catch2/catch.hpp>
#include <set>

namespace recourse::backup {
namespace {

using std::chrono::days;
using std::chrono::hours;

const Time kNow = FromTimestamp({1'790'000'000, 0});

// A catalogue from letters, newest first, a day apart, the first one hour old: v verified, u
// unverified, s suspect, r verified by its manifest but with rotten bytes.
Catalogue MakeCatalogue(const std::string& letters) {
  Catalogue catalogue;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    Entry entry;
    entry.name = letters[i] + std::to_string(i);
    entry.taken_at = kNow - hours(1) - days(i);
    entry.state = letters[i] == 'u'   ? State::kUnverified
                  : letters[i] == 's' ? State::kSuspect
                                      : State::kVerified;
    catalogue.entries.push_back(entry);
  }
  return catalogue;
}

Result<std::optional<std::string>> WhyNotGoodByLetter(const Entry& entry) {
  using R = Result<std::optional<std::string>>;
  return entry.name[0] == 'r' ? R(std::string("rotten")) : R(std::nullopt);
}

// The names that go, or the error's code.
std::string Removed(const std::string& letters, Retention retention) {
  if (retention.max_age.count() == 0) retention.max_age = hours(48);
  const Catalogue catalogue = MakeCatalogue(letters);
  const auto pruning = DecidePruning(catalogue, retention, kNow, WhyNotGoodByLetter);
  if (!pruning) return std::string(ToString(pruning.error().code));
  std::string names;
  for (const std::size_t index : pruning->removed) {
    names += (names.empty() ? "" : " ") + catalogue.entries[index].name;
  }
  return names;
}

TEST_CASE("what is past its retention goes, but for the good ones to keep", "[actions][backup]") {
  const Retention two_days{.keep = days(2), .keep_at_least = 3};
  CHECK(Removed("vvvvv", two_days) == "v3 v4");
  CHECK(Removed("vvv", two_days) == "");
  CHECK(Removed("v", two_days) == "");
  CHECK(Removed("vuuuvvv", two_days) == "u2 u3 v6");
  CHECK(Removed("vsvvsv", two_days) == "s4 v5");
  CHECK(Removed("vvvvv", {.keep = days(30), .keep_at_least = 1}) == "");
  CHECK(Removed("vvvv", {.keep = days(1), .keep_at_least = 1, .max_age = {}, .names = {"v2"}}) ==
        "v1 v3");
}

TEST_CASE("what only looks like a backup never counts as one to keep", "[actions][backup]") {
  const Retention one{.keep = days(1), .keep_at_least = 2};
  // The newest are unverified, suspect and rotten: the old good ones stay.
  CHECK(Removed("urvvv", {.keep = days(1), .keep_at_least = 2, .max_age = days(10)}) == "r1 v4");
  CHECK(Removed("ususv", one) == "FAILED_PRECONDITION");  // the only good one is too old
  CHECK(Removed("uuu", one) == "FAILED_PRECONDITION");
  CHECK(Removed("", one) == "FAILED_PRECONDITION");
  // Fewer good ones than to keep: what else there is may be all that is left.
  CHECK(Removed("vuuu", one) == "");
}

TEST_CASE("what is beyond the number to keep goes as if it were too old, and never the good ones",
          "[actions][backup]") {
  CHECK(Removed("vvvvv",
                {.keep = days(100), .keep_at_least = 1, .keep_at_most = 3, .max_age = days(10)}) ==
        "v3 v4");
  CHECK(Removed("vuuvv",
                {.keep = days(100), .keep_at_least = 2, .keep_at_most = 2, .max_age = days(10)}) ==
        "u2 v4");
}

TEST_CASE("the last good backup never goes, whatever there is and whatever is asked for",
          "[actions][backup]") {
  static constexpr char kLetters[] = {'v', 'u', 's', 'r'};
  for (int word = 0; word < 4 * 4 * 4 * 4 * 4; ++word) {
    std::string letters;
    for (int rest = word, i = 0; i < 5; ++i, rest /= 4) letters += kLetters[rest % 4];
    for (const int keep_at_least : {1, 3}) {
      const Catalogue catalogue = MakeCatalogue(letters);
      const Retention retention{
          .keep = days(1), .keep_at_least = keep_at_least, .max_age = days(2)};
      const auto pruning = DecidePruning(catalogue, retention, kNow, WhyNotGoodByLetter);
      if (!pruning) continue;
      std::size_t good = 0;
      for (const char letter : letters) good += letter == 'v';
      for (const std::size_t index : pruning->removed) {
        good -= letters[index] == 'v';
        CHECK(index != letters.find('v'));
      }
      INFO(letters);
      CHECK(good >= 1);
      if (!pruning->removed.empty()) CHECK(good >= static_cast<std::size_t>(keep_at_least));
    }
  }
}

}  // namespace
}  // namespace recourse::backup

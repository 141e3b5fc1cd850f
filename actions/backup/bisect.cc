#include <algorithm>
#include <optional>
#include <set>

#include "actions/backup/catalogue.h"
#include "actions/backup/family.h"
#include "actions/backup/specs.h"
#include "actions/database/check_file.h"

namespace recourse::backup {
namespace {

constexpr std::size_t kTablesNamed = 30;

// What is looked for, and what was found out on the way.
struct Search {
  database::Resource resource;
  std::vector<const Entry*> candidates;  // newest first
  Value::List tested;
};

double PercentOf(const Value& number) {
  return number.is_double() ? number.as_double() : static_cast<double>(number.as_int());
}

enum class Finding { kGood, kBad, kLeftOut };

// Suspect ones count: they say that their database was damaged by then.
std::vector<const Entry*> CandidatesOf(const Catalogue& catalogue, const Value& exclude) {
  std::vector<const Entry*> candidates;
  for (const Entry& entry : catalogue.entries) {
    const bool excluded =
        exclude.is_list() &&
        std::count(exclude.as_list().begin(), exclude.as_list().end(), Value(entry.name)) > 0;
    const bool tells = entry.state == State::kVerified || entry.state == State::kSuspect;
    if (tells && !excluded) candidates.push_back(&entry);
  }
  return candidates;
}

void Note(Search& search, const Entry& entry, bool good, const std::string& reason) {
  search.tested.push_back(
      Value::Object({{"name", entry.name}, {"good", good}, {"reason", reason}}));
}

// A verified backup whose own bytes are lost says nothing about its time: it is left out, and told.
Result<bool> IsWhole(const Entry& entry, Search& search, const Context& context) {
  if (entry.state == State::kSuspect) return true;
  auto differ = WhyBytesDiffer(entry, context);
  if (!differ) return std::move(differ).error();
  if (*differ) Note(search, entry, false, "left out: " + **differ);
  return !differ->has_value();
}

// Why the backup does not hold what it should; nothing when it does.
Result<std::optional<std::string>> WhyBad(const Entry& entry, const Search& search,
                                          const Context& context) {
  using R = Result<std::optional<std::string>>;
  if (entry.state == State::kSuspect) return R(entry.reason);
  const std::string& kind = search.resource.kind;
  if (const Value& condition = context.inputs["condition"]; condition.is_map()) {
    auto rows = database::CountRowsOf(kind, entry.path, condition.StringOr("table", ""),
                                      condition["filter"], context);
    if (!rows) return std::move(rows).error();
    const std::int64_t wanted = condition.IntOr("rows_min", 1);
    if (*rows >= wanted) return R(std::nullopt);
    return R(std::to_string(*rows) + " rows match, wanted are at least " + std::to_string(wanted));
  }
  auto report = database::CheckFile(kind, entry.path, search.resource.expected, context);
  if (!report) return std::move(report).error();
  if (report->good()) return R(std::nullopt);
  return R(database::Sentences(report->findings));
}

// Looks into a candidate; one that is left out is taken out of the candidates.
Result<Finding> LookInto(std::size_t index, Search& search, const Context& context) {
  const Entry& entry = *search.candidates[index];
  if (context.stop.stop_requested()) return context.StopError();
  context.progress(static_cast<std::int64_t>(search.tested.size()), 0, entry.name);
  auto whole = IsWhole(entry, search, context);
  if (!whole) return std::move(whole).error();
  if (!*whole) {
    search.candidates.erase(search.candidates.begin() + static_cast<std::ptrdiff_t>(index));
    return Finding::kLeftOut;
  }
  auto why = WhyBad(entry, search, context);
  if (!why) return std::move(why).error().In(entry.name);
  Note(search, entry, !why->has_value(), why->value_or(""));
  return *why ? Finding::kBad : Finding::kGood;
}

// The index of the newest good candidate, by halving: what was damaged or lost once stays so. Both
// neighbours of the answer are looked into, whatever lies between others. Nothing: none is good.
Result<std::optional<std::size_t>> Halve(Search& search, const Context& context) {
  using R = Result<std::optional<std::size_t>>;
  auto newest = Result<Finding>(Finding::kLeftOut);
  while (!search.candidates.empty() && *newest == Finding::kLeftOut) {
    newest = LookInto(0, search, context);
    if (!newest) return std::move(newest).error();
  }
  if (search.candidates.empty()) return R(std::nullopt);
  if (*newest == Finding::kGood) return R(0);
  auto oldest = Result<Finding>(Finding::kLeftOut);
  while (search.candidates.size() > 1 && *oldest == Finding::kLeftOut) {
    oldest = LookInto(search.candidates.size() - 1, search, context);
    if (!oldest) return std::move(oldest).error();
  }
  if (*oldest != Finding::kGood) return R(std::nullopt);
  std::size_t bad = 0;
  std::size_t good = search.candidates.size() - 1;
  while (good - bad > 1) {
    const std::size_t middle = bad + (good - bad) / 2;
    auto found = LookInto(middle, search, context);
    if (!found) return std::move(found).error();
    if (*found == Finding::kLeftOut) {
      --good;  // one less before it
    } else {
      (*found == Finding::kGood ? good : bad) = middle;
    }
  }
  return R(good);
}

std::int64_t RowsIn(const Entry& entry, const std::string& table) {
  return entry.manifest->content.RowsOf(table).value_or(0);
}

// A name that no backup knows is misspelt: nothing can be told of it, least of all that the newest
// backup has all its rows.
Result<void> NeedKnown(const std::string& table, const std::vector<const Entry*>& candidates) {
  std::set<std::string> known;
  for (const Entry* entry : candidates) {
    const database::Content& content = entry->manifest->content;
    if (content.RowsOf(table)) return {};
    for (const auto& [name, rows] : content.tables) known.insert(name);
  }
  if (candidates.empty()) return {};
  return InvalidArgument(
      "drop: no verified backup has a table \"" + table + "\". Nothing was changed. " +
      (known.empty() ? "They have no tables"
                     : "Name one that they have: " +
                           database::Sentences({known.begin(), known.end()}, kTablesNamed)));
}

// The index of the last candidate before the newest loss of rows, as the manifests count them.
Result<std::optional<std::size_t>> FindDrop(Search& search, const Value& drop,
                                            const Context& context) {
  using R = Result<std::optional<std::size_t>>;
  const std::string table = drop.StringOr("table", "");
  const double kept = 1 - PercentOf(drop["percent"]) / 100;
  auto& candidates = search.candidates;
  std::erase_if(candidates, [](const Entry* entry) { return entry->state != State::kVerified; });
  if (auto known = NeedKnown(table, candidates); !known) return std::move(known).error();
  std::size_t before = 0;
  for (std::size_t i = 0; i + 1 < candidates.size() && before == 0; ++i) {
    const std::int64_t rows = RowsIn(*candidates[i], table);
    const std::int64_t earlier = RowsIn(*candidates[i + 1], table);
    const bool lost = static_cast<double>(rows) < kept * static_cast<double>(earlier);
    if (lost) before = i + 1;
    Note(search, *candidates[i], !lost,
         !lost ? ""
               : "the table \"" + table + "\" has " + std::to_string(rows) +
                     " rows, in the backup before " + std::to_string(earlier));
  }
  for (; before < candidates.size(); ++before) {
    auto whole = IsWhole(*candidates[before], search, context);
    if (!whole) return std::move(whole).error();
    if (*whole) return R(before);
  }
  return R(std::nullopt);
}

class Bisect final : public Action {
 public:
  const ActionSpec& Spec() const override { return BisectSpec(); }

  Outcome Apply(const Context& context) const override {
    const Value& inputs = context.inputs;
    if (inputs["condition"].is_map() && inputs["drop"].is_map()) {
      return InvalidArgument("give a condition or a drop, not both");
    }
    auto resource = database::ReadResource(inputs["database"], context.policy);
    if (!resource) return std::move(resource).error();
    auto backups = database::ReadBackups(inputs["backups"], context.policy);
    if (!backups) return std::move(backups).error();
    auto catalogue = ReadCatalogue(*backups);
    if (!catalogue) return std::move(catalogue).error();
    Search search{*std::move(resource), CandidatesOf(*catalogue, inputs["exclude"]), {}};
    auto found = inputs["drop"].is_map() ? FindDrop(search, inputs["drop"], context)
                                         : Halve(search, context);
    if (!found) return std::move(found).error().In("look into the backups");
    if (*found) return OutputOf(search, **found, context);
    return Failure{NotFound("no backup in " + backups->directory +
                            " is from before it: " + std::to_string(search.tested.size()) +
                            " were looked at, and none is good. Nothing was changed"),
                   Value::Object({{"tested", search.tested}})};
  }

 private:
  static Value OutputOf(const Search& search, std::size_t index, const Context& context) {
    const Entry& entry = *search.candidates[index];
    const Value known = entry.ToValue(context.clock.Now());
    Value first_bad = Value::Object({{"name", ""}, {"taken_at", ""}, {"reason", ""}});
    if (index > 0) {
      const Entry& bad = *search.candidates[index - 1];
      std::string reason;
      for (const Value& one : search.tested) {
        if (one["name"] == Value(bad.name) && !one.BoolOr("good", false))
          reason = one.StringOr("reason", "");
      }
      first_bad = Value::Object(
          {{"name", bad.name}, {"taken_at", database::TimeText(bad.taken_at)}, {"reason", reason}});
    }
    return Value::Object({{"path", entry.path},
                          {"name", entry.name},
                          {"taken_at", known["taken_at"]},
                          {"age_seconds", known["age_seconds"]},
                          {"size", entry.size},
                          {"sha256", known["sha256"]},
                          {"tables", known["tables"]},
                          {"newest_is_good", index == 0},
                          {"first_bad", first_bad},
                          {"tested", search.tested}});
  }
};

}  // namespace

std::unique_ptr<const Action> MakeBisect() { return std::make_unique<Bisect>(); }

}  // namespace recourse::backup

#include <algorithm>
#include <optional>

#include "actions/backup/catalogue.h"
#include "actions/backup/family.h"
#include "actions/backup/specs.h"
#include "actions/database/check_file.h"

namespace recourse::backup {
namespace {

// What is looked for, and what was found out on the way.
struct Search {
  database::Resource resource;
  std::vector<const Entry*> candidates;  // newest first
  Value::List tested;
};

double PercentOf(const Value& number) {
  return number.is_double() ? number.as_double() : static_cast<double>(number.as_int());
}

// A backup whose own bytes are lost says nothing about its time: it is left out, and told.
// A suspect one says that its database was damaged by then.
Result<std::vector<const Entry*>> CandidatesOf(const Catalogue& catalogue, const Value& exclude,
                                               const Context& context, Value::List& tested) {
  std::vector<const Entry*> candidates;
  for (const Entry& entry : catalogue.entries) {
    if (exclude.is_list() &&
        std::count(exclude.as_list().begin(), exclude.as_list().end(), Value(entry.name)) > 0) {
      continue;
    }
    std::optional<std::string> why;
    if (entry.state == State::kVerified) {
      auto differ = WhyBytesDiffer(entry, context);
      if (!differ) return std::move(differ).error();
      why = *std::move(differ);
    } else if (entry.state != State::kSuspect) {
      why = entry.reason;
    }
    if (!why) {
      candidates.push_back(&entry);
    } else {
      context.log("not looked into: " + entry.name + ": " + *why);
      tested.push_back(
          Value::Object({{"name", entry.name}, {"good", false}, {"reason", "left out: " + *why}}));
    }
  }
  return candidates;
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

Result<bool> IsGood(std::size_t index, Search& search, const Context& context) {
  const Entry& entry = *search.candidates[index];
  if (context.stop.stop_requested()) return context.StopError();
  auto why = WhyBad(entry, search, context);
  if (!why) return std::move(why).error().In(entry.name);
  search.tested.push_back(Value::Object(
      {{"name", entry.name}, {"good", !why->has_value()}, {"reason", why->value_or("")}}));
  context.log(entry.name + (*why ? ": " + **why : " is good"));
  context.progress(static_cast<std::int64_t>(search.tested.size()), 0, "backups looked into");
  return !why->has_value();
}

// The index of the newest good candidate, by halving: what was damaged or lost once stays so. Both
// neighbours of the answer are looked into, whatever lies between others. Nothing: none is good.
Result<std::optional<std::size_t>> Halve(Search& search, const Context& context) {
  using R = Result<std::optional<std::size_t>>;
  if (search.candidates.empty()) return R(std::nullopt);
  auto newest = IsGood(0, search, context);
  if (!newest) return std::move(newest).error();
  if (*newest) return R(0);
  std::size_t bad = 0;
  std::size_t good = search.candidates.size() - 1;
  auto oldest = good == bad ? Result<bool>(false) : IsGood(good, search, context);
  if (!oldest) return std::move(oldest).error();
  if (!*oldest) return R(std::nullopt);
  while (good - bad > 1) {
    const std::size_t middle = bad + (good - bad) / 2;
    auto is_good = IsGood(middle, search, context);
    if (!is_good) return std::move(is_good).error();
    (*is_good ? good : bad) = middle;
  }
  return R(good);
}

// The index of the last candidate before the newest loss of rows, as the manifests count them.
std::optional<std::size_t> FindDrop(Search& search, const Value& drop) {
  const std::string table = drop.StringOr("table", "");
  const double kept = 1 - PercentOf(drop["percent"]) / 100;
  std::erase_if(search.candidates,
                [](const Entry* entry) { return entry->state != State::kVerified; });
  for (std::size_t i = 0; i < search.candidates.size(); ++i) {
    const auto rows_in = [&](std::size_t index) -> std::int64_t {
      const auto& tables = search.candidates[index]->manifest->content.tables;
      const auto found = tables.find(table);
      return found == tables.end() ? 0 : found->second;
    };
    const std::int64_t rows = rows_in(i);
    const bool is_last = i + 1 == search.candidates.size();
    const bool lost =
        !is_last && static_cast<double>(rows) < kept * static_cast<double>(rows_in(i + 1));
    search.tested.push_back(Value::Object(
        {{"name", search.candidates[i]->name},
         {"good", !lost},
         {"reason", lost ? "the table \"" + table + "\" has " + std::to_string(rows) +
                               " rows, in the backup before " + std::to_string(rows_in(i + 1))
                         : ""}}));
    if (lost) return i + 1;
  }
  if (search.candidates.empty()) return std::nullopt;
  return 0;
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
    Search search{*std::move(resource), {}, {}};
    auto candidates = CandidatesOf(*catalogue, inputs["exclude"], context, search.tested);
    if (!candidates) return std::move(candidates).error();
    search.candidates = *std::move(candidates);
    auto found = inputs["drop"].is_map()
                     ? Result<std::optional<std::size_t>>(FindDrop(search, inputs["drop"]))
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
        if (one["name"] == Value(bad.name)) reason = one.StringOr("reason", "");
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

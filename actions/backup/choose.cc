#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "actions/backup/catalogue.h"
#include "actions/backup/family.h"
#include "actions/backup/specs.h"
#include "engine/base/text.h"

namespace recourse::backup {
namespace {

constexpr std::string_view kBefore = "before:";

struct Wish {
  std::string name;            // empty: any
  std::optional<Time> before;  // taken earlier than this
  std::vector<std::string> excluded;
  bool allow_unverified = false;
};

Result<Wish> ReadWish(const Context& context) {
  Wish wish;
  wish.allow_unverified = context.inputs.BoolOr("allow_unverified", false);
  if (const Value& exclude = context.inputs["exclude"]; exclude.is_list()) {
    for (const Value& name : exclude.as_list()) {
      if (name.is_string()) wish.excluded.push_back(name.as_string());
    }
  }
  const std::string which = context.inputs.StringOr("which", "latest");
  if (which == "latest") return wish;
  if (which.starts_with(kBefore)) {
    auto time = ParseTimestamp(std::string_view(which).substr(kBefore.size()));
    if (!time) return std::move(time).error().In("which: before:");
    wish.before = FromTimestamp(*time);
    return wish;
  }
  if (which.find('/') != std::string::npos) {
    return InvalidArgument("which: \"" + which +
                           "\" is a path; write the file's name, latest, or before:<time>");
  }
  wish.name = which;
  return wish;
}

// Why the wish passes this entry over; empty when it does not.
std::string WhyNotWished(const Wish& wish, const Entry& entry) {
  if (!wish.name.empty() && entry.name != wish.name) return "it is not the one asked for";
  if (std::count(wish.excluded.begin(), wish.excluded.end(), entry.name) > 0) {
    return "it is excluded";
  }
  if (wish.before && entry.taken_at >= *wish.before) {
    return "it was not taken before " + database::TimeText(*wish.before);
  }
  const bool acceptable = entry.state == State::kVerified ||
                          (wish.allow_unverified && entry.state == State::kUnverified);
  return acceptable ? "" : entry.reason;
}

// Whether the owner or mode of the file, or of a directory on the way, keeps it from being read.
bool IsDenied(const Entry& entry) {
  return faccessat(AT_FDCWD, entry.path.c_str(), R_OK, AT_EACCESS) != 0 && errno == EACCES;
}

Error NoneGood(const database::Backups& backups, const Wish& wish,
               const std::vector<std::string>& refused) {
  std::string wanted = wish.name.empty() ? "a good backup" : "a good backup \"" + wish.name + "\"";
  if (wish.before) wanted += " taken before " + database::TimeText(*wish.before);
  return NotFound("there is not " + wanted + " in " + backups.directory + ". " +
                  (refused.empty() ? "It holds no backups" : database::Sentences(refused, 20)) +
                  ". Nothing was changed");
}

class Choose final : public Action {
 public:
  const ActionSpec& Spec() const override { return ChooseSpec(); }

  Outcome Apply(const Context& context) const override {
    auto backups = database::ReadBackups(context.inputs["backups"], context.policy);
    if (!backups) return std::move(backups).error();
    auto wish = ReadWish(context);
    if (!wish) return std::move(wish).error();
    auto catalogue = ReadCatalogue(*backups);
    if (!catalogue) return std::move(catalogue).error();
    std::vector<std::string> refused;
    std::vector<std::string> passed_over;
    std::string denied;
    for (const Entry& entry : catalogue->entries) {
      std::string why = WhyNotWished(*wish, entry);
      // Whoever restores the chosen one should know of each, also where it was not asked for.
      std::string bad = entry.reason;
      if (why.empty() && entry.state == State::kVerified) {
        // Verified once is not good for ever: disks forget.
        auto differ = WhyBytesDiffer(entry, context);
        if (!differ) return std::move(differ).error();
        why = bad = differ->value_or("");
        if (!why.empty() && denied.empty() && IsDenied(entry)) denied = entry.path;
      }
      if (bad.empty() && entry.state == State::kVerified && IsDenied(entry)) {
        bad = "the server may not read it (permission denied)";
      }
      if (!why.empty()) {
        if (!bad.empty()) passed_over.push_back(entry.name + ": " + bad);
        refused.push_back(entry.name + ": " + why);
        context.log("not " + refused.back());
        continue;
      }
      const Value known = entry.ToValue(context.clock.Now());
      return Value::Object({{"path", entry.path},
                            {"name", entry.name},
                            {"verified", entry.state == State::kVerified},
                            {"taken_at", known["taken_at"]},
                            {"age_seconds", known["age_seconds"]},
                            {"size", entry.size},
                            {"sha256", known["sha256"]},
                            {"passed_over", database::TextList(passed_over)},
                            {"denied", denied},
                            {"tables", known["tables"]}});
    }
    return Failure{NoneGood(*backups, *wish, refused),
                   Value::Object({{"refused", database::TextList(refused)}, {"denied", denied}})};
  }
};

class List final : public Action {
 public:
  const ActionSpec& Spec() const override { return ListSpec(); }

  Outcome Apply(const Context& context) const override {
    auto backups = database::ReadBackups(context.inputs["backups"], context.policy);
    if (!backups) return std::move(backups).error();
    auto catalogue = ReadCatalogue(*backups);
    if (!catalogue) return std::move(catalogue).error();
    Value::List entries;
    std::int64_t bytes = 0;
    std::int64_t verified = 0;
    std::string newest;
    for (const Entry& entry : catalogue->entries) {
      entries.push_back(entry.ToValue(context.clock.Now()));
      bytes += entry.size;
      if (entry.state != State::kVerified) continue;
      if (verified++ == 0) newest = entry.name;
    }
    const auto count = static_cast<std::int64_t>(entries.size());
    return Value::Object({{"directory", backups->directory},
                          {"count", count},
                          {"verified", verified},
                          {"newest_verified", newest},
                          {"bytes", bytes},
                          {"ignored", database::TextList(catalogue->ignored)},
                          {"backups", std::move(entries)}});
  }
};

}  // namespace

std::unique_ptr<const Action> MakeChoose() { return std::make_unique<Choose>(); }
std::unique_ptr<const Action> MakeList() { return std::make_unique<List>(); }

}  // namespace recourse::backup

#include "engine/journal/absence.h"

#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse::journal {
namespace {

constexpr std::int64_t kAtOnce = 500;

Value ValueOf(const Gap& gap) {
  return Value::Object({{"first", gap.first},
                        {"last", gap.last},
                        {"before", ToHex(gap.before)},
                        {"after", ToHex(gap.after)}});
}

bool IsGap(const Gap& gap, Position told, Position behind) {
  return gap.first > behind && gap.first <= gap.last && gap.last < told;
}

}  // namespace

std::string PayloadOf(const Absence& absence) {
  Value::List gaps;
  for (const Gap& gap : absence.gaps) gaps.push_back(ValueOf(gap));
  Value payload = Value::Object({{"run", absence.run.number},
                                 {"events", absence.events},
                                 {"approval", absence.approval.number},
                                 {"workflow", absence.workflow},
                                 {"file", absence.file},
                                 {"gaps", std::move(gaps)}});
  if (!absence.signature.empty()) payload = payload.With("signature", Hex(absence.signature));
  return ToJson(payload);
}

std::string UnsignedPayloadOf(Absence absence) {
  absence.signature.clear();
  return PayloadOf(absence);
}

Result<Absence> ReadAbsence(const StoredEvent& event) {
  const auto refuse = [&](const std::string& why) {
    return DataLoss("the event at position " + std::to_string(event.position) +
                    ", by which the journal tells what is not in it, cannot be read: " + why);
  };
  const bool known =
      event.run == kJournalItself && (event.type == kRunRemoved || event.type == kRunsImported);
  if (!known) return refuse("type " + std::to_string(event.type) + " is not known");
  auto payload = ParseJson(event.payload);
  if (!payload) return refuse(payload.error().message);
  const Value& gaps = (*payload)["gaps"];
  if (!gaps.is_list()) return refuse("it has no gaps");
  Absence absence;
  absence.run = RunId{payload->IntOr("run", 0)};
  absence.events = payload->IntOr("events", 0);
  absence.approval = ApprovalId{payload->IntOr("approval", 0)};
  absence.workflow = payload->StringOr("workflow", "");
  absence.file = payload->StringOr("file", "");
  auto signature = FromHex(payload->StringOr("signature", ""));
  if (!signature) return refuse("its signature is no hexadecimal text");
  absence.signature = *std::move(signature);
  Position behind = 0;
  for (const Value& stored : gaps.as_list()) {
    const auto before = DigestFromHex(stored.StringOr("before", ""));
    const auto after = DigestFromHex(stored.StringOr("after", ""));
    if (!before || !after) return refuse("a hash is none");
    const Gap gap{stored.IntOr("first", 0), stored.IntOr("last", 0), *before, *after};
    if (!IsGap(gap, event.position, behind)) return refuse("its positions are not in order");
    behind = gap.last;
    absence.gaps.push_back(gap);
  }
  if (PayloadOf(absence) != event.payload) return refuse("it says more than is known of");
  return absence;
}

Result<Gaps> ReadGaps(Reader& reader) {
  Gaps gaps;
  for (std::int64_t after = 0;;) {
    auto page = reader.EventsOfRun(kJournalItself, after, kAtOnce);
    if (!page) return std::move(page).error();
    if (page->empty()) return gaps;
    for (const StoredEvent& event : *page) {
      after = event.sequence;
      auto absence = ReadAbsence(event);
      if (!absence) return std::move(absence).error();
      for (const Gap& gap : absence->gaps) gaps.emplace(gap.first, gap);
    }
  }
}

}  // namespace recourse::journal

#include <catch2/catch.hpp>
#include <set>
#include <tuple>

#include "engine/base/text.h"
#include "engine/record/record.h"
#include "engine/record/stored_types.h"
#include "tests/unit/engine/record/samples.h"

namespace recourse::record {
namespace {

using machine::Event;

// How many members the struct has: as many as can be initialised.
template <class T>
consteval int FieldCount() {
  if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; }) {
    return 16;
  } else if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; }) {
    return 12;
  } else if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; }) {
    return 10;
  } else if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}}; }) {
    return 9;
  } else if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}}; }) {
    return 8;
  } else if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}}; }) {
    return 7;
  } else if constexpr (requires { T{{}, {}, {}, {}, {}, {}}; }) {
    return 6;
  } else if constexpr (requires { T{{}, {}, {}, {}, {}}; }) {
    return 5;
  } else if constexpr (requires { T{{}, {}, {}, {}}; }) {
    return 4;
  } else if constexpr (requires { T{{}, {}, {}}; }) {
    return 3;
  } else if constexpr (requires { T{{}, {}}; }) {
    return 2;
  } else if constexpr (requires { T{{}}; }) {
    return 1;
  } else {
    return 0;
  }
}

// The members, as a tuple of references.
template <class T>
auto Fields(const T& v) {
  constexpr int kCount = FieldCount<T>();
  if constexpr (kCount == 0) {
    return std::tuple<>();
  } else if constexpr (kCount == 1) {
    const auto& [a] = v;
    return std::tie(a);
  } else if constexpr (kCount == 2) {
    const auto& [a, b] = v;
    return std::tie(a, b);
  } else if constexpr (kCount == 3) {
    const auto& [a, b, c] = v;
    return std::tie(a, b, c);
  } else if constexpr (kCount == 4) {
    const auto& [a, b, c, d] = v;
    return std::tie(a, b, c, d);
  } else if constexpr (kCount == 5) {
    const auto& [a, b, c, d, e] = v;
    return std::tie(a, b, c, d, e);
  } else if constexpr (kCount == 6) {
    const auto& [a, b, c, d, e, f] = v;
    return std::tie(a, b, c, d, e, f);
  } else if constexpr (kCount == 7) {
    const auto& [a, b, c, d, e, f, g] = v;
    return std::tie(a, b, c, d, e, f, g);
  } else if constexpr (kCount == 8) {
    const auto& [a, b, c, d, e, f, g, h] = v;
    return std::tie(a, b, c, d, e, f, g, h);
  } else if constexpr (kCount == 9) {
    const auto& [a, b, c, d, e, f, g, h, i] = v;
    return std::tie(a, b, c, d, e, f, g, h, i);
  } else if constexpr (kCount == 10) {
    const auto& [a, b, c, d, e, f, g, h, i, j] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j);
  } else {
    static_assert(kCount == 16, "add the case for an event with this many members");
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
  }
}

// Whether no member has the value that it has in a new event.
template <class... Members>
bool AllDiffer(const std::tuple<Members...>& given, const std::tuple<Members...>& fresh) {
  return [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    return ((std::get<kIndex>(given) != std::get<kIndex>(fresh)) && ...);
  }
  (std::index_sequence_for<Members...>());
}

journal::StoredEvent Stored(const Event& event) {
  return Encode({RunId{1042}, 3, 17, At(1'000'001), "kim"}, event);
}

TEST_CASE("the samples have every event once, each member away from its default", "[record]") {
  const auto samples = SampleEvents();
  std::set<std::size_t> alternatives;
  for (const Event& event : samples) {
    CAPTURE(event.index());
    alternatives.insert(event.index());
    CHECK(std::visit(
        [](const auto& alternative) {
          const std::decay_t<decltype(alternative)> fresh{};
          return AllDiffer(Fields(alternative), Fields(fresh));
        },
        event));
  }
  CHECK(alternatives.size() == std::variant_size_v<Event::variant>);
  CHECK(samples.size() == std::variant_size_v<Event::variant>);
}

TEST_CASE("every event is read back as it was written", "[record]") {
  for (const Event& event : SampleEvents()) {
    const journal::StoredEvent stored = Stored(event);
    CAPTURE(NameOfType(stored.type));

    const auto read = Decode(stored);
    REQUIRE(read.ok());
    CHECK(read->envelope.run == RunId{1042});
    CHECK(read->envelope.sequence == 3);
    CHECK(read->envelope.position == 17);
    CHECK(read->envelope.time == At(1'000'001));
    CHECK(read->envelope.principal == "kim");

    REQUIRE(read->event.index() == event.index());
    CHECK(std::visit(
        [&read](const auto& alternative) {
          using Alternative = std::decay_t<decltype(alternative)>;
          return Fields(std::get<Alternative>(read->event)) == Fields(alternative);
        },
        event));
    CHECK(Stored(read->event).payload == stored.payload);
  }
}

TEST_CASE("who passed a word on is stored with any event, and read back", "[record]") {
  for (const Event& event : SampleEvents()) {
    machine::Envelope envelope{RunId{1042}, 3, 17, At(1'000'001), "kim"};
    envelope.via = "bot for slack:T024/U21";
    const journal::StoredEvent stored = Encode(envelope, event);
    CAPTURE(NameOfType(stored.type));
    CHECK(stored.payload.size() > Stored(event).payload.size());
    const auto read = Decode(stored);
    REQUIRE(read.ok());
    CHECK(read->envelope.via == envelope.via);
    CHECK(Stored(read->event).payload == Stored(event).payload);
  }
}

TEST_CASE("an event with nothing in it but what it must have is read back too", "[record]") {
  const auto read = Decode(Stored(machine::AttemptFailed{}));
  REQUIRE(read.ok());
  const auto& failed = std::get<machine::AttemptFailed>(read->event);
  CHECK(failed.at == machine::StepRef{0, -1});
  CHECK(failed.evidence.is_null());
  CHECK_FALSE(failed.retry_at);

  const auto first_item = Decode(Stored(machine::AttemptResumed{.at = {0, 0}}));
  REQUIRE(first_item.ok());
  CHECK(std::get<machine::AttemptResumed>(first_item->event).at == machine::StepRef{0, 0});
}

TEST_CASE("the stored types keep their numbers and names", "[record]") {
  std::string table;
  for (const Event& event : SampleEvents()) {
    const int type = Stored(event).type;
    table += std::to_string(type) + " " + NameOfType(type) + "\n";
  }
  CHECK(table ==
        "1 RunStarted\n2 LockQueued\n3 LockAcquired\n4 StepSkipped\n5 ForEachStarted\n"
        "6 AttemptStarted\n7 AttemptPrepared\n8 AttemptProgressed\n9 AttemptResumed\n"
        "10 AttemptSucceeded\n11 AttemptFailed\n12 StepFailed\n13 RetryRequested\n"
        "14 FailureHandled\n15 SwitchTaken\n16 CheckpointReached\n17 WaitStarted\n18 WaitEnded\n"
        "19 PlanStarted\n20 ApprovalRequested\n21 VoteCast\n22 ApprovalSettled\n23 RunPaused\n"
        "24 RunResumed\n25 StopRequested\n26 AttentionNeeded\n27 EffectResolved\n"
        "28 RollbackStarted\n29 CompensationStarted\n30 CompensationSucceeded\n"
        "31 CompensationFailed\n32 CompensationSkipped\n33 RollbackEnded\n34 RunSucceeded\n"
        "35 RunFailed\n36 RunCancelled\n37 RunRolledBack\n38 RunAnnotated\n"
        "39 SignalReceived\n40 ParallelStarted\n41 BranchEnded\n42 SubWorkflowStarted\n"
        "43 StepCompleted\n44 ManualStarted\n45 ItemAnswered\n46 ApprovalEscalated\n"
        "47 FinishStarted\n48 WindowAwaited\n49 ApprovalRevoked\n50 InputOverridden\n"
        "51 Escalated\n52 RunAcknowledged\n53 DefinitionAdopted\n");
  CHECK(NameOfType(99) == "type 99");
}

// What stands in journals already. When this fails, the stored form has changed: old journals must
// still be read, so add a field or an event instead.
TEST_CASE("the stored form does not change", "[record]") {
  struct Golden {
    Event event;
    std::string_view payload;
  };
  const machine::StepRef at{3, 2};
  const Error error{Code::kAborted, "locked"};
  const Golden goldens[] = {
      {machine::RunStarted{"w", "d", Value::Object({{"b", 1}, {"a", "x"}}), "q", "high", "k",
                           At(1)},
       "0a01771201641a0f7b2261223a2278222c2262223a317d2201712a046869676832016b3801"},
      {machine::AttemptStarted{at, 1, machine::Phase::kApply, Value(), At(300)},
       "080310021801200230ac02"},
      {machine::AttemptFailed{at, 2, error, 1.0, LeftBehind::kPartial, At(5)},
       "080310021802220a080a12066c6f636b65642a03312e3030023805"},
      {machine::AttemptSucceeded{{0, -1}, 1, true, machine::Source::kApply, ""},
       "18012204747275652801"},
      {machine::ApprovalRequested{4,
                                  ApprovalId{381},
                                  "p",
                                  {"dba", "lead"},
                                  2,
                                  true,
                                  At(9),
                                  machine::OnExpiry::kReject,
                                  Value::List{},
                                  "d"},
       "080410fd021a0170220364626122046c65616428023001380940024a025b5d520164"},
      {machine::RollbackStarted{std::nullopt, machine::Afterwards::kGoTo, 0, error},
       "10031800220a080a12066c6f636b6564"},
      {machine::LockAcquired{}, ""},
  };
  for (const Golden& golden : goldens) {
    const auto stored = Stored(golden.event);
    CAPTURE(NameOfType(stored.type));
    CHECK(Hex(stored.payload) == golden.payload);
  }
}

TEST_CASE("what cannot be read is DATA_LOSS and says which event it is", "[record]") {
  auto stored = Stored(machine::AttemptResumed{{3, 2}, 1, machine::Phase::kProbe});

  SECTION("bytes that are no message") {
    stored.payload = "\xff\xff garbage";
    const auto read = Decode(stored);
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().code == Code::kDataLoss);
    CHECK(read.error().message ==
          "event 17 (R-1042, sequence 3, AttemptResumed) cannot be read: it cannot be parsed");
  }
  SECTION("a type that is not known, by its number") {
    stored.type = 99;
    const auto read = Decode(stored);
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().code == Code::kDataLoss);
    CHECK(read.error().message.find("type 99") != std::string::npos);
  }
  SECTION("a payload of another type") {
    stored.type = kStoredType<machine::LockAcquired>;
    const auto read = Decode(stored);
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().code == Code::kDataLoss);
    CHECK(read.error().message.find("a field that this binary does not know") != std::string::npos);
  }
  SECTION("a number that stands for nothing") {
    stored.payload = std::string("\x08\x03\x18\x01\x20\x63", 6);
    const auto read = Decode(stored);
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().message.find("phase 99 is not known") != std::string::npos);
  }
  SECTION("an empty payload where something must be said") {
    stored.payload.clear();
    CHECK_FALSE(Decode(stored).ok());
  }
  SECTION("a value that is not JSON") {
    stored.type = kStoredType<machine::RunSucceeded>;
    stored.payload = std::string("\x0a\x01{", 3);
    const auto read = Decode(stored);
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().message.find("not valid JSON") != std::string::npos);
  }
}

// A damaged payload is refused or read as something else, but nothing breaks. (The high bit of text
// is left alone: Protobuf would write a line to standard error for each.)
TEST_CASE("damaged payloads do no harm", "[record]") {
  for (const Event& event : SampleEvents()) {
    const auto stored = Stored(event);
    for (std::size_t bit = 0; bit < stored.payload.size() * 8; ++bit) {
      auto damaged = stored;
      if (bit % 8 == 7 && damaged.payload[bit / 8] >= ' ') continue;
      damaged.payload[bit / 8] ^= static_cast<char>(1 << (bit % 8));
      const auto read = Decode(damaged);
      if (!read.ok()) CHECK(read.error().code == Code::kDataLoss);
    }
    for (std::size_t size = 0; size < stored.payload.size(); ++size) {
      auto cut = stored;
      cut.payload.resize(size);
      const auto read = Decode(cut);
      if (!read.ok()) CHECK(read.error().code == Code::kDataLoss);
    }
  }
}

}  // namespace
}  // namespace recourse::record

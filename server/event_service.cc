#include "server/event_service.h"

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "engine/journal/absence.h"
#include "engine/record/record.h"
#include "server/convert.h"
#include "server/pages.h"
#include "server/stream.h"
#include "server/watch_hub.h"

namespace recourse::server {
namespace {

constexpr PageLimits kBatch{256, 256 * 1024};

using Refused = RefusedStream<v1::WatchEventsResponse>;

class EventWatch final : public Stream<v1::WatchEventsResponse> {
 public:
  EventWatch(Core& core, std::optional<journal::Position> position)
      : Stream(core.readers), core_(core), position_(position) {}

  void OnDone() override { core_.hub.Remove(WatchHub::kAllRuns, this); }

 private:
  Result<Batch> ReadOn(journal::Reader& reader) override {
    if (auto begun = Begin(reader); !begun) return std::move(begun).error();
    Batch batch;
    std::map<RunId, std::shared_ptr<const definition::Workflow>> workflows;
    auto more = ReadPage(
        kBatch, [&](std::int64_t limit) { return reader.EventsAfter(*position_, limit); },
        [&](const journal::StoredEvent& stored) -> Result<v1::Event> {
          if (stored.run == journal::kJournalItself) return OwnEventOf(stored);
          auto& workflow = workflows[stored.run];
          if (workflow == nullptr) {
            auto found = DefinitionOf(reader, stored.run);
            if (!found) return std::move(found).error();
            workflow = *std::move(found);
          }
          return EventOf(*workflow, stored);
        },
        [&](const journal::StoredEvent& stored, v1::Event event) {
          *batch.messages.emplace_back().mutable_event() = std::move(event);
          position_ = stored.position;
        });
    if (!more) return std::move(more).error();
    batch.more = *more;
    return batch;
  }

  // Finds where to begin, once.
  Result<void> Begin(journal::Reader& reader) {
    if (begun_) return {};
    auto last = reader.LastPosition();
    if (!last) return std::move(last).error();
    if (!position_) position_ = *last;
    if (*position_ > *last) {
      return Error{Code::kOutOfRange, "after_position: " + std::to_string(*position_) +
                                          " lies beyond the journal's last position, " +
                                          std::to_string(*last) +
                                          "; it was given by another journal"};
    }
    begun_ = true;
    return {};
  }

  Result<std::shared_ptr<const definition::Workflow>> DefinitionOf(journal::Reader& reader,
                                                                   RunId run) {
    auto row = reader.FindRun(run);
    if (!row) return std::move(row).error();
    if (!row->has_value()) {
      return DataLoss("the journal has events of " + run.ToString() + " but no row of it");
    }
    return core_.engine.DefinitionOf((*row)->digest);
  }

  Core& core_;
  // Of ReadOn, which runs once at a time:
  std::optional<journal::Position> position_;  // of the last event read; none: from the end on
  bool begun_ = false;
};

}  // namespace

grpc::ServerWriteReactor<v1::WatchEventsResponse>* EventService::WatchEvents(
    grpc::CallbackServerContext* context, const v1::WatchEventsRequest* request) {
  auto admitted = AdmitStream(core_.principals, *context, "EventService.WatchEvents");
  if (!admitted) return new Refused(admitted.error());
  std::optional<journal::Position> position;
  if (request->has_after_position()) position = request->after_position();
  if (position && *position < 0) {
    return new Refused(
        InvalidArgument("after_position: " + std::to_string(*position) + " is negative"));
  }
  auto watch = std::make_shared<EventWatch>(core_, position);
  if (auto added = core_.hub.Add(WatchHub::kAllRuns, watch, *std::move(admitted)); !added) {
    return new Refused(added.error());
  }
  watch->Wake();
  return watch.get();  // The hub keeps it until OnDone.
}

}  // namespace recourse::server

#include "server/run_watch.h"

#include <utility>

#include "engine/record/record.h"
#include "server/convert.h"
#include "server/pages.h"
#include "server/view/run_details.h"
#include "server/watch_hub.h"

namespace recourse::server {
namespace {

constexpr PageLimits kBatch{256, 256 * 1024};

}  // namespace

grpc::ServerWriteReactor<v1::WatchRunResponse>* RunWatch::Start(Core& core, RunId run,
                                                                std::int64_t sequence,
                                                                StillAdmitted admitted) {
  auto watch = std::make_shared<RunWatch>(core, run, sequence);
  if (auto added = core.hub.Add(run, watch, std::move(admitted)); !added) {
    return new RefusedStream<v1::WatchRunResponse>(added.error());
  }
  watch->Wake();
  return watch.get();  // The hub keeps it until OnDone.
}

RunWatch::RunWatch(Core& core, RunId run, std::int64_t sequence)
    : Stream(core.readers), core_(core), run_(run), sequence_(sequence) {}

void RunWatch::Tell(const runtime::AttemptNews& news) {
  v1::WatchRunResponse message;
  v1::AttemptNews& what = *message.mutable_news();
  what.set_step(news.step);
  what.set_line(Utf8(news.line));
  what.set_done(news.done);
  what.set_total(news.total);
  SendLive(std::move(message));
}

void RunWatch::OnDone() { core_.hub.Remove(run_, this); }

Result<RunWatch::Batch> RunWatch::ReadOn(journal::Reader& reader) {
  Batch batch;
  if (workflow_ == nullptr) {
    auto row = reader.FindRun(run_);
    if (!row) return std::move(row).error();
    if (!row->has_value()) return NotFound("there is no run " + run_.ToString());
    if (sequence_ > (*row)->revision) {
      return Error{Code::kOutOfRange, "after_sequence: " + std::to_string(sequence_) +
                                          " lies beyond the last event of " + run_.ToString() +
                                          ", " + std::to_string((*row)->revision)};
    }
    auto workflow = core_.engine.DefinitionOf((*row)->digest);
    if (!workflow) return std::move(workflow).error();
    workflow_ = *std::move(workflow);
    if (auto added = AddRun(reader, **row, batch); !added) return std::move(added).error();
  }
  if (auto added = AddEvents(reader, batch); !added) return std::move(added).error();
  if (batch.more) return batch;

  auto row = reader.FindRun(run_);
  if (!row) return std::move(row).error();
  if (!row->has_value()) return NotFound("run " + run_.ToString() + " is no longer there");
  batch.more = (*row)->revision > sequence_;  // A commit came between the two readings.
  if (batch.more) return batch;
  if ((*row)->revision != shown_revision_) {
    if (auto added = AddRun(reader, **row, batch); !added) return std::move(added).error();
  }
  batch.over = machine::IsFinal(static_cast<machine::RunStatus>((*row)->status));
  return batch;
}

Result<void> RunWatch::AddEvents(journal::Reader& reader, Batch& batch) {
  auto more = ReadPage(
      kBatch, [&](std::int64_t limit) { return reader.EventsOfRun(run_, sequence_, limit); },
      [&](const journal::StoredEvent& stored) { return EventOf(*workflow_, stored); },
      [&](const journal::StoredEvent& stored, v1::Event event) {
        *batch.messages.emplace_back().mutable_event() = std::move(event);
        sequence_ = stored.sequence;
      });
  if (!more) return std::move(more).error();
  batch.more = *more;
  return {};
}

Result<void> RunWatch::AddRun(journal::Reader& reader, const journal::RunRow& row, Batch& batch) {
  auto run = BasicView(reader, row);
  if (!run) return std::move(run).error();
  if (static_cast<machine::RunStatus>(row.status) == machine::RunStatus::kNeedsAttention) {
    auto state = record::ReadRun(reader, row.run);
    if (!state) return std::move(state).error();
    AddPossible(*workflow_, *state, core_.clock.Now(), *run);
  }
  *batch.messages.emplace_back().mutable_run() = *std::move(run);
  shown_revision_ = row.revision;
  return {};
}

}  // namespace recourse::server

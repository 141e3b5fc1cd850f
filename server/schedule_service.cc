#include "server/schedule_service.h"

#include <map>
#include <utility>

#include "server/catalogue_page.h"
#include "server/convert.h"
#include "server/schedule_view.h"

namespace recourse::server {
namespace {

constexpr int kNextListed = 1;
constexpr int kNextShown = 5;

using Rows = std::map<std::string, journal::ScheduleRow>;

Result<Rows> ReadRows(journal::Reader& reader) {
  auto stored = reader.ListSchedules();
  if (!stored) return std::move(stored).error().In("read the schedules");
  Rows rows;
  for (journal::ScheduleRow& row : *stored) rows.emplace(row.name, std::move(row));
  return rows;
}

Error NoSchedule(const std::string& name, const runtime::ScheduleDefinitions& schedules) {
  std::vector<std::string> names;
  for (const auto& [known, schedule] : schedules) names.push_back(known);
  return NoSuchIn("schedule", name, names);
}

}  // namespace

grpc::ServerUnaryReactor* ScheduleService::ListSchedules(grpc::CallbackServerContext* context,
                                                         const v1::ListSchedulesRequest* request,
                                                         v1::ListSchedulesResponse* response) {
  using Response = v1::ListSchedulesResponse;
  const auto read = [this, request](journal::Reader& reader) -> Result<Response> {
    auto rows = ReadRows(reader);
    if (!rows) return std::move(rows).error();
    Response page;
    const auto catalogue = core_.engine.catalogue();
    auto token = Page(
        catalogue->schedules, request->page_size(), request->page_token(),
        [](const auto& entry) -> const std::string& { return entry.first; },
        [&](const auto& entry) {
          *page.add_schedules() =
              ToProto(*entry.second, (*rows)[entry.first], core_.clock.Now(), kNextListed);
        });
    if (!token) return std::move(token).error();
    page.set_next_page_token(*token);
    return page;
  };
  return AnswerFrom(core_, core_.readers, context, "ScheduleService.ListSchedules", response, read);
}

grpc::ServerUnaryReactor* ScheduleService::GetSchedule(grpc::CallbackServerContext* context,
                                                       const v1::GetScheduleRequest* request,
                                                       v1::Schedule* response) {
  const auto read = [this, request](journal::Reader& reader) -> Result<v1::Schedule> {
    const auto catalogue = core_.engine.catalogue();
    const auto& schedules = catalogue->schedules;
    const auto found = schedules.find(request->schedule());
    if (found == schedules.end()) return NoSchedule(request->schedule(), schedules);
    auto rows = ReadRows(reader);
    if (!rows) return std::move(rows).error();
    return ToProto(*found->second, (*rows)[found->first], core_.clock.Now(), kNextShown);
  };
  return AnswerFrom(core_, core_.readers, context, "ScheduleService.GetSchedule", response, read);
}

grpc::ServerUnaryReactor* ScheduleService::Steer(grpc::CallbackServerContext* context,
                                                 std::string_view rpc, const std::string& name,
                                                 const std::string& reason, bool pause,
                                                 v1::Schedule* response) {
  auto caller = Admit(core_.principals, *context, rpc);
  if (!caller) return Refuse(context, caller.error());
  if (auto fits = CheckReason("reason", reason); !fits) {
    return Refuse(context, fits.error());
  }
  const auto catalogue = core_.engine.catalogue();
  const auto& schedules = catalogue->schedules;
  const auto found = schedules.find(name);
  if (found == schedules.end()) return Refuse(context, NoSchedule(name, schedules));

  grpc::ServerUnaryReactor* call = context->DefaultReactor();
  core_.engine.SteerSchedule(
      name, pause, reason, *std::move(caller),
      [this, call, response, schedule = found->second](const Result<journal::ScheduleRow>& row) {
        if (row) *response = ToProto(*schedule, *row, core_.clock.Now(), kNextShown);
        call->Finish(row ? grpc::Status::OK : ToStatus(row.error()));
      });  // answered once, after the commit
  return call;
}

grpc::ServerUnaryReactor* ScheduleService::PauseSchedule(grpc::CallbackServerContext* context,
                                                         const v1::PauseScheduleRequest* request,
                                                         v1::Schedule* response) {
  return Steer(context, "ScheduleService.PauseSchedule", request->schedule(), request->reason(),
               true, response);
}

grpc::ServerUnaryReactor* ScheduleService::ResumeSchedule(grpc::CallbackServerContext* context,
                                                          const v1::ResumeScheduleRequest* request,
                                                          v1::Schedule* response) {
  return Steer(context, "ScheduleService.ResumeSchedule", request->schedule(), request->reason(),
               false, response);
}

}  // namespace recourse::server

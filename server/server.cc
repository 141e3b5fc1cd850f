#include "server/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "engine/base/file.h"
#include "engine/base/text.h"
#include "server/admin_service.h"
#include "server/approval_service.h"
#include "server/core.h"
#include "server/event_service.h"
#include "server/identity_service.h"
#include "server/notification_service.h"
#include "server/port_holder.h"
#include "server/report_service.h"
#include "server/run_service.h"
#include "server/schedule_service.h"
#include "server/settled_waits.h"
#include "server/watch_hub.h"
#include "server/workflow_service.h"

namespace recourse::server {
namespace {

// How long calls may take to end by themselves when the server stops.
constexpr auto kStopGrace = std::chrono::seconds(2);

// How soon the streams end of who may not have them any more.
constexpr auto kRecheck = std::chrono::seconds(1);
constexpr std::int64_t kRoundsPerSave = 60;

constexpr int kLongReadsMax = 16;  // checks and copies of the journal that wait
constexpr int kPlansAtOnce = 2;
constexpr int kPlansMax = 16;  // that wait

class GrpcServer final : public Server {
 public:
  GrpcServer(const ServerOptions& options, runtime::Engine& engine, journal::Journal& journal,
             const Registry& registry, const Principals& principals, Reloader& reloader,
             const Clock& clock, std::unique_ptr<ReaderPool> readers,
             std::unique_ptr<ReaderPool> long_readers, std::unique_ptr<ReaderPool> plan_readers)
      : readers_(std::move(readers)),
        long_readers_(std::move(long_readers)),
        plan_readers_(std::move(plan_readers)),
        waits_(engine, *readers_),
        core_{engine,
              journal,
              registry,
              principals,
              *readers_,
              *long_readers_,
              *plan_readers_,
              hub_,
              waits_,
              reloader,
              stop_.get_token(),
              clock.Now(),
              clock,
              options.journal_check,
              options.journal_key,
              options.courier} {
    engine.AddListener(&hub_);
  }
  ~GrpcServer() override { Stop(); }

  Result<void> Listen(const ServerOptions& options);

  std::string address() const override { return address_; }
  void Retire() override { server_->GetHealthCheckService()->SetServingStatus(false); }
  void Stop() override;

 private:
  // Until `stop`: ends the streams of who is no longer admitted, and stores which tokens were used.
  void Guard(const std::stop_token& stop);

  std::unique_ptr<ReaderPool> readers_;
  std::unique_ptr<ReaderPool> long_readers_;
  std::unique_ptr<ReaderPool> plan_readers_;
  std::stop_source stop_;
  WatchHub hub_;
  SettledWaits waits_;
  Core core_;

  RunService runs_{core_};
  ApprovalService approvals_{core_};
  WorkflowService workflows_{core_};
  ScheduleService schedules_{core_};
  EventService events_{core_};
  ReportService reports_{core_};
  NotificationService notifications_{core_};
  AdminService admin_{core_};
  IdentityService identity_{core_};

  std::string address_;
  std::unique_ptr<grpc::Server> server_;
  std::optional<TlsWatch> tls_;  // of the guard, once it is there
  std::jthread guard_;
};

// Whether somebody answers on the socket. gRPC would take its name away from them, and they would
// remove it from us when they stop.
bool IsServed(const std::string& path) {
  const Descriptor client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return client.valid() &&
         connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

Error CannotListen(const std::string& address) {
  const std::string port = address.substr(address.rfind(':') + 1);
  const PortHolder holder = HolderOfPort(std::stoi(port));
  std::string message = "cannot listen on " + address + ": ";
  message +=
      holder.who.empty() ? "another process has it, or it may not be used" : holder.who + " has it";
  message += "; nothing was started, and every run is left as it is.\n";
  if (!holder.data.empty()) {
    message += "To use that server: recourse --data " + ShellWord(holder.data) + " info\n";
  }
  return Unavailable(message +
                     "To have the port, stop that process; to take another: --listen "
                     "127.0.0.1:7374, or port 0 for any free one (\"listen:\" in the "
                     "configuration)");
}

Result<void> GrpcServer::Listen(const ServerOptions& options) {
  if (options.socket.size() >= sizeof(sockaddr_un::sun_path)) {
    return InvalidArgument("the path of the local socket is longer than " +
                           std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                           " bytes: " + options.socket + "; set a shorter one with \"socket:\"");
  }
  if (!options.socket.empty() && IsServed(options.socket)) {
    return Unavailable("another server answers on the socket " + options.socket +
                       " and was left as it is; stop it, or name another socket with \"socket:\" "
                       "in the configuration");
  }
  grpc::ServerBuilder builder;
  // Two servers on one port would share its calls, without anybody noticing.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.streams_max);
  builder.SetMaxReceiveMessageSize(static_cast<int>(options.message_bytes_max));
  for (grpc::Service* service : std::initializer_list<grpc::Service*>{
           &runs_, &approvals_, &workflows_, &schedules_, &events_, &reports_, &notifications_,
           &admin_, &identity_}) {
    builder.RegisterService(service);
  }
  int port = 0;
  int socket_bound = 1;
  const auto plain = grpc::InsecureServerCredentials();
  if (options.tls) {
    if (auto usable = CheckTls(*options.tls); !usable) return std::move(usable).error();
    tls_.emplace(*options.tls);
    tls_->Look(core_.clock.Now());
  }
  builder.AddListeningPort(options.listen, options.tls ? TlsCredentials(*options.tls) : plain,
                           &port);
  if (!options.socket.empty()) {
    builder.AddListeningPort("unix:" + options.socket, plain, &socket_bound);
  }
  // Nobody else can open the socket, not even between its making and the change of its mode.
  const mode_t mask = umask(0177);
  server_ = builder.BuildAndStart();
  umask(mask);
  if (server_ == nullptr || port == 0 || socket_bound == 0) {
    return port == 0 ? CannotListen(options.listen)
                     : Unavailable("cannot listen on the socket " + options.socket +
                                   ": its directory may not be written; nothing was started. Name "
                                   "another with \"socket:\" in the configuration");
  }
  if (!options.socket.empty() && chmod(options.socket.c_str(), 0600) != 0) {
    return ErrnoError(errno, "keep others away from " + options.socket);
  }
  address_ = options.listen.substr(0, options.listen.rfind(':') + 1) + std::to_string(port);
  guard_ = std::jthread([this](const std::stop_token& stop) { Guard(stop); });
  return {};
}

void GrpcServer::Guard(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  for (std::int64_t round = 1; !stop.stop_requested(); ++round) {
    wake.wait_for(lock, stop, kRecheck, [] { return false; });
    hub_.Recheck();
    if (tls_) tls_->Look(core_.clock.Now());
    if (round % kRoundsPerSave != 0 && !stop.stop_requested()) continue;
    auto tokens = core_.principals.tokens();
    if (!tokens) continue;
    if (auto saved = (*tokens)->SaveUse(); !saved) {
      spdlog::warn("when tokens were used last: {}", saved.error().message);
    }
  }
}

void GrpcServer::Stop() {
  guard_.request_stop();
  // The ports close first: a client whose stream ends would otherwise come back at once to a server
  // that can only send it away again. Shutdown returns when the last call has ended, hence the
  // thread.
  std::thread shutdown([this] {
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now() + kStopGrace);
  });
  stop_.request_stop();
  core_.engine.RemoveListener(&hub_);
  hub_.Stop();
  readers_->Stop();
  long_readers_->Stop();
  plan_readers_->Stop();
  shutdown.join();
  server_.reset();
  if (guard_.joinable()) guard_.join();
}

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, runtime::Engine& engine,
                                              journal::Journal& journal, const Registry& registry,
                                              const Principals& principals, Reloader& reloader,
                                              const Clock& clock) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();

  auto readers = ReaderPool::Start(journal, options.readers, options.waiting_reads);
  if (!readers) return std::move(readers).error();
  auto long_readers = ReaderPool::Start(journal, 1, kLongReadsMax);
  if (!long_readers) return std::move(long_readers).error();
  auto plan_readers = ReaderPool::Start(journal, kPlansAtOnce, kPlansMax);
  if (!plan_readers) return std::move(plan_readers).error();
  auto server = std::make_unique<GrpcServer>(options, engine, journal, registry, principals,
                                             reloader, clock, *std::move(readers),
                                             *std::move(long_readers), *std::move(plan_readers));
  if (auto listening = server->Listen(options); !listening) return std::move(listening).error();
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace recourse::server

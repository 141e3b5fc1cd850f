#include "client/connection.h"

#include <grpc/support/log.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <utility>

#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/base/token.h"

namespace recourse::client {
namespace {

constexpr std::int64_t kPemMax = 1024 * 1024;
constexpr int kMessageBytesMax = 64 * 1024 * 1024;  // as the server's limits.message_bytes

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool HasServerFiles(const std::string& data) {
  struct stat info;
  return stat((data + "/recourse.sock").c_str(), &info) == 0 ||
         stat((data + "/operator.token").c_str(), &info) == 0;
}

// Those whose tokens lie in the data directory: "approver, operator".
std::string PrincipalsIn(const std::string& data) {
  std::set<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(data, ignored)) {
    if (entry.path().extension() == ".token") names.insert(entry.path().stem());
  }
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// As the server of this data directory was started last: with its configuration.
std::string HowToStart(const std::string& data) {
  auto line = ReadFile(data + "/started_with", 65536);
  if (!line || !line->starts_with("recoursed ")) return "recoursed --data " + data;
  return line->substr(0, line->find('\n'));
}

std::string NameOfUser(uid_t user) {
  const passwd* known = getpwuid(user);
  return known == nullptr ? std::to_string(user) : known->pw_name;
}

// What gRPC says of a connection with TLS that did not come about, in words of ours.
std::string WhyNoTls(const std::string& said, const Options& options) {
  // OpenSSL's reasons are written small and with spaces, or in capitals and joined.
  const auto says = [&](std::string_view words) {
    const auto same = [](char a, char b) {
      return a == '_' ? b == ' ' || b == '_' : a == std::tolower(static_cast<unsigned char>(b));
    };
    return std::search(said.begin(), said.end(), words.begin(), words.end(),
                       [&](char b, char a) { return same(a, b); }) != said.end();
  };
  if (says("wrong_version_number")) {
    return "what listens there does not speak TLS: leave --tls-ca out, or look at the port";
  }
  if (says("certificate_verify_failed")) {
    return "the server's certificate is not valid for " +
           (options.tls_ca.empty() ? std::string("this machine's authorities") : options.tls_ca) +
           ": another issuer, expired, or not valid yet";
  }
  if (says("hostname") || says("peer_name")) {
    return "the server's certificate is for another name than the one in --address";
  }
  if (says("alert_certificate") || says("certificate_required") || says("alert_bad_certificate") ||
      says("unknown_ca")) {
    return "the server refused the certificate of --tls-cert";
  }
  if (says("connection_refused")) return "nothing listens there";
  return said;
}

// The host of the address is this one.
bool IsHere(const std::string& address) {
  const std::string host = address.substr(0, address.rfind(':'));
  const bool loopback4 =
      host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
  return address.empty() || address.starts_with("unix:") || loopback4 || host == "localhost" ||
         host == "[::1]";
}

Result<std::shared_ptr<grpc::ChannelCredentials>> CredentialsOf(const Options& options) {
  const bool tls = !options.tls_ca.empty() || !options.tls_cert.empty() || !options.tls_key.empty();
  if (!tls) {
    if (IsHere(options.address) || options.insecure) return grpc::InsecureChannelCredentials();
    return FailedPrecondition(
        options.address +
        " is not on this host, and the token would cross the network in the clear"
        "\nsay who issued the server's certificate: --tls-ca FILE, or --tls-ca system"
        "\nor, where nobody can read along: --insecure");
  }
  if (options.address.empty()) {
    return InvalidArgument(
        "TLS is for an address: add --address HOST:PORT, or leave --tls-ca, "
        "--tls-cert and --tls-key for the local socket");
  }
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    return InvalidArgument("--tls-cert and --tls-key go together");
  }
  grpc::SslCredentialsOptions files;
  for (const auto& [path, into] : {std::pair(options.tls_ca, &files.pem_root_certs),
                                   std::pair(options.tls_cert, &files.pem_cert_chain),
                                   std::pair(options.tls_key, &files.pem_private_key)}) {
    if (path.empty() || (path == "system" && into == &files.pem_root_certs)) continue;
    auto pem = ReadFile(path, kPemMax);
    if (!pem) return std::move(pem).error().In("TLS");
    *into = *std::move(pem);
  }
  return grpc::SslCredentials(files);
}

}  // namespace

std::string HowToBeLetIn(const std::string& data, const std::string& token_file) {
  struct stat info;
  const bool known = stat(token_file.c_str(), &info) == 0 || stat(data.c_str(), &info) == 0;
  return std::string("\nrun it as the owner") +
         (known ? ", who is " + NameOfUser(info.st_uid) : " of that file") +
         "\nor with a token of your own: --token-file FILE; who has the role admin makes one with "
         "recourse tokens create PRINCIPAL";
}

Options WithEnvironment(Options options) {
  if (options.data.empty()) options.data = Environment("RECOURSE_DATA");
  if (options.address.empty()) options.address = Environment("RECOURSE_ADDRESS");
  if (options.token_file.empty()) options.token_file = Environment("RECOURSE_TOKEN_FILE");
  if (options.tls_ca.empty()) options.tls_ca = Environment("RECOURSE_TLS_CA");
  if (options.tls_cert.empty()) options.tls_cert = Environment("RECOURSE_TLS_CERT");
  if (options.tls_key.empty()) options.tls_key = Environment("RECOURSE_TLS_KEY");
  if (!options.insecure) options.insecure = Environment("RECOURSE_INSECURE") == "true";
  if (options.data.empty()) options.data = FindData();
  return options;
}

std::string FindData() {
  const std::string system = "/var/lib/recourse";
  const std::string state = Environment("XDG_STATE_HOME");
  const std::string home = Environment("HOME");
  const std::string own = !state.empty() ? state + "/recourse" : home + "/.local/state/recourse";
  // As the server chooses: see DefaultDataDirectory in server/config.h.
  const bool root = geteuid() == 0;
  const std::string& first = root ? system : own;
  const std::string& second = root ? own : system;
  return !HasServerFiles(first) && HasServerFiles(second) ? second : first;
}

std::string HowToReadOffline(const Options& options) {
  if (!options.address.empty()) return "";
  const std::string journal = std::filesystem::absolute(options.data).string() + "/journal.db";
  if (access(journal.c_str(), F_OK) != 0) return "";
  return "\nits journal can be read without it: recourse runs --file " + ShellWord(journal) +
         "\n(also show RUN, timeline RUN, journal show and journal verify)";
}

Result<void> Connection::ReadToken(const std::string& data) {
  const Options& options = options_;
  const std::string token_file =
      options.token_file.empty() ? data + "/" + options.principal + ".token" : options.token_file;
  if (options.token_file.empty()) {
    if (!options.tls_cert.empty()) return {};
    const bool is_there = access(token_file.c_str(), F_OK) == 0 || errno != ENOENT;
    const bool has_socket = access((data + "/recourse.sock").c_str(), F_OK) == 0;
    if (!is_there && options.address.empty() && has_socket &&
        options.principal == Options().principal) {
      return {};
    }
  }
  auto token = ReadFile(token_file, 4096);
  if (!token) {
    const std::string known = options.token_file.empty() ? PrincipalsIn(data) : "";
    Error error = std::move(token).error().In("cannot read the token of " + options.principal);
    if (error.code == Code::kPermissionDenied) {
      error.message += HowToBeLetIn(data, token_file);
    } else if (!known.empty()) {
      error.message += "\nthere are tokens of: " + known + " (choose one with --as NAME)";
    } else {
      error.message += "\nthe server makes its tokens when it first starts: " + HowToStart(data) +
                       "\nor say where they are: --data DIRECTORY, or --token-file FILE";
    }
    return error;
  }
  token = TokenIn(*token);
  if (!token) {
    return std::move(token).error().In("cannot use the token of " + options.principal + " in " +
                                       token_file);
  }
  token_ = *std::move(token);
  return {};
}

Result<Connection> Connection::Open(const Options& options) {
  Connection connection;
  connection.options_ = options;
  // Its own lines would stand on the terminal beside what is said below; GRPC_VERBOSITY asks for
  // them.
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
  // gRPC and the messages below want one spelling of it, whatever the current directory.
  const std::string data =
      options.data.empty() ? std::string() : std::filesystem::absolute(options.data).string();
  auto credentials = CredentialsOf(options);
  if (!credentials) return std::move(credentials).error();
  if (auto read = connection.ReadToken(data); !read) return std::move(read).error();
  std::string target = options.address;
  if (target.empty()) {
    target = "unix:" + data + "/recourse.sock";
    connection.where_ = "the socket " + data + "/recourse.sock";
  } else {
    connection.where_ = target;
  }
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // How long a server may take to answer a new connection, however busy the machine is; one that is
  // not there is told at once.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 10'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  // A proxy in the environment is for the outside, not for a server on this host.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // What a server has stored can be shown, whatever its limits allow in one message.
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  connection.channel_ = grpc::CreateCustomChannel(target, *credentials, arguments);
  connection.runs_ = v1::RunService::NewStub(connection.channel_);
  connection.approvals_ = v1::ApprovalService::NewStub(connection.channel_);
  connection.workflows_ = v1::WorkflowService::NewStub(connection.channel_);
  connection.schedules_ = v1::ScheduleService::NewStub(connection.channel_);
  connection.events_ = v1::EventService::NewStub(connection.channel_);
  connection.reports_ = v1::ReportService::NewStub(connection.channel_);
  connection.admin_ = v1::AdminService::NewStub(connection.channel_);
  connection.notifications_ = v1::NotificationService::NewStub(connection.channel_);
  connection.identity_ = v1::IdentityService::NewStub(connection.channel_);
  return connection;
}

Result<Connection> Connection::With(const std::string& token) const {
  auto carried = TokenIn(token);
  if (!carried) return std::move(carried).error();
  Connection other = *this;
  other.token_ = *std::move(carried);
  return other;
}

std::unique_ptr<grpc::ClientContext> Connection::NewContext(
    std::optional<std::chrono::milliseconds> timeout) const {
  auto context = std::make_unique<grpc::ClientContext>();
  if (timeout) context->set_deadline(std::chrono::system_clock::now() + *timeout);
  if (!token_.empty()) context->AddMetadata("authorization", "Bearer " + token_);
  return context;
}

bool Connection::WaitUntilServing(std::chrono::milliseconds patience) const {
  return channel_->WaitForConnected(std::chrono::system_clock::now() + patience);
}

Error Connection::ErrorOf(const grpc::Status& status) const {
  const auto code = static_cast<Code>(status.error_code());
  const bool reached = channel_->GetState(false) == GRPC_CHANNEL_READY;
  if (code == Code::kUnavailable && !reached) {
    if (!options_.tls_ca.empty() || !options_.tls_cert.empty()) {
      return Unanswered("no server answers at " + where_ + " with TLS as this side has it: " +
                        WhyNoTls(status.error_message(), options_) +
                        "\nlook at --tls-ca (who issued the server's certificate?), at the name in "
                        "--address (does the certificate have it?), and at --tls-cert");
    }
    const bool here = options_.address.empty();
    return Unanswered(
        "no server answers at " + where_ +
        (here ? "\nstart one with: " + HowToStart(options_.data) + "\nor say" : "\nsay") +
        " where it is: --data DIRECTORY, or --address HOST:PORT" +
        (here ? "" : "\nif it speaks TLS: --tls-ca FILE, the certificate of its issuer") +
        HowToReadOffline(options_));
  }
  if (code == Code::kDeadlineExceeded) {
    return Unanswered("the server at " + where_ + " has not answered within " +
                      HumanDuration(options_.timeout.value_or(kTimeout)) +
                      "\nwhat was asked may still be done: look before you ask again"
                      "\nto wait longer: --timeout 5m");
  }
  return {code, status.error_message()};
}

Error Connection::Unanswered(std::string message) const {
  *unanswered_ = true;
  return Unavailable(std::move(message));
}

}  // namespace recourse::client

#include "tests/integration/systems/parts.h"

#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <sstream>
#include <string_view>

#include "engine/base/file.h"

namespace recourse::integration {
namespace {

namespace fs = std::filesystem;

void WriteText(const std::string& path, const std::string& text) {
  fs::create_directories(fs::path(path).parent_path());
  REQUIRE(WriteFileAtomically(path, text, 0644));
}

std::string WithoutLineEnd(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

const sockaddr* Generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// A socket of this process that is connected to the port, or none.
Descriptor ConnectTo(int port) {
  Descriptor client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = Loopback(port);
  if (connect(client.get(), Generic(address), sizeof address) != 0) return {};
  return client;
}

// A mail with its body decoded, as a reader shows it.
std::string Readable(const std::string& mail) {
  const auto body = mail.find("\n\n");
  if (body == std::string::npos || mail.find("Encoding: base64") == std::string::npos) return mail;
  std::string text = mail.substr(0, body + 2);
  unsigned bits = 0;
  int count = 0;
  for (const char letter : mail.substr(body)) {
    static constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const auto value = kAlphabet.find(letter);
    if (value == std::string_view::npos) continue;
    bits = bits << 6 | static_cast<unsigned>(value);
    if (++count % 4 != 1) text += static_cast<char>(bits >> (2 * (3 - (count - 1) % 4)) & 0xff);
  }
  return text;
}

// Asks it to end, and waits until it has.
void EndWith(Program& program, int signal) {
  program.Signal(signal);
  CHECK(program.WaitForEnd(30s));
}

}  // namespace

int FreePort() {
  static std::atomic<int> next = 20'000 + getpid() * 13 % 12'000;
  for (;;) {
    const int port = next++;
    const Descriptor probe(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = Loopback(port);
    if (bind(probe.get(), Generic(address), sizeof address) == 0) return port;
  }
}

Finished RunIn(const std::string& directory, const std::vector<std::string>& arguments,
               const Environment& environment) {
  static std::atomic<int> runs = 0;
  fs::create_directories(directory);
  return Run(arguments, directory + "/ran-" + std::to_string(runs++), environment);
}

HttpAnswer HttpGet(int port, const std::string& path) {
  const Descriptor client = ConnectTo(port);
  if (!client.valid()) return {};
  const std::string request =
      "GET " + path + " HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
  if (send(client.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return {};
  std::string answer;
  char bytes[4096];
  for (ssize_t count = 0; (count = read(client.get(), bytes, sizeof bytes)) > 0;) {
    answer.append(bytes, static_cast<std::size_t>(count));
  }
  const auto body = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/") || body == std::string::npos) return {};
  return {std::stoi(answer.substr(answer.find(' '))), answer.substr(body + 4)};
}

bool MountSmallDisk(const std::string& directory, const std::string& options) {
  return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
         mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("tmpfs", directory.c_str(), "tmpfs", 0, options.c_str()) == 0;
}

PortThief::PortThief(int port) {
  thief_ = std::thread([this, port] {
    const Descriptor server(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int yes = 1;
    setsockopt(server.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const sockaddr_in address = Loopback(port);
    bool mine = false;
    while (!over_) {
      mine = mine || (bind(server.get(), Generic(address), sizeof address) == 0 &&
                      listen(server.get(), 1) == 0);
      poll(nullptr, 0, 1);
    }
  });
}

PortThief::~PortThief() {
  over_ = true;
  thief_.join();
}

RedisServer::RedisServer(const std::string& directory, int port)
    : directory_(directory), port_(port) {
  fs::create_directories(directory_);
  Start();
}

void RedisServer::Start() {
  program_ = std::make_unique<Program>(
      std::vector<std::string>{"/usr/bin/redis-server", "--port", std::to_string(port_), "--bind",
                               "127.0.0.1", "--dir", directory_, "--save", "", "--appendonly", "no",
                               "--daemonize", "no"},
      directory_ + "/redis");
  Eventually("Redis answers", [this] { return Ask({"PING"}) == "PONG"; });
}

void RedisServer::Stop() {
  EndWith(*program_, SIGTERM);
  program_.reset();
}

std::string RedisServer::Ask(const std::vector<std::string>& command) const {
  std::vector<std::string> arguments = {"/usr/bin/redis-cli", "-e", "-p", std::to_string(port_)};
  arguments.insert(arguments.end(), command.begin(), command.end());
  return WithoutLineEnd(RunIn(directory_, arguments).out);
}

std::string RedisServer::Keys() const {
  std::istringstream names(
      Ask({"--raw", "EVAL", "local k = redis.call('KEYS', '*'); table.sort(k); return k", "0"}));
  std::string text;
  for (std::string name; std::getline(names, name);) {
    text += (text.empty() ? "" : " ") + name + "=" + Ask({"GET", name});
  }
  return text;
}

NginxServer::NginxServer(const std::string& directory, int app_port, int port)
    : directory_(directory),
      app_port_(app_port),
      port_(port),
      configuration_(directory + "/nginx.conf"),
      pid_file_(directory + "/nginx.pid"),
      error_log_(directory + "/error.log") {
  WriteText(configuration_, ConfigurationText("1"));
  program_ =
      std::make_unique<Program>(std::vector<std::string>{"/usr/sbin/nginx", "-p", directory_, "-c",
                                                         configuration_, "-e", error_log_},
                                directory_ + "/nginx");
  Eventually("nginx answers", [this] { return HttpGet(port_, "/nginx-version").status == 200; });
}

NginxServer::~NginxServer() { EndWith(*program_, SIGTERM); }

std::string NginxServer::ConfigurationText(const std::string& version) const {
  std::string temporary;
  for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    temporary += std::string(kind) + "_temp_path " + directory_ + "/" + kind + ";\n";
  }
  return "daemon off; worker_processes 1; pid " + pid_file_ + "; error_log " + error_log_ +
         " warn;\nevents { worker_connections 64; }\nhttp {\naccess_log off;\n" + temporary +
         "server { listen 127.0.0.1:" + std::to_string(port_) +
         ";\n  location = /nginx-version { return 200 '" + version +
         "'; }\n  location / { proxy_pass http://127.0.0.1:" + std::to_string(app_port_) +
         "; }\n} }\n";
}

std::string NginxServer::Resource() const {
  return "nginx: {binary: /usr/sbin/nginx, configuration: " + configuration_ +
         ", pid_file: " + pid_file_ + ", error_log: " + error_log_ + ", prefix: " + directory_ +
         "}\n";
}

SupervisorServer::SupervisorServer(const std::string& directory, const std::vector<Member>& members)
    : directory_(directory), socket_(directory + "/supervisor.sock") {
  std::string text = "[supervisord]\nnodaemon=true\nlogfile=" + directory_ +
                     "/supervisord.log\npidfile=" + directory_ + "/supervisord.pid\n" +
                     "[unix_http_server]\nfile=" + socket_ +
                     "\n[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = "
                     "supervisor.rpcinterface:make_main_rpcinterface\n";
  for (const Member& member : members) {
    text += "[program:" + member.name + "]\ncommand=" + member.command +
            "\nautostart=false\nautorestart=false\nstartsecs=0\nstopasgroup=true\n" +
            "stdout_logfile=" + directory_ + "/" + member.name + ".log\nredirect_stderr=true\n";
    if (!member.user.empty()) text += "user=" + member.user + "\n";
  }
  WriteText(directory_ + "/supervisord.conf", text);
  program_ =
      std::make_unique<Program>(std::vector<std::string>{"/usr/bin/python3", "/usr/bin/supervisord",
                                                         "-c", directory_ + "/supervisord.conf"},
                                directory_ + "/supervisord");
  Eventually("supervisord listens", [this] { return fs::exists(socket_); });
}

// TERM has it end its programs first.
SupervisorServer::~SupervisorServer() { EndWith(*program_, SIGTERM); }

std::string SupervisorServer::StateOf(const std::string& name) const {
  const Finished said = RunIn(directory_, {"/usr/bin/python3", "/usr/bin/supervisorctl", "-s",
                                           "unix://" + socket_, "status", name});
  std::istringstream words(said.out);
  std::string program;
  std::string state;
  words >> program >> state;
  return state;
}

MailServer::MailServer(const std::string& directory, int port)
    : mails_(directory + "/mails/new"), port_(port) {
  fs::create_directories(directory);
  program_ = std::make_unique<Program>(
      std::vector<std::string>{"/usr/bin/python3", "-m", "aiosmtpd", "-n", "-l",
                               "127.0.0.1:" + std::to_string(port), "-c",
                               "aiosmtpd.handlers.Mailbox", directory + "/mails"},
      directory + "/smtp");
}

std::vector<std::string> MailServer::Mails() const {
  std::vector<std::string> mails;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(mails_, none)) {
    mails.push_back(Readable(*ReadFile(entry.path().string(), 1 << 20)));
  }
  return mails;
}

std::string MailServer::MailWith(const std::vector<std::string>& texts) const {
  std::string found;
  Eventually("a mail with \"" + texts.front() + "\"", [&] {
    for (const std::string& mail : Mails()) {
      bool all = true;
      for (const std::string& text : texts) all = all && mail.find(text) != std::string::npos;
      if (all) found = mail;
    }
    return !found.empty();
  });
  return found;
}

}  // namespace recourse::integration

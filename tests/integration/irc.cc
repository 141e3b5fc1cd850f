#include "tests/integration/irc.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <sstream>

#include "tests/integration/certificates.h"

namespace recourse::integration {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

Descriptor ConnectTo(int port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = Loopback(port);
  const bool connected =
      connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  return connected ? std::move(socket) : Descriptor();
}

}  // namespace

int FreePort() {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = Loopback(0);
  REQUIRE(bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  socklen_t size = sizeof(address);
  REQUIRE(getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return ntohs(address.sin_port);
}

IrcServer::IrcServer(const Folder& folder, bool tls) : port_(FreePort()) {
  const std::string config = folder.Write(
      "ngircd.conf", "[Global]\nName = irc.example.net\nInfo = test\nListen = 127.0.0.1\nPorts = " +
                         std::to_string(port_) + "\nServerUID = " + std::to_string(getuid()) +
                         "\nServerGID = " + std::to_string(getgid()) + (tls ? Tls(folder) : "") +
                         "\n[Limits]\nMaxConnectionsIP = 0\nMaxJoins = 0\nMaxPenaltyTime = 0\n"
                         "[Options]\nIdent = no\nDNS = no\nPAM = no\n");
  program_ = std::make_unique<Program>(
      std::vector<std::string>{"/usr/sbin/ngircd", "-n", "-f", config}, folder / "ngircd");
  Eventually("the IRC server takes connections", [&] { return ConnectTo(port_).valid(); });
}

std::string IrcServer::Tls(const Folder& folder) {
  tls_port_ = FreePort();
  const Authority authority("irc");
  const Pem pem =
      authority.Issue({.common_name = "irc.example.net", .alternative_names = {"IP:127.0.0.1"}});
  ca_file_ = folder.Write("irc-ca.pem", authority.certificate());
  return "\n[SSL]\nCertFile = " + folder.Write("irc.pem", pem.certificate) +
         "\nKeyFile = " + folder.Write("irc.key", pem.key) +
         "\nPorts = " + std::to_string(tls_port_);
}

IrcPerson::IrcPerson(const IrcServer& server, const std::string& nick, const std::string& channel)
    : channel_(channel), socket_(ConnectTo(server.port())) {
  REQUIRE(socket_.valid());
  Send("NICK " + nick);
  Send("USER " + nick + " 0 * :" + nick);
  WaitFor(" 001 ");
  Send("JOIN " + channel);
  WaitFor(" 366 ");
}

void IrcPerson::Send(const std::string& line) {
  const std::string bytes = line + "\r\n";
  REQUIRE(send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(bytes.size()));
}

void IrcPerson::Read() {
  char buffer[4096];
  for (;;) {
    const ssize_t count = recv(socket_.get(), buffer, sizeof(buffer), MSG_DONTWAIT);
    if (count <= 0) break;
    heard_.append(buffer, static_cast<std::size_t>(count));
  }
  if (const auto ping = heard_.rfind("\r\nPING "); ping != std::string::npos) {
    heard_.replace(ping + 2, 4, "ping");
    Send("PONG :irc.example.net");
  }
}

bool IrcPerson::SeesBot() {
  std::istringstream lines(Heard());
  bool there = false;
  for (std::string line; std::getline(lines, line);) {
    const bool names = line.find(" 353 ") != std::string::npos;  // those who were there before
    if (names && line.find("recourse") != std::string::npos) there = true;
    if (!line.starts_with(":recourse!")) continue;
    if (line.find(" JOIN ") != std::string::npos) there = true;
    if (line.find(" QUIT ") != std::string::npos) there = false;
  }
  return there;
}

std::string IrcPerson::WaitFor(const std::string& part) {
  const std::string line = Hears(part, 30s);
  INFO("\"" << part << "\" is not said; what is:\n" << heard_);
  REQUIRE_FALSE(line.empty());
  return line;
}

std::string IrcPerson::Hears(const std::string& part, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    Read();
    const auto at = heard_.find(part, seen_);
    const auto end = at == std::string::npos ? at : heard_.find("\r\n", at);
    if (end != std::string::npos) {
      const auto begin = heard_.rfind("\r\n", at);
      seen_ = end;
      return heard_.substr(begin == std::string::npos ? 0 : begin + 2,
                           end - (begin == std::string::npos ? 0 : begin + 2));
    }
    if (std::chrono::steady_clock::now() > deadline) return "";
    pollfd one{socket_.get(), POLLIN, 0};
    poll(&one, 1, 100);
  }
}

std::string IrcPerson::Heard() {
  Read();
  return heard_;
}

}  // namespace recourse::integration

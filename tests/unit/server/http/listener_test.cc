#include "server/http/listener.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <chrono>

#include "engine/base/file.h"

namespace recourse::server::http {
namespace {

// A client that sends what it is told, byte for byte.
class Client {
 public:
  explicit Client(const std::string& address) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in server = {};
    server.sin_family = AF_INET;
    server.sin_port = htons(std::stoi(address.substr(address.rfind(':') + 1)));
    inet_pton(AF_INET, "127.0.0.1", &server.sin_addr);
    REQUIRE(connect(socket_.get(), reinterpret_cast<sockaddr*>(&server), sizeof(server)) == 0);
  }
  // False: the server takes no more.
  bool Send(const std::string& bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const auto count =
          send(socket_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return false;
      sent += static_cast<std::size_t>(count);
    }
    return true;
  }
  // What the server answers until it closes.
  std::string Rest() {
    std::string all;
    char buffer[4096];
    for (ssize_t count; (count = recv(socket_.get(), buffer, sizeof(buffer), 0)) > 0;) {
      all.append(buffer, static_cast<std::size_t>(count));
    }
    return all;
  }
  std::string Ask(const std::string& bytes) {
    (void)Send(bytes);
    return Rest();
  }

 private:
  Descriptor socket_;
};

// Answers the length of what is posted to /length.
std::unique_ptr<Listener> Serving(std::chrono::milliseconds patience = std::chrono::seconds(10),
                                  int threads = 2) {
  auto listener =
      Listener::Start({"127.0.0.1:0", {}, threads, patience}, [](httplib::Server& server) {
        server.Post("/length", [](const auto& request, auto& response) {
          AnswerJson(response, 200, std::to_string(request.body.size()));
        });
        server.Post("/throws", [](const auto&, auto&) { throw std::runtime_error("a secret"); });
      });
  if (!listener) FAIL(listener.error().message);
  return *std::move(listener);
}

std::string Post(const std::string& path, const std::string& head, const std::string& body) {
  return "POST " + path + " HTTP/1.1\r\nHost: x\r\n" + head + "\r\n" + body;
}
std::string WithLength(const std::string& path, const std::string& body) {
  return Post(path, "Content-Length: " + std::to_string(body.size()) + "\r\n", body);
}
int StatusOf(const std::string& answer) {
  return answer.starts_with("HTTP/1.1 ") ? std::stoi(answer.substr(9)) : 0;
}

}  // namespace

TEST_CASE("a request is answered, and the connection closed", "[http]") {
  const auto listener = Serving();
  const std::string answer = Client(listener->address()).Ask(WithLength("/length", "hello"));
  CHECK(StatusOf(answer) == 200);
  CHECK(answer.ends_with("\r\n\r\n5"));
  CHECK(answer.find("Connection: close") != std::string::npos);
}

TEST_CASE("what is not understood has an answer that says why", "[http]") {
  const auto listener = Serving();
  const auto ask = [&](const std::string& request) {
    return Client(listener->address()).Ask(request);
  };
  CHECK(StatusOf(ask(WithLength("/nothing", ""))) == 404);
  CHECK(StatusOf(ask("GET /length HTTP/1.1\r\nHost: x\r\n\r\n")) == 404);
  CHECK(StatusOf(ask(Post("/length", "", ""))) == 411);
  CHECK(StatusOf(ask(Post("/length", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"))) == 411);
  CHECK(StatusOf(ask(Post("/length", "Content-Length: 1\r\nContent-Encoding: gzip\r\n", "x"))) ==
        415);
  CHECK(StatusOf(ask(Post("/length", "Content-Length: -1\r\n", ""))) == 400);
  CHECK(StatusOf(ask(Post("/length", "Content-Length: 99999999999999999999\r\n", ""))) == 413);
  CHECK(StatusOf(ask("\x16\x03\x01 this is TLS\r\n\r\n")) == 400);
  CHECK(ask(WithLength("/nothing", "")).find(R"({"error":"there is nothing here"})") !=
        std::string::npos);

  const std::string thrown = ask(WithLength("/throws", ""));
  CHECK(StatusOf(thrown) == 503);
  CHECK(thrown.find("secret") == std::string::npos);
}

TEST_CASE("a body that is too large is refused unread", "[http]") {
  const auto listener = Serving();
  Client client(listener->address());
  CHECK(StatusOf(client.Ask(Post("/length", "Content-Length: 1048577\r\n", "begins"))) == 413);
  const std::string most(kBodyMax, 'x');
  CHECK(Client(listener->address()).Ask(WithLength("/length", most)).ends_with("1048576"));
}

TEST_CASE("no line makes the server take more than a request may have", "[http]") {
  const auto listener = Serving();
  for (const std::string begin : {"", "POST /", "POST /length HTTP/1.1\r\nX: "}) {
    Client client(listener->address());
    const std::string piece(1 << 20, 'a');
    bool taken = client.Send(begin);
    int pieces = 0;
    while (taken && pieces < 64) {
      taken = client.Send(piece);
      ++pieces;
    }
    INFO(begin);
    CHECK(pieces < 64);
  }
  std::string many = "POST /length HTTP/1.1\r\n";
  for (int i = 0; i < 100'000; ++i) many += "A: b\r\n";
  (void)Client(listener->address()).Ask(many + "\r\n");
  std::string ranges = "Range: bytes=0-1";
  while (ranges.size() < 8000) ranges += ",0-1";
  CHECK(StatusOf(Client(listener->address())
                     .Ask(Post("/length", ranges + "\r\nContent-Length: 1\r\n", "x"))) != 0);
  CHECK(StatusOf(Client(listener->address()).Ask(WithLength("/length", ""))) == 200);
}

TEST_CASE("who sends nothing, or byte by byte, holds no thread for long", "[http]") {
  const auto listener = Serving(std::chrono::milliseconds(200), 1);
  Client silent(listener->address());
  Client slow(listener->address());
  CHECK(slow.Send("POST /length HT"));
  CHECK(StatusOf(Client(listener->address()).Ask(WithLength("/length", ""))) == 200);
  CHECK(silent.Rest() == "");
}

TEST_CASE("a stop ends connections that wait", "[http]") {
  const auto listener = Serving(std::chrono::hours(1));
  Client client(listener->address());
  CHECK(client.Send("POST /length HT"));
  listener->Stop();
  CHECK(StatusOf(client.Rest()) != 200);
  listener->Stop();
}

TEST_CASE("two servers cannot have one port", "[http]") {
  const auto listener = Serving();
  const auto second = Listener::Start({listener->address()}, [](httplib::Server&) {});
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Code::kUnavailable);
  CHECK(second.error().message.find("cannot listen on " + listener->address()) == 0);
}

}  // namespace recourse::server::http

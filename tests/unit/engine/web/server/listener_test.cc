#include "engine/web/server/listener.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <vector>

#include "engine/base/file.h"

namespace recourse::web {
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
  // How often TCP had to ask again, a second or more later each time, because nobody took it.
  std::uint32_t AskedAgain() const {
    tcp_info info = {};
    socklen_t size = sizeof(info);
    REQUIRE(getsockopt(socket_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0);
    return info.tcpi_total_retrans;
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
  // What has come, at least something.
  std::string Some() {
    char buffer[4096];
    const ssize_t count = recv(socket_.get(), buffer, sizeof(buffer), 0);
    return count > 0 ? std::string(buffer, static_cast<std::size_t>(count)) : "";
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
  auto listener = Listener::Start(
      {.listen = "127.0.0.1:0", .threads = threads, .patience = patience},
      [](httplib::Server& server) {
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

TEST_CASE("hundreds who connect at once are all taken at once", "[web]") {
  const auto listener = Serving();
  std::vector<std::unique_ptr<Client>> clients;
  std::uint32_t again = 0;
  for (int i = 0; i < 300; ++i) {
    again += clients.emplace_back(std::make_unique<Client>(listener->address()))->AskedAgain();
  }
  CHECK(again == 0);
}

TEST_CASE("a request is answered, and the connection closed", "[web]") {
  const auto listener = Serving();
  const std::string answer = Client(listener->address()).Ask(WithLength("/length", "hello"));
  CHECK(StatusOf(answer) == 200);
  CHECK(answer.ends_with("\r\n\r\n5"));
  CHECK(answer.find("Connection: close") != std::string::npos);
}

TEST_CASE("what is not understood has an answer that says why", "[web]") {
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

TEST_CASE("of two headers that should be one none counts", "[web]") {
  const auto listener = Serving();
  const std::string address = listener->address();
  for (const char* twice :
       {"Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length: 2\r\nContent-Length: 3\r\n",
        "Content-Length: 2\r\nAuthorization: a\r\nauthorization: b\r\n"}) {
    CHECK(StatusOf(Client(address).Ask(Post("/length", twice, "hi"))) == 400);
  }
}

TEST_CASE("a body that is too large is refused unread", "[web]") {
  const auto listener = Serving();
  Client client(listener->address());
  CHECK(StatusOf(client.Ask(Post("/length", "Content-Length: 1048577\r\n", "begins"))) == 413);
  const std::string most(1 << 20, 'x');
  CHECK(Client(listener->address()).Ask(WithLength("/length", most)).ends_with("1048576"));
}

TEST_CASE("no line makes the server take more than a request may have", "[web]") {
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

TEST_CASE("who sends nothing, or byte by byte, holds no thread for long", "[web]") {
  const auto listener = Serving(std::chrono::milliseconds(200), 1);
  Client silent(listener->address());
  Client slow(listener->address());
  CHECK(slow.Send("POST /length HT"));
  CHECK(StatusOf(Client(listener->address()).Ask(WithLength("/length", ""))) == 200);
  CHECK(silent.Rest() == "");
}

TEST_CASE("hundreds who send slowly or nothing keep nobody from being served", "[web]") {
  const auto listener = Serving(std::chrono::hours(1), 1);
  std::vector<std::unique_ptr<Client>> idle;
  for (int i = 0; i < 400; ++i) {
    idle.push_back(std::make_unique<Client>(listener->address()));
    CHECK(idle.back()->Send(
        i % 2 == 0 ? "" : "POST /length HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf"));
  }
  CHECK(StatusOf(Client(listener->address()).Ask(WithLength("/length", ""))) == 200);
  // An address has so many places: who came first has gone.
  CHECK(idle.front()->Rest() == "");
}

TEST_CASE("who does not close after the answer holds no thread", "[web]") {
  const auto listener = Serving(std::chrono::hours(1), 1);
  std::vector<std::unique_ptr<Client>> open;
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) {
    open.push_back(std::make_unique<Client>(listener->address()));
    CHECK(open.back()->Send(WithLength("/length", "")));
  }
  CHECK(StatusOf(Client(listener->address()).Ask(WithLength("/length", ""))) == 200);
  // A second each would be what a thread that waits for them takes.
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(10));
}

TEST_CASE("a part of an answer is not to be had", "[web]") {
  const auto listener = Serving();
  const auto ask = [&](const std::string& path, const std::string& range) {
    return Client(listener->address())
        .Ask(Post(path, "Range: " + range + "\r\nContent-Length: 2\r\n", "xx"));
  };
  CHECK(StatusOf(ask("/nothing", "bytes=0-1")) == 404);
  CHECK(StatusOf(ask("/nothing", "bytes=9-1")) == 404);
  CHECK(StatusOf(ask("/length", "bytes=7-9")) == 200);
}

TEST_CASE("who waits for leave to send a body gets it", "[web]") {
  const auto listener = Serving();
  Client client(listener->address());
  CHECK(client.Send(Post("/length", "Expect: 100-continue\r\nContent-Length: 5\r\n", "")));
  CHECK(client.Some() == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(client.Send("hello"));
  CHECK(client.Rest().ends_with("\r\n\r\n5"));
  CHECK(StatusOf(Client(listener->address())
                     .Ask(Post("/length", "Expect: 100-continue\r\nContent-Length: 5000000\r\n",
                               ""))) == 413);
}

TEST_CASE("who does not say who he is is refused while all threads are busy", "[web]") {
  std::promise<void> over;
  const std::shared_future<void> until = over.get_future().share();
  const auto listener =
      Listener::Start({.listen = "127.0.0.1:0", .threads = 1, .unnamed_at_once = true},
                      [&until](httplib::Server& server) {
                        server.Get("/slow", [&until](const auto&, auto& response) {
                          until.wait();
                          AnswerJson(response, 200, "{}");
                        });
                      });
  REQUIRE(listener);
  const std::string address = (*listener)->address();
  Client slow(address);
  REQUIRE(slow.Send("GET /slow HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\n\r\n"));
  Client named(address);
  REQUIRE(named.Send("GET /none HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\n\r\n"));
  for (int i = 0; i < 3; ++i)
    CHECK(StatusOf(Client(address).Ask("GET /none HTTP/1.1\r\nHost: x\r\n\r\n")) == 404);
  over.set_value();
  CHECK(StatusOf(slow.Rest()) == 200);
  CHECK(StatusOf(named.Rest()) == 404);
}

TEST_CASE("a request can be refused by its head", "[web]") {
  const auto listener = Listener::Start(
      {.listen = "127.0.0.1:0", .body_max = 10}, [](httplib::Server&) {},
      [](const httplib::Request& request, httplib::Response& response) {
        if (request.path != "/closed") return false;
        AnswerJson(response, 403, "{}");
        return true;
      });
  REQUIRE(listener);
  CHECK(StatusOf(Client((*listener)->address()).Ask(WithLength("/closed", "x"))) == 403);
  CHECK(StatusOf(Client((*listener)->address()).Ask(WithLength("/other", "x"))) == 404);
  CHECK(StatusOf(Client((*listener)->address()).Ask(WithLength("/closed", "more than ten"))) ==
        413);
}

TEST_CASE("an address that is none is told so", "[web]") {
  for (const std::string listen : {"", "8081", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:x"}) {
    const auto listener = Listener::Start({.listen = listen}, [](httplib::Server&) {});
    REQUIRE_FALSE(listener);
    CHECK(listener.error().code == Code::kInvalidArgument);
  }
}

TEST_CASE("a stop ends connections that wait", "[web]") {
  const auto listener = Serving(std::chrono::hours(1));
  Client client(listener->address());
  CHECK(client.Send("POST /length HT"));
  listener->Stop();
  CHECK(StatusOf(client.Rest()) != 200);
  listener->Stop();
}

TEST_CASE("two servers cannot have one port", "[web]") {
  const auto listener = Serving();
  const auto second = Listener::Start({.listen = listener->address()}, [](httplib::Server&) {});
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Code::kUnavailable);
  CHECK(second.error().message.find("cannot listen on " + listener->address()) == 0);
}

}  // namespace recourse::web

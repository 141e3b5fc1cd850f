#include "client/chatops/web/http_entry.h"

#include <algorithm>

#include "engine/web/server/listener.h"

namespace recourse::chatops::web {
namespace {

namespace http = recourse::web;

constexpr std::int64_t kBodyMax = 256 * 1024;
constexpr int kThreads = 64;  // mostly waiting for the core

EntryRequest AsEntry(const httplib::Request& request) {
  return {
      request.path, [&request](const char* name) { return request.get_header_value(name); }, {}};
}

void Answer(const EntryReply& reply, httplib::Response& response) {
  response.status = reply.status;
  response.set_content(reply.body, reply.content_type.c_str());
}

EntryReply Plain(int status, std::string text) {
  return {status, std::move(text) + "\n", "text/plain; charset=utf-8"};
}

}  // namespace

HttpEntry::HttpEntry(std::vector<std::string> paths, Refuse refuse, Handle handle)
    : paths_(std::move(paths)), refuse_(std::move(refuse)), handle_(std::move(handle)) {}

HttpEntry::~HttpEntry() { Stop(); }

Result<int> HttpEntry::Start(const std::string& listen) {
  const auto routes = [this](httplib::Server& server) {
    // Read here and not by the library, which takes forms of at most 8 KiB.
    server.Post(".*", [this](const httplib::Request& request, httplib::Response& response,
                             const httplib::ContentReader& read) {
      EntryRequest entry = AsEntry(request);
      const bool complete = read([&](const char* data, std::size_t size) {
        entry.body.append(data, size);
        return true;
      });
      if (!complete) return Answer(Plain(400, "the body is not complete"), response);
      Answer(handle_(entry), response);
    });
  };
  const auto refuse = [this](const httplib::Request& request, httplib::Response& response) {
    std::optional<EntryReply> refused;
    if (std::find(paths_.begin(), paths_.end(), request.path) == paths_.end()) {
      refused = Plain(404, "nothing is served here");
    } else if (request.method != "POST") {
      refused = Plain(405, "only POST is served here");
    } else {
      refused = refuse_(AsEntry(request));
    }
    if (refused) Answer(*refused, response);
    return refused.has_value();
  };
  auto listener = http::Listener::Start(
      {.listen = listen, .threads = kThreads, .body_max = kBodyMax}, routes, refuse);
  if (!listener) return std::move(listener).error().In("listen");
  listener_ = *std::move(listener);
  return listener_->port();
}

Result<void> TryListen(const std::string& listen) {
  auto listener = http::Listener::Start({.listen = listen, .threads = 1}, [](httplib::Server&) {});
  return listener ? Result<void>() : std::move(listener).error().In("listen");
}

void HttpEntry::Stop() {
  if (listener_ != nullptr) listener_->Stop();
}

}  // namespace recourse::chatops::web

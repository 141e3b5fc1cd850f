// Where a vendor's requests come in: POST to a few paths.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/error.h"

namespace recourse::web {
class Listener;
}

namespace recourse::chatops::web {

struct EntryRequest {
  std::string path;
  std::function<std::string(const char* name)> header;  // empty when the request has none
  std::string body;                                     // at most 256 KiB
};

struct EntryReply {
  int status = 200;
  std::string body;
  std::string content_type = "application/json; charset=utf-8";
};

// Whether something could be served there now. Errors as HttpEntry::Start.
Result<void> TryListen(const std::string& listen);

class HttpEntry {
 public:
  // What is wrong with a request as far as its headers tell, before its body is looked at.
  using Refuse = std::function<std::optional<EntryReply>(const EntryRequest&)>;
  using Handle = std::function<EntryReply(const EntryRequest&)>;

  // Both are called from several threads at a time.
  HttpEntry(std::vector<std::string> paths, Refuse refuse, Handle handle);
  ~HttpEntry();

  // Serves at "127.0.0.1:8081" and answers the port, another one for 0.
  // kInvalidArgument: no such address. kUnavailable: it is taken.
  Result<int> Start(const std::string& listen);
  // Answers what was begun, and returns.
  void Stop();

 private:
  const std::vector<std::string> paths_;
  const Refuse refuse_;
  const Handle handle_;
  std::unique_ptr<recourse::web::Listener> listener_;
};

}  // namespace recourse::chatops::web

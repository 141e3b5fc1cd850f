// Slack's end of Socket Mode: a WebSocket server of Node.js (tests/node/slack_socket.js).
#pragma once

#include <httplib.h>

#include <catch2/catch.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "tests/integration/chat/node.h"

namespace recourse::integration {

class SocketServer {
 public:
  explicit SocketServer(const std::vector<std::string>& arguments = {})
      : node_(NodeArguments("slack_socket.js", arguments), scratch_.path("node"),
              NodeEnvironment()) {
    Eventually("the socket's server tells its port", [this] {
      INFO(node_.err());
      return node_.out().ends_with('\n');
    });
    std::istringstream(node_.out()) >> control_ >> secure_;
  }

  std::string url() const { return "ws://127.0.0.1:" + std::to_string(control_) + "/link/?t=1"; }
  std::string secure_url(const std::string& host) const {
    return "wss://" + host + ":" + std::to_string(secure_) + "/link/";
  }
  void Do(const std::string& path, const std::string& body = "") {
    REQUIRE(httplib::Client("127.0.0.1", control_).Post(path, body, "text/plain"));
  }
  Value Ask(const std::string& path) {
    const auto answer = httplib::Client("127.0.0.1", control_).Get(path);
    REQUIRE(answer);
    return *ParseJson(answer->body);
  }
  void SendEnvelope(const std::string& id, const std::string& type, const Value& payload) {
    Do("/send", ToJson(Value::Object({{"envelope_id", id},
                                      {"type", type},
                                      {"accepts_response_payload", true},
                                      {"payload", payload}})));
  }
  // What was answered to the envelope; null: nothing yet.
  Value Answered(const std::string& id) {
    const Value all = Ask("/received");
    for (const Value& received : all.as_list()) {
      const Value message = *ParseJson(received["text"].as_string());
      if (message["envelope_id"] == Value(id)) return message;
    }
    return {};
  }
  // Waits for it.
  Value Acknowledged(const std::string& id) {
    Value found;
    Eventually("envelope " + id + " is acknowledged", [&] {
      found = Answered(id);
      return !found.is_null();
    });
    return found;
  }
  std::int64_t opened() { return Ask("/state")["opened"].as_int(); }
  std::int64_t open() { return Ask("/state")["open"].as_int(); }

 private:
  Scratch scratch_;
  Program node_;
  int control_ = 0;
  int secure_ = 0;
};

}  // namespace recourse::integration

// Slack's Socket Mode: we connect to Slack, which sends what people do in envelopes.
// https://docs.slack.dev/apis/events-api/using-socket-mode
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "client/chatops/slack/api.h"
#include "client/chatops/web/workers.h"
#include "engine/base/value.h"

namespace recourse::chatops::slack {

class SocketMode {
 public:
  // Takes an envelope and answers the payload of its acknowledgement (JSON, or empty); nothing: it
  // is not acknowledged, so that Slack delivers it again or tells the person. Called from several
  // threads.
  using Handle = std::function<std::optional<std::string>(const Value& envelope)>;
  using Report = std::function<void(const std::string&)>;

  // `api` and `report` outlive it.
  SocketMode(Api& api, std::string ca_file, Handle handle, const Report& report);
  ~SocketMode();

  // Connects, and again whenever the connection is lost, until Stop(). Before Slack ends a
  // connection the next one is opened, so that nothing is missed.
  void Start();
  void Stop();

 private:
  class Link;

  void Run(std::stop_token stop);
  Result<std::shared_ptr<Link>> Connect(std::stop_token stop);
  void WaitFor(std::chrono::milliseconds time, std::stop_token stop);
  void Take(const Value& envelope, const std::weak_ptr<Link>& link);

  Api& api_;
  const std::string ca_file_;
  const Handle handle_;
  const Report& report_;
  web::Workers workers_;
  std::jthread thread_;
};

}  // namespace recourse::chatops::slack

#include "actions/service/docker_api.h"

#include <algorithm>
#include <cctype>
#include <chrono>

#include "engine/base/json.h"

namespace recourse::service {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kDockerTime = std::chrono::seconds(30);

std::string Encoded(const std::string& text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) {
      encoded += c;
    } else {
      encoded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return encoded;
}

Error AnswerError(const web::HttpAnswer& answer) {
  const auto body = ParseJson(answer.body);
  std::string said = body ? body->StringOr("message", "") : "";
  if (said.empty()) said = "HTTP " + std::to_string(answer.status);
  switch (answer.status) {
    case 400:
      return InvalidArgument(said);
    case 401:
    case 403:
      return {Code::kPermissionDenied, said};
    case 404:
      return NotFound(said);
    case 409:
      return FailedPrecondition(said);
    default:
      return Internal(said);
  }
}

// Without a terminal, each piece of output has a header of 8 bytes: the stream, three zeros, and
// the length of the piece, big end first.
std::string WithoutHeaders(const std::string& framed) {
  std::string text;
  for (std::size_t at = 0; at + 8 <= framed.size();) {
    std::size_t length = 0;
    for (std::size_t i = 4; i < 8; ++i) {
      length = length << 8 | static_cast<unsigned char>(framed[at + i]);
    }
    text += framed.substr(at + 8, length);
    at += 8 + std::min(length, framed.size() - at - 8);
  }
  return text;
}

}  // namespace

DockerApi::DockerApi(std::string socket)
    : socket_(std::move(socket)), client_(std::make_unique<web::HttpClient>("")) {}

Result<std::string> DockerApi::Call(const Context& context, const std::string& method,
                                    const std::string& path) const {
  const auto left =
      std::chrono::duration_cast<milliseconds>(context.deadline - std::chrono::steady_clock::now());
  if (left.count() <= 0 || context.stop.stop_requested()) return context.StopError();
  web::HttpCall call;
  call.method = method;
  call.url = "http://localhost" + path;
  call.unix_socket = socket_;
  call.timeout = std::min(left, kDockerTime);
  const std::string doing = method + " " + path.substr(0, path.find('?')) + " at " + socket_;
  auto answer = client_->Send(call, context.stop);
  if (!answer) return std::move(answer).error().In(doing);
  if (answer->status >= 200 && answer->status < 400) return std::move(answer->body);
  return AnswerError(*answer).In(doing);
}

Result<Value> DockerApi::Get(const Context& context, const std::string& path) const {
  auto body = Call(context, "GET", path);
  if (!body) return std::move(body).error();
  auto value = ParseJson(*body);
  if (!value) return Internal("what answers at " + socket_ + " is not the Docker API");
  return value;
}

Result<Container> DockerApi::Inspect(const Context& context, const std::string& id) const {
  auto told = Get(context, "/containers/" + id + "/json");
  if (!told) return std::move(told).error();
  Container container;
  container.id = id;
  container.name = told->StringOr("Name", id);
  if (container.name.starts_with('/')) container.name.erase(0, 1);
  container.state = (*told)["State"];
  container.restarts = told->IntOr("RestartCount", 0);
  const Value& config = (*told)["Config"];
  if (const std::string signal = config.StringOr("StopSignal", ""); !signal.empty()) {
    container.stop_signal = signal;
  }
  container.has_terminal = config.BoolOr("Tty", false);
  const std::string policy = (*told)["HostConfig"]["RestartPolicy"].StringOr("Name", "");
  container.restarts_itself = !policy.empty() && policy != "no";
  return container;
}

Result<std::vector<Container>> DockerApi::Containers(const Context& context,
                                                     const std::string& project,
                                                     const std::string& service) const {
  const std::string label = "com.docker.compose.";
  const Value filters = Value::Object(
      {{"label", Value::List{label + "project=" + project, label + "service=" + service}}});
  auto listed = Get(context, "/containers/json?all=1&filters=" + Encoded(ToJson(filters)));
  if (!listed) return std::move(listed).error();
  std::vector<Container> containers;
  for (const Value& one : listed->is_list() ? listed->as_list() : Value::List()) {
    if (one["Labels"].StringOr(label + "oneoff", "False") == "True") continue;
    auto container = Inspect(context, one.StringOr("Id", ""));
    if (!container) return std::move(container).error();
    containers.push_back(*std::move(container));
  }
  std::sort(containers.begin(), containers.end(),
            [](const Container& a, const Container& b) { return a.name < b.name; });
  if (!containers.empty()) return containers;
  return NotFound("the compose project " + project + " has no container of a service " + service +
                  ". Look at the names in the target; `docker compose up` makes containers, and " +
                  "`docker compose down` removes them");
}

Result<void> DockerApi::Start(const Context& context, const Container& container) const {
  auto started = Call(context, "POST", "/containers/" + container.id + "/start");
  if (!started) return std::move(started).error().In("start " + container.name);
  return {};
}

Result<void> DockerApi::Signal(const Context& context, const Container& container,
                               const std::string& signal) const {
  auto sent =
      Call(context, "POST", "/containers/" + container.id + "/kill?signal=" + Encoded(signal));
  if (sent) return {};
  const auto now = Inspect(context, container.id);
  if (now && !now->running()) return {};
  return std::move(sent).error().In("send " + signal + " to " + container.name);
}

Result<void> DockerApi::EndRestarts(const Context& context, const Container& container) const {
  auto stopped = Call(context, "POST", "/containers/" + container.id + "/stop?t=10");
  if (!stopped) return std::move(stopped).error().In("stop the restarts of " + container.name);
  return {};
}

Result<std::string> DockerApi::Logs(const Context& context, const Container& container,
                                    std::int64_t lines, std::int64_t since) const {
  auto told =
      Call(context, "GET",
           "/containers/" + container.id + "/logs?stdout=1&stderr=1&tail=" + std::to_string(lines) +
               "&since=" + std::to_string(since));
  if (!told) return std::move(told).error().In("read the log of " + container.name);
  return container.has_terminal ? *std::move(told) : WithoutHeaders(*told);
}

}  // namespace recourse::service

#include "engine/definition/resources.h"

#include <string>

#include "engine/base/check.h"
#include "engine/base/json.h"

namespace recourse {
namespace {

constexpr std::string_view kReloadSignal = R"(
  "reload_signal": {"type": "string", "enum": ["HUP", "USR1", "USR2"],
    "description": "what makes it read its configuration again; without it, reloading is refused"})";

constexpr std::string_view kProcess = R"(
  "pid_file": {"type": "string",
    "description": "`PID START_TIME`; a bare PID counts while that process runs the command"},
  "command": {"type": "array", "items": {"type": "string"},
    "description": "program, which must stay in the foreground, and arguments; no shell"},
  "log": {"type": "string", "description": "the file that its output is appended to"},
  "working_directory": {"type": "string", "default": "/"},
  "environment": {"type": "object", "additionalProperties": {"type": "string"},
    "description": "all of its environment: nothing is inherited"},
  "user": {"type": "string", "minLength": 1,
    "description": "whom it is started as, by name or number; default: the server's user"},
  "group": {"type": "string", "minLength": 1, "description": "default: the user's own group"},)";

constexpr std::string_view kSystemd = R"(
  "unit": {"type": "string", "minLength": 1, "description": "its whole name: app.service"},
  "scope": {"type": "string", "enum": ["system", "user"], "default": "system"},
  "runtime_directory": {"type": "string",
    "description": "with scope user: XDG_RUNTIME_DIR of its manager, such as /run/user/1000"},
  "bus": {"type": "string", "minLength": 1,
    "description": "with scope user: DBUS_SESSION_BUS_ADDRESS; default: the manager's own socket"},
  "user": {"type": "string", "minLength": 1,
    "description": "with scope user: whom systemctl runs as; default: the server's user"},
  "log": {"type": "string", "description": "the file that it writes instead of the journal"},
  "journal": {"type": "string",
    "description": "the directory of its journal; default: the machine's journals"})";

constexpr std::string_view kSupervisor = R"(
  "socket": {"type": "string", "description": "the file of [unix_http_server]"},
  "process": {"type": "string", "minLength": 1,
    "description": "its name, or group:name; default: the service's name"},)";

constexpr std::string_view kCompose = R"(
  "socket": {"type": "string", "default": "/var/run/docker.sock",
    "description": "where the Docker API, or podman's, is served"},
  "project": {"type": "string", "minLength": 1, "description": "the compose project"},
  "service": {"type": "string", "minLength": 1,
    "description": "its name in the project; default: the service's name"},)";

constexpr std::string_view kKubernetes = R"(
  "workload": {"type": "string", "minLength": 1,
    "description": "deployment/NAME or statefulset/NAME"},
  "namespace": {"type": "string", "minLength": 1},
  "kubeconfig": {"type": "string", "description": "the file that says where, and as whom"},
  "context": {"type": "string", "minLength": 1, "description": "default: the kubeconfig's current"},
  "kubectl": {"type": "string", "minLength": 1, "default": "kubectl"},
  "environment": {"type": "object", "additionalProperties": {"type": "string"},
    "description": "all of kubectl's: what it needs to sign in, such as PATH and HOME"},
  "replicas": {"type": "integer", "minimum": 1, "maximum": 10000,
    "description": "how many a start makes when nobody remembers how many there were"})";

constexpr std::string_view kNginx = R"({
  "type": "object", "additionalProperties": false,
  "required": ["configuration", "pid_file", "error_log"],
  "description": "an nginx resource of a target",
  "properties": {
    "binary": {"type": "string", "default": "nginx", "minLength": 1},
    "configuration": {"type": "string", "description": "its main file, as it was started with"},
    "prefix": {"type": "string", "description": "as it was started with -p"},
    "pid_file": {"type": "string"},
    "error_log": {"type": "string"}
  }
})";

Value Parsed(std::string_view json) {
  auto value = ParseJson(json);
  RECOURSE_CHECK(value.ok());
  return *std::move(value);
}

Value Kind(const std::string& kind, const std::string& required, std::string_view members,
           const std::string& stop_timeout) {
  return Parsed(R"({"type": "object", "additionalProperties": false, "required": ["name", "kind")" +
                required + R"(], "properties": {
    "name": {"type": "string", "minLength": 1},
    "kind": {"type": "string", "enum": [")" +
                kind + R"("]},
    "settle": {"type": "string", "default": "1s",
      "description": "it counts as started when it has run this long"},
    "stop_timeout": {"type": "string", "default": ")" +
                stop_timeout + R"(",
      "description": "how long to wait for its end after it was told to stop"},)" +
                std::string(members) + "}}");
}

}  // namespace

const Value& ServiceSchema() {
  static const Value schema = Value::Object(
      {{"type", "object"},
       {"description", "a service resource of a target"},
       {"oneOf",
        Value::List{
            Kind("process", R"(, "pid_file", "command")",
                 std::string(kProcess) + std::string(kReloadSignal), "10s"),
            Kind("systemd", R"(, "unit")", kSystemd, "90s"),
            Kind("supervisor", R"(, "socket")",
                 std::string(kSupervisor) + std::string(kReloadSignal), "90s"),
            Kind("compose", R"(, "project")", std::string(kCompose) + std::string(kReloadSignal),
                 "10s"),
            Kind("kubernetes", R"(, "workload", "namespace", "kubeconfig")", kKubernetes, "90s"),
        }}});
  return schema;
}

const Value& NginxSchema() {
  static const Value schema = Parsed(kNginx);
  return schema;
}

}  // namespace recourse

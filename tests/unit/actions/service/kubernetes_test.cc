// No cluster runs here: what kubectl says was recorded once, from kubectl 1.32 in front of a
// stand-in for a cluster's API, and is played again by the script kubernetes/kubectl.
#include <filesystem>

#include "tests/unit/actions/service/service_actions.h"

namespace recourse {
namespace {

using Catch::Matchers::Contains;
using testing::MessageOf;

class Conversation : public testing::ServiceActions {
 public:
  Conversation(const std::string& name, const std::string& workload) {
    const std::string folder = RECOURSE_SOURCE_DIR "/tests/unit/actions/service/kubernetes/";
    std::filesystem::copy_file(folder + name + ".jsonl", world.Path(name + ".jsonl"));
    resource = Value::Object({{"name", "app"},
                              {"kind", "kubernetes"},
                              {"workload", workload},
                              {"namespace", "health"},
                              {"kubeconfig", world.Path(name + ".jsonl")},
                              {"kubectl", folder + "kubectl"},
                              {"settle", "200ms"}});
  }
};

TEST_CASE("a deployment is scaled to 0 and back to what it was", "[actions][service][kubernetes]") {
  Conversation cluster("stop", "deployment/app");
  const Outcome status = cluster.Do("status");
  INFO(MessageOf(status));
  REQUIRE(status);
  CHECK(status.output()["running"] == Value(true));
  CHECK(status.output()["state"] == Value("3 of 3 ready"));

  const Outcome stopped = cluster.Do("stop");
  INFO(MessageOf(stopped));
  REQUIRE(stopped);
  CHECK(stopped.output()["changed"] == Value(true));
  CHECK(stopped.output()["state"] == Value("scaled to 0"));
  CHECK(cluster.world.undo["memory"]["replicas"] == Value(3));
  const Outcome again = cluster.Do("stop");
  REQUIRE(again);
  CHECK(again.output()["changed"] == Value(false));

  // Another run, which has no undo record, knows it too.
  const Outcome started = cluster.Do("start");
  INFO(MessageOf(started));
  REQUIRE(started);
  CHECK(started.output()["state"] == Value("3 of 3 ready"));
  CHECK(started.output()["instance"] != status.output()["instance"]);
}

TEST_CASE("the rollback of a stop scales a deployment back", "[actions][service][kubernetes]") {
  Conversation cluster("undo", "deployment/app");
  REQUIRE(cluster.Do("stop"));
  const Outcome undone = cluster.Undo("stop", Value(true));
  INFO(MessageOf(undone));
  REQUIRE(undone);
  CHECK(undone.output()["state"] == Value("3 of 3 ready"));
}

TEST_CASE("a restart replaces the pods, and once for an attempt",
          "[actions][service][kubernetes]") {
  Conversation cluster("restart", "deployment/app");
  const Outcome before = cluster.Do("status");
  REQUIRE(before);
  const Outcome restarted = cluster.Do("restart");
  INFO(MessageOf(restarted));
  REQUIRE(restarted);
  CHECK(restarted.output()["instance"] != before.output()["instance"]);
  const Outcome repeated =
      cluster.world.Find("service.restart")
          .Apply(cluster.world.MakeContext(cluster.Inputs(), cluster.world.undo));
  REQUIRE(repeated);
  CHECK(repeated.output()["instance"] == restarted.output()["instance"]);
}

TEST_CASE("a stateful set is restarted and read as well", "[actions][service][kubernetes]") {
  Conversation cluster("stateful", "statefulset/db");
  REQUIRE(cluster.Do("restart"));
  const Outcome logs =
      cluster.world.Do("service.logs", cluster.Inputs().With("lines", 1).With("since", "15m"));
  INFO(MessageOf(logs));
  REQUIRE(logs);
  CHECK(logs.output()["cut"] == Value(true));
  CHECK_THAT(logs.output()["lines"].as_list().at(0).as_string(),
             Contains("/main] 2026-11-26 listening on 8080"));
  const Outcome reloaded = cluster.Do("reload");
  REQUIRE_FALSE(reloaded);
  CHECK(reloaded.failure().error.code == Code::kFailedPrecondition);
  CHECK_THAT(MessageOf(reloaded), Contains("service.restart replaces its pods"));
}

TEST_CASE("pods that crash are no started service, and their last words are told",
          "[actions][service][kubernetes]") {
  Conversation cluster("crash", "deployment/bad");
  const Outcome unknown = cluster.Do("start");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.failure().error.code == Code::kFailedPrecondition);
  CHECK_THAT(MessageOf(unknown), Contains("how many replicas deployment/bad is to have"));

  cluster.resource = cluster.resource.With("replicas", 1);
  const Outcome started = cluster.Do("start");
  REQUIRE_FALSE(started);
  CHECK(started.failure().error.code == Code::kUnavailable);
  CHECK(started.failure().left == LeftBehind::kPartial);
  CHECK_THAT(MessageOf(started), Contains("0 of 1 ready, CrashLoopBackOff"));
  CHECK_THAT(MessageOf(started), Contains("no such database"));
  const Outcome undone = cluster.Undo("start");
  INFO(MessageOf(undone));
  CHECK(undone);
}

TEST_CASE("what the cluster refuses or does not know is told with its code",
          "[actions][service][kubernetes]") {
  const auto refused = [](Conversation& cluster, Code code, const std::string& what) {
    const Outcome status = cluster.Do("status");
    REQUIRE_FALSE(status);
    INFO(MessageOf(status));
    CHECK(status.failure().error.code == code);
    CHECK_THAT(MessageOf(status), Contains(what));
  };
  Conversation unknown("refused", "deployment/none");
  refused(unknown, Code::kNotFound, "deployments.apps \"none\" not found");
  Conversation forbidden("refused", "deployment/app");
  forbidden.resource = forbidden.resource.With("namespace", "other");
  refused(forbidden, Code::kPermissionDenied, "User \"recourse\" cannot get resource");
  Conversation unreachable("unreachable", "deployment/app");
  refused(unreachable, Code::kUnavailable, "the cluster does not answer");
  unreachable.world.policy.allowed_commands = {"nginx"};
  refused(unreachable, Code::kPermissionDenied, "kubectl");
}

}  // namespace
}  // namespace recourse

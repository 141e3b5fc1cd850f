#include <catch2/catch.hpp>
#include <stdexcept>

#include "tests/unit/engine/runtime/fixture.h"

namespace recourse::runtime {
namespace {

using machine::RunStatus;

constexpr const char* kOneThatFails = R"(
name: one
on_failure: fail
steps:
  - {id: work, action: test.work, with: {rows: 3}}
)";
constexpr const char* kTwoSteps = R"(
name: two
steps:
  - {id: first, action: test.first}
  - {id: second, action: test.second}
)";

class NewsRecorder final : public Listener {
 public:
  void Committed(journal::Position, std::span<const journal::RunChange>) override {}
  void News(const AttemptNews& news) override {
    const std::lock_guard lock(mutex_);
    news_.push_back(news);
  }
  std::vector<AttemptNews> news() const {
    const std::lock_guard lock(mutex_);
    return news_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<AttemptNews> news_;
};

}  // namespace

TEST_CASE_METHOD(EngineFixture, "an action is prepared, applied and verified in turn",
                 "[runtime]") {
  Scripted& action = AddAction("test.work");
  action.spec.has_prepare = true;
  action.spec.has_verify = true;
  std::vector<std::string> phases;
  action.prepare = [&](const Context&) -> Outcome {
    phases.push_back("prepare");
    return Value::Object({{"was", 7}});
  };
  action.apply = [&](const Context& context) -> Outcome {
    phases.push_back("apply with " + std::to_string(context.undo.IntOr("was", 0)));
    return Value::Object({{"is", 8}});
  };
  Verification verification;
  action.verify = [&](const Context&, const Value& output) {
    phases.push_back("verify " + std::to_string(output.IntOr("is", 0)));
    return verification;
  };
  AddWorkflow(kOneThatFails);
  StartEngine();

  SECTION("the proof succeeds") {
    const RunId run = Begin("one");
    CHECK(Settle(run).status == static_cast<int>(RunStatus::kSucceeded));
    CHECK(phases == std::vector<std::string>{"prepare", "apply with 7", "verify 8"});
    CHECK(EventsOf(run) == std::vector<std::string>{"RunStarted", "AttemptStarted",
                                                    "AttemptPrepared", "AttemptSucceeded",
                                                    "RunSucceeded"});
  }
  SECTION("the proof fails") {
    verification = {Verification::Verdict::kFailed, "7 rows, not 8", {}};
    const auto row = Settle(Begin("one"));
    CHECK(row.status == static_cast<int>(RunStatus::kFailed));
    CHECK(row.error_code == static_cast<int>(Code::kFailedPrecondition));
    CHECK_THAT(row.error_message, Catch::Contains("7 rows, not 8"));
  }
  SECTION("the proof cannot tell") {
    verification = {Verification::Verdict::kInconclusive, "no connection", {}};
    CHECK(Settle(Begin("one")).status == static_cast<int>(RunStatus::kNeedsAttention));
  }
}

TEST_CASE_METHOD(EngineFixture, "a failed prepare changes nothing and is not applied",
                 "[runtime]") {
  Scripted& action = AddAction("test.work");
  action.spec.has_prepare = true;
  bool applied = false;
  action.prepare = [](const Context&) -> Outcome {
    return Failure{Error{Code::kResourceExhausted, "no space"}, {}, LeftBehind::kUnknown};
  };
  action.apply = [&](const Context&) {
    applied = true;
    return Value();
  };
  AddWorkflow(kOneThatFails);
  StartEngine();
  const auto row = Settle(Begin("one"));
  CHECK(row.status == static_cast<int>(RunStatus::kFailed));
  CHECK(row.error_code == static_cast<int>(Code::kResourceExhausted));
  CHECK_FALSE(applied);
}

TEST_CASE_METHOD(EngineFixture, "an exception of an action is a failure whose effect is unknown",
                 "[runtime]") {
  AddAction("test.work", RepeatClass::kOnce).apply = [](const Context&) -> Outcome {
    throw std::runtime_error("lost my way");
  };
  AddWorkflow(kOneThatFails);
  StartEngine();
  const auto row = Settle(Begin("one"));
  CHECK(row.status == static_cast<int>(RunStatus::kNeedsAttention));
  CHECK(row.error_code == static_cast<int>(Code::kInternal));
  CHECK_THAT(row.error_message, Catch::Contains("lost my way"));
}

TEST_CASE_METHOD(EngineFixture, "inputs get their defaults and are checked before the action runs",
                 "[runtime]") {
  Scripted& action = AddAction("test.work");
  action.spec.inputs = Value::Object(
      {{"type", "object"},
       {"properties",
        Value::Object({{"rows", Value::Object({{"type", "integer"}, {"minimum", 1}})},
                       {"mode", Value::Object({{"type", "string"}, {"default", "fast"}})}})}});
  Value seen;
  action.apply = [&](const Context& context) {
    seen = context.inputs;
    return Value();
  };
  AddWorkflow(R"(
name: one
on_failure: fail
inputs:
  rows: {type: int}
steps:
  - {id: work, action: test.work, with: {rows: "${inputs.rows}"}}
)");
  StartEngine();
  CHECK(Settle(Begin("one", Value::Object({{"rows", 3}}))).status ==
        static_cast<int>(RunStatus::kSucceeded));
  CHECK(seen == Value::Object({{"rows", 3}, {"mode", "fast"}}));

  seen = Value();
  const auto row = Settle(Begin("one", Value::Object({{"rows", 0}})));
  CHECK(row.error_code == static_cast<int>(Code::kInvalidArgument));
  CHECK_THAT(row.error_message, Catch::Contains("rows"));
  CHECK(seen.is_null());
}

TEST_CASE_METHOD(EngineFixture, "a failure undoes what was done before it", "[runtime]") {
  Scripted& first = AddAction("test.first");
  first.spec.can_compensate = true;
  first.apply = [](const Context&) { return Value::Object({{"made", "x"}}); };
  std::string undone;
  first.compensate = [&](const Context& context, const Value& output) {
    undone = context.key + " " + output.StringOr("made", "");
    return Value();
  };
  AddAction("test.second").apply = [](const Context&) { return FailedPrecondition("cannot"); };
  AddWorkflow(kTwoSteps);
  StartEngine();
  const RunId run = Begin("two");
  CHECK(Settle(run).status == static_cast<int>(RunStatus::kRolledBack));
  CHECK(undone == KeyOf(run, "first") + " x");
}

TEST_CASE_METHOD(EngineFixture, "the log and progress of an attempt are told while it is at work",
                 "[runtime]") {
  AddAction("test.work").apply = [](const Context& context) {
    context.log("begins");
    for (int done = 0; done <= 1000; ++done) context.progress(done, 1000, "rows");
    return Value();
  };
  AddWorkflow(kOneThatFails);
  StartEngine();
  NewsRecorder recorder;
  engine().AddListener(&recorder);
  const RunId run = Begin("one");
  Settle(run);
  engine().RemoveListener(&recorder);
  const auto news = recorder.news();
  REQUIRE(news.size() >= 3);
  CHECK(news.size() < 100);  // about ten a second
  CHECK(news[0].run == run);
  CHECK(news[0].step == "work");
  CHECK(news[0].line == "begins");
  CHECK(news[0].total == 0);
  CHECK(news.back().done == 1000);
  CHECK(news.back().total == 1000);
}

TEST_CASE_METHOD(EngineFixture, "a large output goes to a file and stays small in the journal",
                 "[runtime]") {
  options.output_bytes_max = 1000;
  AddAction("test.work").apply = [](const Context&) {
    return Value::Object({{"rows", 5}, {"text", std::string(5000, 'x')}});
  };
  AddWorkflow(kOneThatFails);

  SECTION("with a directory for it") {
    options.blob_directory = directory() + "/blobs";
    StartEngine();
    const RunId run = Begin("one");
    CHECK(Settle(run).status == static_cast<int>(RunStatus::kSucceeded));
    const Value output = StateOf(run).done.back().output;
    CHECK(output["rows"] == Value(5));
    CHECK(output.Find("text") == nullptr);
    CHECK(output.IntOr("bytes", 0) > 5000);
  }
  SECTION("without one what is done is done, and the output says what is lost") {
    StartEngine();
    const RunId run = Begin("one");
    CHECK(Settle(run).status == static_cast<int>(RunStatus::kSucceeded));
    const Value output = StateOf(run).done.back().output;
    CHECK(output["rows"] == Value(5));
    CHECK(output.Find("text") == nullptr);
    CHECK_THAT(output["error"].as_string(), Catch::Contains("no directory for blobs"));
  }
}

}  // namespace recourse::runtime

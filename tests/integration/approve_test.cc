// approve at a terminal: what is shown, what is asked, and what is sent.
#include <catch2/catch.hpp>

#include "tests/integration/scene.h"
#include "tests/integration/terminal.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

// The command at a terminal, on the scene's server, as the approver.
class Approver {
 public:
  explicit Approver(const Scene& scene, std::vector<std::string> arguments)
      : terminal_(Command(std::move(arguments)),
                  {{"RECOURSE_DATA", scene.data}, {"HOME", scene.folder / "home"}}, 100, 40) {}
  Terminal* operator->() { return &terminal_; }

 private:
  static std::vector<std::string> Command(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), RECOURSE);
    arguments.insert(arguments.end(), {"--as", "approver"});
    return arguments;
  }
  Terminal terminal_;
};

constexpr const char* kWipe = R"(
name: wipe
on_failure: pause
steps:
  - {id: ask, approval: {prompt: "Wipe the disk?", approvers: [dba], expires: 1h}}
  - {id: wipe, action: debug.echo, with: {value: 1}, irreversible: true}
)";

TEST_CASE("on a terminal approve shows plan and digest, asks, and sends what was said",
          "[integration]") {
  const Scene scene;
  scene.Recourse({"start", "ask", "--wait"});
  const std::string digest = scene.Json({"approval", "A-1"}).StringOr("digest", "?");
  Approver approver(scene, {"approve", "A-1"});
  const std::string& shown = approver->WaitFor("[a]pprove, [r]eject, [l]eave? ");
  CHECK_THAT(shown, Contains("Go on?"));
  CHECK_THAT(shown, Contains("What happens next, if approved:"));
  CHECK_THAT(shown, Contains("If it is rejected: "));
  CHECK_THAT(shown, Contains(digest));
  CHECK_THAT(shown, Contains("expires          in "));

  SECTION("approved") {
    approver->Type("a\n");
    approver->WaitFor("why (may stay empty)? ");
    approver->Type("looked at it\n");
    CHECK(approver->WaitForEnd() == 0);
    CHECK_THAT(approver->written(), Contains("A-1 is APPROVED"));
    CHECK_THAT(scene.Recourse({"timeline", "R-1"}).out, Contains("looked at it"));
  }
  SECTION("rejected, which takes a reason") {
    approver->Type("reject\n");
    approver->WaitFor("why not? ");
    approver->Type("\n");
    approver->Type("not tonight\n");
    CHECK(approver->WaitForEnd() == 0);
    CHECK_THAT(scene.Recourse({"timeline", "R-1"}).out,
               Contains("rejected by approver: not tonight"));
  }
  SECTION("left: nothing is sent") {
    const std::string before = scene.Position();
    approver->Type("yes\n");  // none of the answers: asked again
    approver->Type("l\n");
    CHECK(approver->WaitForEnd() == 5);
    CHECK_THAT(approver->written(), Contains("A-1 is left as it is"));
    CHECK(scene.Position() == before);
  }
  SECTION("the terminal goes away before an answer: nothing is sent") {
    approver->Type("\x04");
    CHECK(approver->WaitForEnd() == 5);
    CHECK_THAT(scene.Recourse({"approvals"}).out, Contains("A-1"));
  }
  SECTION("settled by somebody else meanwhile: says by whom") {
    CHECK(scene.Recourse({"reject", "A-1", "--as", "approver", "--reason", "no"}).code == 0);
    approver->Type("a\n");
    approver->WaitFor("why (may stay empty)? ");
    approver->Type("\n");
    CHECK(approver->WaitForEnd() == 4);
    CHECK_THAT(approver->written(), Contains("recourse approval A-1"));
  }
}

TEST_CASE("what cannot be undone is approved with a whole word only", "[integration]") {
  Scene scene(false);
  scene.folder.Write("workflows/wipe.yaml", kWipe);
  scene.StartServer();
  scene.Recourse({"start", "wipe", "--wait"});
  Approver approver(scene, {"approve", "A-1"});
  approver->WaitFor("approve (the whole word: it cannot be undone)");
  CHECK_THAT(approver->written(), Contains("What cannot be undone:"));
  approver->Type("a\n");
  approver->Type("approve\n");
  approver->WaitFor("why (may stay empty)? ");
  approver->Type("\n");
  CHECK(approver->WaitForEnd() == 0);
}

TEST_CASE("without an id each open approval is asked for, the oldest first", "[integration]") {
  const Scene scene;
  {
    Approver nothing(scene, {"approve"});
    CHECK(nothing->WaitForEnd() == 0);
    CHECK_THAT(nothing->written(), Contains("nothing waits for an approval"));
  }
  scene.Recourse({"start", "ask", "--wait"});
  scene.Recourse({"start", "ask", "--wait"});
  Approver approver(scene, {"approve"});
  approver->WaitFor("1 of 2");
  approver->WaitFor("A-1: Go on?");
  approver->Type("l\n");
  approver->WaitFor("A-2: Go on?");
  approver->Type("a\n");
  approver->WaitFor("why (may stay empty)? ");
  approver->Type("\n");
  CHECK(approver->WaitForEnd() == 5);
  scene.WaitForStatus("R-2", "RUN_STATUS_SUCCEEDED");
  CHECK(scene.StatusOf("R-1") == "RUN_STATUS_WAITING");
}

TEST_CASE("approve --yes, and calls without a terminal, ask nothing", "[integration]") {
  const Scene scene;
  scene.Recourse({"start", "ask", "--wait"});
  const Finished which = scene.Recourse({"approve"});
  CHECK(which.code == 2);
  CHECK_THAT(which.err, Contains("recourse approvals"));
  const Finished other = scene.Recourse({"approve", "A-1", "--as", "approver", "--digest", "00"});
  CHECK(other.code == 4);
  Approver approver(scene, {"approve", "A-1", "--yes"});
  CHECK(approver->WaitForEnd() == 0);
  CHECK_THAT(approver->written(), Contains("A-1 is APPROVED"));
}

TEST_CASE("control characters of prompts and reasons reach no terminal", "[integration]") {
  const Scene scene;
  scene.Recourse({"start", "escape", "--wait"});
  // "ESC [ 3 1 m" typed by hand, a mark of direction, and a line end that would make up an event.
  const std::string reason = "no \x1b[2J\xc2\x9b\xe2\x80\xae\nA-1 is approved";
  Approver approver(scene, {"approve", "A-1"});
  approver->WaitFor("[a]pprove, [r]eject, [l]eave? ");
  approver->Type("l\n");
  CHECK(approver->WaitForEnd() == 5);
  std::string seen = approver->written();
  CHECK_THAT(seen, Contains("Wipe \\x1b[31mall"));
  CHECK(scene.Recourse({"reject", "A-1", "--as", "approver", "--reason", reason}).code == 0);
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"approval", "A-1"},
                                             {"approvals", "--all"},
                                             {"timeline", "R-1"},
                                             {"show", "R-1"},
                                             {"watch", "R-1"},
                                             {"approval", "A-1", "--output", "yaml"}}) {
    const Finished finished = scene.Recourse(arguments);
    seen += finished.out + finished.err;
    CHECK(finished.out.find("\nA-1 is approved") == std::string::npos);
  }
  CHECK_THAT(seen, Contains("no \\x1b[2J"));
  CHECK(seen.find("\x1b[2J") == std::string::npos);
  CHECK(seen.find("\x1b[31mall") == std::string::npos);
  CHECK(seen.find("\xc2\x9b") == std::string::npos);
  CHECK(seen.find("\xe2\x80\xae") == std::string::npos);
}

}  // namespace
}  // namespace recourse::integration

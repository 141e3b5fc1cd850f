#include "client/report/report.h"

#include <catch2/catch.hpp>

#include "client/report/clean.h"
#include "client/report/story.h"
#include "engine/base/digest.h"
#include "engine/base/json.h"
#include "tests/unit/client/report/samples.h"

namespace recourse::report {
namespace {

using Catch::Contains;

// What people and programs may write, and no reader may obey.
const std::string kHostile =
    "<script>alert(1)</script> <img src=x onerror=alert(1)> [click](http://evil.example) **bold** "
    "`code` | cell\n# heading\n- item\n\x1b[31mred\x1b[0m \x07 \xc2\x9b[2J \xe2\x80\xae"
    "dlrow "
    "www.evil.example a@evil.example https://evil.example &lt; \"quoted\" 'too' ![x](y) ~~gone~~ "
    "```\nfence";

Sample HostileRun() {
  Sample sample = SampleRun();
  v1::Run& run = *sample.report.mutable_run();
  run.set_workflow(kHostile);
  run.set_target(kHostile);
  run.mutable_error()->set_message(kHostile);
  for (v1::Event& event : sample.events) {
    event.set_text(kHostile);
    event.set_step(kHostile);
    event.set_principal(kHostile);
  }
  Tell(sample, 700, kHostile, "ApprovalRequested", kHostile, kHostile,
       Value::Object({{"approval", kHostile},
                      {"prompt", kHostile},
                      {"approvers", Value::List{Value(kHostile)}},
                      {"plan", Value::Object({{kHostile, kHostile}})}}));
  Tell(sample, 701, kHostile, "VoteCast", "", kHostile,
       Value::Object({{"approval", kHostile}, {"reason", kHostile}, {"channel", kHostile}}));
  Tell(sample, 702, kHostile, "AttemptFailed", kHostile, kHostile,
       Value::Object({{"evidence", kHostile}}));
  Tell(sample, 703, kHostile, "RunAnnotated", kHostile, kHostile,
       Value::Object({{"text", kHostile}}));
  return sample;
}

// The places of `what` that no backslash stands before, outside of blocks of code.
int Bare(const std::string& markdown, const std::string& what) {
  int count = 0;
  for (auto at = markdown.find(what); at != markdown.npos; at = markdown.find(what, at + 1)) {
    std::size_t slashes = 0;
    while (slashes < at && markdown[at - 1 - slashes] == '\\') ++slashes;
    if (slashes % 2 == 0) ++count;
  }
  return count;
}

// Markdown without its blocks of code, in which nothing has a meaning.
std::string WithoutCode(const std::string& markdown) {
  std::string prose;
  std::string fence;
  std::size_t at = 0;
  while (at < markdown.size()) {
    const auto end = markdown.find('\n', at);
    const std::string line = markdown.substr(at, end - at);
    at = end + 1;
    const auto ticks = line.find_first_not_of('`');
    const bool is_fence = ticks == line.npos && line.size() >= 3;
    if (fence.empty() && is_fence) {
      fence = line;
    } else if (!fence.empty() && is_fence && line.size() >= fence.size()) {
      fence.clear();
    } else if (fence.empty()) {
      prose += line + "\n";
    }
  }
  CHECK(fence.empty());
  return prose;
}

bool HasControls(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n') || byte == 0x7f;
  });
}

}  // namespace

TEST_CASE("a report says who decided what, how long it took, and what proves it", "[report]") {
  const Sample sample = SampleRun();
  const std::string text = ToMarkdown(DocumentOf(sample.report, sample.events));
  CHECK_THAT(text, Contains("# R-7: recovery on orders\n"));
  CHECK_THAT(text, Contains("| Status | ROLLED\\_BACK |"));
  CHECK_THAT(text, Contains("| Deadline | 2026-09-21T14:21:40Z, exceeded by 1 min 40 s |"));
  CHECK_THAT(text, Contains("| Waited for people | 1 min |"));
  CHECK_THAT(text, Contains("| ana | A-1 approved by ana: checked |"));
  CHECK_THAT(text, !Contains("\n| ana | A-1 is approved |"));  // which followed by itself
  CHECK_THAT(text, Contains("| Settled | approved 2026-09-21T14:14:21Z |"));
  CHECK_THAT(text, Contains("| approve | cli | checked |"));
  CHECK_THAT(text, Contains("| restore | 2026-09-21T14:14:22Z | 2 | failed | 2 min | 1 min | "
                            "longer by 1 min |"));
  CHECK_THAT(text, Contains("stop is not undone: it has no way back"));
  CHECK_THAT(text, Contains("the disk is old"));
  CHECK_THAT(text, Contains(ToHex(Sha256Of("{\"page\":12}"))));
  CHECK_THAT(text, Contains(ToHex(Sha256Of("{\"steps\":[]}"))));
  CHECK_THAT(text, Contains("| First position | 41 |"));
  CHECK_THAT(text, Contains("The hash chain holds"));
}

TEST_CASE("a report on a broken chain says that it is not proven", "[report]") {
  Sample sample = SampleRun();
  sample.report.mutable_proof()->set_problem("the event at position 44 does not follow");
  CHECK_THAT(ToMarkdown(DocumentOf(sample.report, sample.events)),
             Contains("THE HASH CHAIN IS BROKEN") && Contains("position 44"));
  const auto json = ParseJson(ToJson(sample.report, sample.events));
  REQUIRE(json);
  CHECK_FALSE((*json)["proof"].BoolOr("sound", true));
}

TEST_CASE("the JSON of a report has the facts that the page has, and every event", "[report]") {
  const Sample sample = SampleRun();
  const auto json = ParseJson(ToJson(sample.report, sample.events));
  REQUIRE(json);
  CHECK((*json)["run"].StringOr("status", "") == "ROLLED_BACK");
  CHECK((*json)["events"].as_list().size() == sample.events.size());
  CHECK((*json)["approvals"].as_list()[0]["votes"].as_list()[0].StringOr("principal", "") == "ana");
  CHECK((*json)["durations"].as_list()[0].StringOr("took", "") == "2m");
  CHECK((*json)["evidence"].as_list().size() == 3);
  CHECK((*json).StringOr("waited_for_people", "") == "1m");
}

TEST_CASE("times in which a run waits for several people at once count once", "[report]") {
  Sample sample = SampleRun();
  sample.events.resize(1);
  const auto tell = [&](std::int64_t at, const char* who, const char* type, const char* approval) {
    Tell(sample, at, who, type, "", type, Value::Object({{"approval", approval}}));
  };
  tell(10, "engine", "ApprovalRequested", "A-1");
  tell(20, "engine", "ApprovalRequested", "A-2");
  tell(30, "engine", "ApprovalSettled", "A-1");
  tell(50, "engine", "ApprovalSettled", "A-2");
  tell(60, "engine", "AttentionNeeded", "");
  tell(65, "kim", "RunAnnotated", "");
  tell(70, "kim", "RetryRequested", "");
  CHECK(WaitedInAll(StoryOf(sample.report, sample.events)) == std::chrono::seconds(50));
}

TEST_CASE("nothing that people or programs wrote has a meaning in Markdown", "[report]") {
  const Sample sample = HostileRun();
  const std::string text = ToMarkdown(DocumentOf(sample.report, sample.events));
  const std::string prose = WithoutCode(text);
  CHECK_FALSE(HasControls(text));
  CHECK(text.find("\xe2\x80\xae") == text.npos);
  for (const char* mark : {"<", ">", "[", "]", "*", "`", "~", "![", "://", "@"}) {
    INFO(mark);
    CHECK(Bare(prose, mark) == 0);
  }
  CHECK(prose.find("www.") == prose.npos);
  // Every line is one of the report's own kinds.
  std::size_t at = 0;
  while (at < prose.size()) {
    const auto end = prose.find('\n', at);
    const std::string line = prose.substr(at, end - at);
    at = end + 1;
    CAPTURE(line);
    CHECK((line.empty() || line[0] == '|' || line.starts_with("# ") || line.starts_with("## ") ||
           line.starts_with("### ") || line.starts_with("The ") || line.starts_with("Nobody ")));
  }
}

TEST_CASE("nothing that people or programs wrote has a meaning in HTML", "[report]") {
  const Sample sample = HostileRun();
  const std::string text = ToHtml(DocumentOf(sample.report, sample.events));
  CHECK_FALSE(HasControls(text));
  CHECK(text.find("\xe2\x80\xae") == text.npos);
  CHECK(text.find("<script") == text.npos);
  CHECK(text.find("<img") == text.npos);
  CHECK(text.find("\"quoted\"") == text.npos);
  CHECK_THAT(text, Contains("&lt;script&gt;") && Contains("&amp;lt;"));
  // One file: nothing is loaded from elsewhere.
  for (const char* reference : {"src=\"", "href=", "url(", "@import", "<link", "<iframe"}) {
    INFO(reference);
    CHECK(text.find(reference) == text.npos);
  }
}

TEST_CASE("a block of code is longer fenced than what stands in it", "[report]") {
  CHECK(MarkdownCode("a") == "```\na\n```\n");
  CHECK(MarkdownCode("a\n```\nb\n````\n") == "`````\na\n```\nb\n````\n`````\n");
}

TEST_CASE("what begins a block in Markdown does not where it is text", "[report]") {
  CHECK(MarkdownText("- item") == "\\- item");
  CHECK(MarkdownText("12. item") == "12\\. item");
  CHECK(MarkdownText("# no heading") == "\\# no heading");
  CHECK(MarkdownText("    no code") == "no code");
  CHECK(MarkdownText("+ item") == "\\+ item");
  CHECK(MarkdownText("1.5 s, a-b, +3") == "1.5 s, a-b, +3");
  CHECK(MarkdownText("WWW.x.y") == "WWW\\.x.y");
}

}  // namespace recourse::report

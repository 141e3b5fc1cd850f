#include "client/cli/output.h"

#include <fcntl.h>
#include <google/protobuf/timestamp.pb.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <limits>

#include "engine/base/file.h"

namespace recourse::cli {
namespace {

// What becomes of `bytes` bytes that are printed while standard output is `end`.
Result<void> Printing(int end, std::size_t bytes) {
  std::fflush(stdout);
  const Descriptor kept(dup(STDOUT_FILENO));
  dup2(end, STDOUT_FILENO);
  std::printf("%s", std::string(bytes, 'x').c_str());
  auto written = FlushOutput();
  dup2(kept.get(), STDOUT_FILENO);
  return written;
}

}  // namespace

TEST_CASE("control characters are shown, not obeyed, and lines stay lines", "[client]") {
  CHECK(Clean("a\x1b[31mb\r\n") == "a\\x1b[31mb\\x0d\n");
  CHECK(Clean("\xc2\x9bx") == "\\x9bx");
  CHECK(Clean("\xe2\x80\xaex") == "x");
}

TEST_CASE("where a line means something, text makes up no other", "[client]") {
  CHECK(OneLine("Go on?\nR-1 SUCCEEDED") == "Go on? R-1 SUCCEEDED");
  CHECK(Quoted("Go on?\nwho may decide   everybody") == "Go on?\n  | who may decide   everybody");
  Table table({"A", "B"});
  table.Add({"1", "2\n3"});
  CHECK(table.ToString() == "A  B\n1  2 3\n");
}

TEST_CASE("what has no JSON form is an error and not an empty answer", "[client]") {
  google::protobuf::Timestamp stamp;
  stamp.set_seconds(1);
  CHECK(Json(stamp).ok());
  stamp.set_seconds(std::numeric_limits<std::int64_t>::max());
  const auto json = Json(stamp);
  REQUIRE_FALSE(json);
  CHECK(json.error().code == Code::kInternal);
  CHECK(PrintJson(stamp) == kRefused);
}

TEST_CASE("columns stay in line with wide characters and combining marks", "[client]") {
  CHECK(Width("ab") == 2);
  CHECK(Width("\u00e9") == 1);
  CHECK(Width("e\u0301") == 1);
  CHECK(Width("\u6570\u636e") == 4);
  CHECK(Width("\U0001f525") == 2);
  CHECK(Cut("\u6570\u636e\u5e93", 4) == "\u6570…");
  Table table({"A", "B"});
  table.Add({"\u6570\u636e", "x"});
  table.Add({"abcd", "y"});
  CHECK(table.ToString() == "A     B\n\u6570\u636e  x\nabcd  y\n");
}

TEST_CASE("output that cannot be written is an error that says why, however much it is",
          "[client]") {
  for (const std::size_t bytes : {10U, 1'000'000U}) {
    const Descriptor full(open("/dev/full", O_WRONLY | O_CLOEXEC));
    const auto written = Printing(full.get(), bytes);
    REQUIRE_FALSE(written);
    CHECK(written.error().code == Code::kUnavailable);
    CHECK(written.error().message == "the output could not be written (No space left on device)");
  }
  CHECK(FlushOutput());  // it is told once
}

TEST_CASE("a reader who has gone is told from a disk that is full", "[client]") {
  std::signal(SIGPIPE, SIG_IGN);
  for (const std::size_t bytes : {10U, 1'000'000U}) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    close(ends[0]);
    const Descriptor writing(ends[1]);
    const auto written = Printing(writing.get(), bytes);
    REQUIRE_FALSE(written);
    CHECK(written.error().code == Code::kCancelled);
  }
}

}  // namespace recourse::cli

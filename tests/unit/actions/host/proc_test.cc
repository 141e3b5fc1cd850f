#include "actions/host/proc.h"

#include <catch2/catch.hpp>

namespace recourse::host {
namespace {

TEST_CASE("memory is what the kernel says is available, not what is free", "[actions][host]") {
  const auto memory = ReadMemory(
      "MemTotal:       16000 kB\nMemFree:          100 kB\nMemAvailable:    4000 kB\n"
      "SwapTotal:       2000 kB\nSwapFree:         500 kB\n");
  REQUIRE(memory);
  CHECK(memory->total_bytes == 16000 * 1024);
  CHECK(memory->available_bytes == 4000 * 1024);
  CHECK(memory->swap_free_bytes == 500 * 1024);
  CHECK_FALSE(ReadMemory("MemTotal: 16000 kB\n"));
  CHECK_FALSE(ReadMemory(""));
}

TEST_CASE("the processors' times are read of all cores together", "[actions][host]") {
  const auto times = ReadCpuTimes(
      "cpu  10 5 20 400 30 1 2 7 0 0\ncpu0 5 2 10 200 15 0 1 3 0 0\ncpu1 5 3 10 200 15 1 1 4 0 0\n"
      "intr 12345\n");
  REQUIRE(times);
  CHECK(times->user == 15);
  CHECK(times->system == 23);
  CHECK(times->idle == 400);
  CHECK(times->iowait == 30);
  CHECK(times->steal == 7);
  CHECK(times->cores == 2);
  CHECK_FALSE(ReadCpuTimes("intr 1\n"));
}

TEST_CASE("sockets are read with their addresses as people write them", "[actions][host]") {
  const auto sockets = ReadSockets(
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
      "inode\n"
      "   0: 0100007F:2135 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 "
      "4242 1 0 100 0 0 10 0\n"
      "   1: 0000000000000000FFFF00000100007F:2135 0000000000000000FFFF0000057100CB:C350 01 "
      "00000000:00000000 00:00000000 00000000 33 0 7 1 0\n"
      "   2: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 06 "
      "00000000:00000000 03:00000000 00000000 0 0 0 1 0\n");
  REQUIRE(sockets.size() == 3);
  CHECK(sockets[0].address == "127.0.0.1");
  CHECK(sockets[0].port == 8501);
  CHECK(sockets[0].state == "listening");
  CHECK(sockets[0].user == 1000);
  CHECK(sockets[0].inode == 4242);
  CHECK(sockets[1].address == "127.0.0.1");
  CHECK(sockets[1].peer == "203.0.113.5");
  CHECK(sockets[1].state == "established");
  CHECK(sockets[2].address == "::1");
  CHECK(sockets[2].state == "time_wait");
}

}  // namespace
}  // namespace recourse::host

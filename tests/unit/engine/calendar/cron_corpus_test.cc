// What the fuzzer asks of every text holds for its corpus, and for texts that are nearly like it.
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace recourse::calendar {
namespace {

void Try(const std::string& text) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

}  // namespace

TEST_CASE("the corpus of the cron fuzzer holds its rules, also with some bytes changed",
          "[calendar]") {
  std::mt19937 random(Catch::rngSeed());
  const std::string signs = "0123456789*/,-#LW@ \tSUNjan";
  int texts = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(RECOURSE_SOURCE_DIR "/tests/fuzz/corpus/cron")) {
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    INFO(text);
    Try(text);
    for (int i = 0; i < 40; ++i) {
      std::string changed = text;
      changed[random() % changed.size()] = signs[random() % signs.size()];
      Try(changed);
    }
    ++texts;
  }
  CHECK(texts >= 20);
}

}  // namespace recourse::calendar

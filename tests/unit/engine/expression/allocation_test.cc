// That a guard costs no memory: what stands in variables is read where it stands.
#include <cstdlib>
#include <new>

#include "tests/unit/engine/expression/evaluate.h"

namespace {

// How often memory was asked for, in the whole program. Its tests run in one thread.
int allocations = 0;

}  // namespace

// Not inlined: the compiler would see free() beside its own idea of new.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  void* memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace recourse::expression {

TEST_CASE("a guard is evaluated without asking for memory", "[expression]") {
  const MapScope scope(
      {{"inputs", Value::Object({{"mode", "a text that is too long to stand within its string"},
                                 {"sizes", Value::List{1, 2, 3}},
                                 {"on", true}})},
       {"steps",
        Value::Object({{"check", Value::Object({{"output", Value::Object({{"rows", 5000}})}})}})}});
  for (const char* source : {"steps.check.output.rows > 1000 && inputs.mode != 'fast'",
                             "has(steps.check.output.rows) ? steps.check.output.rows + 1 : 0",
                             "inputs.mode.startsWith('a text') || !inputs.on",
                             "size(inputs.sizes) == 3", "inputs.sizes[2] in inputs.sizes"}) {
    INFO(source);
    const auto program = Program::Parse(source);
    REQUIRE(program);
    const int before = allocations;
    const Result<Value> value = program->Evaluate(scope);
    const int after = allocations;
    CHECK(value.ok());
    CHECK(after == before);
  }
}

}  // namespace recourse::expression

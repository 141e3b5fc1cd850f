// A world with a script in it, and the phases of one attempt as the engine calls them.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "actions/process/process.h"
#include "tests/unit/actions/world.h"

namespace recourse::testing {

struct ScriptWorld : World {
  // What a script has started is found by the key, also by tests beside this one.
  ScriptWorld() : World(AddProcessActions) { key += "-" + std::to_string(getpid()); }

  std::string WriteScript(const std::string& text) const {
    const std::string path = Write("script", text);
    REQUIRE(chmod(path.c_str(), 0755) == 0);
    return path;
  }

  // An action that speaks the protocol, in sh: `cases` are those of the phase.
  Value Speaking(const std::string& cases) const {
    const std::string path =
        WriteScript("#!/bin/sh\nset -eu\ncd " + Path("") + "\ncase $1 in\n" + cases + "\nesac\n");
    return Value::Object({{"program", path}});
  }

  const Action& action() const { return Find("process.script"); }

  ProbeAnswer Probe(const Value& inputs) { return action().Probe(MakeContext(inputs, undo)); }
  Outcome Compensate(const Value& inputs, const Value& output = {}) {
    return action().Compensate(MakeContext(inputs, undo), output);
  }
  Verification Verify(const Value& inputs, const Value& output) {
    return action().Verify(MakeContext(inputs, undo), output);
  }
};

}  // namespace recourse::testing

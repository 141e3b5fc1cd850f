// What the actions share that put a new file in a database's place: the old files go aside as a
// set, the new one appears whole, and compensating puts the old set back, byte for byte.
#pragma once

#include <cstdint>
#include <string>

#include "actions/action.h"
#include "actions/database/resource.h"
#include "actions/database/restore_record.h"

namespace recourse::database {

class DatabaseReplacement : public Action {
 public:
  Outcome Prepare(const Context& context) const final;
  Outcome Apply(const Context& context) const final;
  Verification Verify(const Context& context, const Value& output) const final;
  ProbeAnswer Probe(const Context& context) const final;
  Outcome Compensate(const Context& context, const Value& output) const final;

 protected:
  struct Replacement {
    Resource resource;
    std::string source;  // what the new file is made from; its owner and mode are the last resort
    std::int64_t bytes = 0;  // that the new file needs
  };
  virtual Result<Replacement> ReadReplacement(const Context& context) const = 0;

  // Called before anything is touched: whether the source still is what it should be.
  virtual Result<void> CheckSource(const Context&) const { return {}; }

  // Makes the new file at record.temporary, checked, in journal mode DELETE and closed. Answers the
  // output without path, quarantine, sha256 and size; its journal_mode is what the file gets.
  virtual Outcome MakeContent(const RestoreRecord& record, const Context& context) const = 0;
};

}  // namespace recourse::database

// The definitions of runs by their digest: those that runs are started from, and older ones from
// the journal.
//
// Thread safety: every function may be called from any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engine/runtime/engine.h"

namespace recourse::runtime {

class Definitions {
 public:
  // `catalogue` and `journal` outlive this.
  Definitions(const ActionCatalogue& catalogue, const journal::Journal& journal)
      : catalogue_(catalogue), journal_(journal) {}

  // Runs may be started from these from now on.
  void Add(const Workflows& workflows);

  // A stored definition may name actions which this server lacks: its other steps are run and
  // undone as ever, and a person is asked where one of those is next.
  // kNotFound: none of that digest. kDataLoss: what is stored is no definition.
  Result<std::shared_ptr<const definition::Workflow>> Find(const std::string& digest);

 private:
  const ActionCatalogue& catalogue_;
  const journal::Journal& journal_;
  std::mutex mutex_;
  // Guarded by mutex_.
  std::map<std::string, std::shared_ptr<const definition::Workflow>, std::less<>> found_;
  std::unique_ptr<journal::Reader> reader_;  // opened when it is first needed
};

}  // namespace recourse::runtime

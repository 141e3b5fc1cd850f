#include "engine/runtime/definitions.h"

namespace recourse::runtime {

void Definitions::Add(const Workflows& workflows) {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, workflow] : workflows) found_.emplace(workflow->digest, workflow);
}

Result<std::shared_ptr<const definition::Workflow>> Definitions::Find(const std::string& digest) {
  const std::lock_guard lock(mutex_);
  if (const auto found = found_.find(digest); found != found_.end()) return found->second;
  if (reader_ == nullptr) {
    auto opened = journal_.OpenReader();
    if (!opened) return std::move(opened).error().In("read definition " + digest);
    reader_ = *std::move(opened);
  }
  auto text = reader_->FindDefinition(digest);
  if (!text) return std::move(text).error().In("read definition " + digest);
  if (!*text) return NotFound("there is no definition with the digest " + digest);
  auto loaded = definition::LoadStoredWorkflow(**text, &catalogue_);
  if (loaded.workflow == nullptr) {
    return DataLoss("the stored definition " + digest +
                    " cannot be loaded: " + loaded.Report("definition"));
  }
  return found_.emplace(digest, std::move(loaded.workflow)).first->second;
}

}  // namespace recourse::runtime

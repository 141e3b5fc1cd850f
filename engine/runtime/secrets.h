// Secrets while an attempt has them: put in the place of their references just before the action
// runs, and taken out of all that it answers.
//
// Thread safety: a SecretSource may be called from any thread; Secrets are immutable.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/value.h"
#include "engine/definition/workflow.h"

namespace recourse::runtime {

// Where secrets come from.
class SecretSource {
 public:
  virtual ~SecretSource() = default;

  // The secret itself: UTF-8 of at least kSecretMin bytes. May block, but not beyond `deadline` or
  // when `stop` is set. kFailedPrecondition: there is no such secret, or it cannot be had or used;
  // the message says what to do and has no part of it.
  virtual Result<std::string> Read(const std::string& name, const std::stop_token& stop,
                                   std::chrono::steady_clock::time_point deadline) const = 0;

  // Whether Read knows where that secret comes from; reads nothing. kFailedPrecondition: it does
  // not; the message names those that there are.
  virtual Result<void> Knows(const std::string& name) const = 0;
};

// Whether `source` (null: knows none) knows every secret that the workflow's actions get.
// kFailedPrecondition: the first that it does not, and the step that asks for it.
Result<void> KnowsSecretsOf(const definition::Workflow& workflow, const SecretSource* source);

// A shorter one would stand in many texts by chance, so that it could not be taken out of them.
inline constexpr std::size_t kSecretMin = 4;

// `inputs` with "[secret NAME]" for each reference, for those who may not know. Answers the names.
std::pair<Value, std::vector<std::string>> WithoutSecrets(const Value& inputs);

class Secrets {
 public:
  Secrets() = default;

  // Reads those secrets that `inputs` refer to and that are `allowed`, once each. `source` may be
  // null. kFailedPrecondition: a reference to another one, or as SecretSource::Read.
  static Result<Secrets> Read(const SecretSource* source, const Value& inputs,
                              const std::vector<std::string>& allowed, const std::stop_token& stop,
                              std::chrono::steady_clock::time_point deadline);

  // Takes out also those of `others` that were not read for this action: what one step was told, a
  // later one can come across.
  void AlsoTakeOut(const std::vector<std::pair<std::string, std::string>>& others);
  // What was read: names and secrets.
  const std::vector<std::pair<std::string, std::string>>& values() const { return values_; }

  // `inputs` with the secrets in the place of their references.
  Value PutInto(const Value& inputs) const;

  // The text with "[secret NAME]" in the place of each secret: as it is, as JSON and URLs write it,
  // in base64, each line of one that has several, and a large part of one at an edge of a line,
  // where something may have been cut.
  std::string Scrubbed(std::string text) const;
  // The same for every text in a value, keys of maps too.
  Value Scrubbed(const Value& value) const;
  Error Scrubbed(Error error) const;

  // Whether Scrubbed would change it.
  bool StandIn(const Value& value) const;

 private:
  void AddForms(const std::string& name, const std::string& text);
  void SortForms();

  std::vector<std::pair<std::string, std::string>> values_;  // name, secret
  struct Form {
    std::string text;
    std::string mark;  // "[secret NAME]"
  };
  std::vector<Form> forms_;  // longest first, so that none hides a longer one
};

// The secrets that have been read since the start, in memory alone.
//
// Thread safety: any.
class SeenSecrets {
 public:
  // Keeps the newest few values of each name: old ones may still stand somewhere.
  void Add(const std::vector<std::pair<std::string, std::string>>& values);
  // Those of a workflow's names that are not among `own`. What was never read since the start is
  // read now, if it can be had: an earlier server's steps may have been told it.
  std::vector<std::pair<std::string, std::string>> Others(
      const std::vector<std::string>& names,
      const std::vector<std::pair<std::string, std::string>>& own, const SecretSource* source,
      const std::stop_token& stop, std::chrono::steady_clock::time_point deadline);

 private:
  std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> seen_;  // guarded by mutex_; the oldest first
};

}  // namespace recourse::runtime

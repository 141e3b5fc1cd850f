// Signed heads: what proves that a journal's end was not cut off, and that nothing before it was
// changed by who can make a chain anew. They are kept where the journal is not.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/base/signing.h"
#include "engine/journal/journal.h"

namespace recourse::record {

struct SignedHead {
  std::string journal;  // its identity
  journal::Position position = 0;
  std::string hash;  // of the event there, in hexadecimal
  Time time;         // when it was signed
  std::string signature;

  bool operator==(const SignedHead&) const = default;
};

// One line of JSON without its end, as the file of heads has them.
std::string LineOf(const SignedHead& head);
// kInvalidArgument: the line is no signed head.
Result<SignedHead> ParseHead(std::string_view line);
// A file's lines; empty ones, and those that a crash cut off, are passed over. kInvalidArgument:
// names the line.
Result<std::vector<SignedHead>> ParseHeads(std::string_view text);

// Signs the journal's head as it is now. kNotFound: the journal is empty.
Result<SignedHead> SignHead(journal::Reader& reader, const SigningKey& key, Time now);

// What a tombstone's signature is given for.
std::string TombstoneMessage(const std::string& journal, const std::string& payload);

// What a check against signatures found.
struct SignatureCheck {
  std::int64_t heads = 0;          // that fit the journal
  std::int64_t heads_removed = 0;  // whose event was exported and removed: not compared
  std::int64_t tombstones = 0;     // that the server has signed
  std::vector<std::string> problems;
};

// Whether the journal has every head, and every run that was removed from it was removed by who has
// the key. It proves no more than a chain that holds: see Verify. Errors are the reader's.
Result<SignatureCheck> CheckSignatures(journal::Reader& reader, std::span<const SignedHead> heads,
                                       const PublicKey& key);

}  // namespace recourse::record

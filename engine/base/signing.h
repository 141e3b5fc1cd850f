// Signatures with Ed25519 (RFC 8032), by OpenSSL. Keys are PEM files, so that other tools can check
// what was signed.
//
// Thread safety: keys may be used from any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/error.h"

struct evp_pkey_st;

namespace recourse {

class PublicKey {
 public:
  // kInvalidArgument: no PEM of an Ed25519 public key.
  static Result<PublicKey> Parse(const std::string& pem);

  bool Verify(std::string_view message, std::string_view signature) const;

 private:
  explicit PublicKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}

  std::shared_ptr<evp_pkey_st> key_;
};

class SigningKey {
 public:
  // The key in that file; a new one is made, with mode 0600, where there is no file.
  // kPermissionDenied: others may read the file. kInvalidArgument: it holds no Ed25519 key.
  // Otherwise the code of the system error. A file that is there is never changed.
  static Result<SigningKey> LoadOrMake(const std::string& path);
  // The same of a file that must be there; nothing is made.
  static Result<SigningKey> Load(const std::string& path);

  std::string Sign(std::string_view message) const;  // 64 bytes
  std::string PublicPem() const;

 private:
  explicit SigningKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}

  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace recourse

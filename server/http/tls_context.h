// TLS of the HTTP listener, by the same files as the gRPC port.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "server/tls.h"

namespace recourse::server::http {

// Follows the files: what is renewed counts for connections made from then on, within seconds. When
// they cannot be used together, what was read before stays; TlsWatch tells the log.
//
// Thread safety: every function may be called from any thread.
class TlsContext {
 public:
  // kFailedPrecondition and others: see CheckTls.
  static Result<std::unique_ptr<TlsContext>> Open(const TlsFiles& files);

  // Of a new connection. What it is made with holds the context.
  std::shared_ptr<SSL_CTX> Now();

 private:
  explicit TlsContext(const TlsFiles& files) : files_(files) {}
  Result<std::shared_ptr<SSL_CTX>> Make() const;
  std::string Stamp() const;

  const TlsFiles files_;
  std::mutex mutex_;
  std::string stamp_;                 // this and `context_` are guarded by mutex_
  std::shared_ptr<SSL_CTX> context_;  // never null once open
};

// What a client certificate says, as gRPC tells it: "CN=ada", "DNS:bot.example.net", ... ; empty:
// none was shown.
std::vector<std::string> CertificateNames(const SSL& connection);
// Its SHA-256 in hexadecimal; empty: none was shown.
std::string CertificateFingerprint(const SSL& connection);

}  // namespace recourse::server::http

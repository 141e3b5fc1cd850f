// TLS on the server's port: its files, and the credentials made of them.
#pragma once

#include <memory>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/error.h"

namespace grpc {
class ServerCredentials;
}  // namespace grpc

namespace recourse::server {

struct TlsFiles {
  std::string certificate;  // PEM: the server's certificate and what lies between it and the root
  std::string key;          // PEM: its private key
  std::string client_ca;    // PEM: who issues the certificates of callers; empty: none is asked for
};

// Looks whether the files can be used together, and answers when the certificate expires.
// kFailedPrecondition: one holds no PEM of its kind, the key is not the certificate's, or everybody
// can read it. Otherwise the system's error. One that has expired can be used: that is for callers
// to judge.
Result<Time> CheckTls(const TlsFiles& files);

// Credentials that follow the files: what is renewed counts for connections made from then on,
// within seconds. REQUIRES: gRPC is in use, and CheckTls has found nothing wrong.
std::shared_ptr<grpc::ServerCredentials> TlsCredentials(const TlsFiles& files);

// Tells the log what becomes of the certificate: how long it is good, that it was renewed, that it
// is about to expire, and what is wrong with files that were renewed.
class TlsWatch {
 public:
  explicit TlsWatch(TlsFiles files) : files_(std::move(files)) {}
  // One thread at a time.
  void Look(Time now);

 private:
  const TlsFiles files_;
  std::string seen_;  // which files were looked at last
  Time expires_{};
  Time warned_{};
};

// The SHA-256 of a certificate's DER form, in hexadecimal, as "openssl x509 -fingerprint" has it
// but for the colons. Text that holds no certificate is hashed as it is.
std::string FingerprintOf(const std::string& pem);

}  // namespace recourse::server

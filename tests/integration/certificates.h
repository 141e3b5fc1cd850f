// Certificates for tests of TLS: an authority, and what it issues.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

struct evp_pkey_st;
struct x509_st;

namespace recourse::integration {

struct Pem {
  std::string certificate;
  std::string key;
};

struct CertificateRequest {
  std::string common_name;
  std::vector<std::string> alternative_names;  // "DNS:localhost", "IP:127.0.0.1", "URI:x://y"
  std::chrono::seconds until = std::chrono::hours(24);  // from now; negative: it has expired
};

class Authority {
 public:
  explicit Authority(const std::string& common_name);

  Pem Issue(const CertificateRequest& request) const;
  const std::string& certificate() const { return pem_; }

 private:
  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<x509_st> self_;
  std::string pem_;
};

}  // namespace recourse::integration

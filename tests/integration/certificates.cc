#include "tests/integration/certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <catch2/catch.hpp>

namespace recourse::integration {
namespace {

using Key = std::shared_ptr<EVP_PKEY>;
using Certificate = std::shared_ptr<X509>;

Key NewKey() {
  Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  REQUIRE(key != nullptr);
  return key;
}

template <class Write>
std::string Written(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
  REQUIRE(write(bio.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

void Extend(X509& certificate, X509& issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  INFO(value);
  REQUIRE(extension != nullptr);
  REQUIRE(X509_add_ext(&certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

Certificate NewCertificate(const std::string& common_name, EVP_PKEY& key, X509* issuer,
                           std::chrono::seconds until) {
  Certificate certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), 2);
  std::uint64_t serial = 0;
  REQUIRE(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial)) == 1);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -2L * 86400);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), static_cast<long>(until.count()));
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(certificate.get(), issuer == nullptr ? name : X509_get_subject_name(issuer));
  X509_set_pubkey(certificate.get(), &key);
  return certificate;
}

std::string PemOf(X509& certificate) {
  return Written([&](BIO* bio) { return PEM_write_bio_X509(bio, &certificate); });
}

}  // namespace

Authority::Authority(const std::string& common_name) : key_(NewKey()) {
  self_ = NewCertificate(common_name, *key_, nullptr, std::chrono::hours(24));
  Extend(*self_, *self_, NID_basic_constraints, "critical,CA:TRUE");
  Extend(*self_, *self_, NID_key_usage, "critical,keyCertSign,cRLSign");
  REQUIRE(X509_sign(self_.get(), key_.get(), EVP_sha256()) > 0);
  pem_ = PemOf(*self_);
}

Pem Authority::Issue(const CertificateRequest& request) const {
  const Key key = NewKey();
  const Certificate certificate =
      NewCertificate(request.common_name, *key, self_.get(), request.until);
  std::string names;
  for (const std::string& name : request.alternative_names) {
    names += (names.empty() ? "" : ",") + name;
  }
  if (!names.empty()) Extend(*certificate, *self_, NID_subject_alt_name, names);
  Extend(*certificate, *self_, NID_basic_constraints, "critical,CA:FALSE");
  REQUIRE(X509_sign(certificate.get(), key_.get(), EVP_sha256()) > 0);
  return {PemOf(*certificate), Written([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

}  // namespace recourse::integration

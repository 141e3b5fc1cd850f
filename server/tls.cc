#include "server/tls.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <cerrno>
#include <ctime>
#include <string_view>
#include <utility>

#include "engine/base/digest.h"
#include "engine/base/file.h"
#include "engine/base/text.h"

namespace recourse::server {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using PrivateKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

constexpr unsigned kLookEverySeconds = 2;
constexpr std::int64_t kPemMax = 1024 * 1024;
constexpr auto kExpiresSoon = std::chrono::days(14);

Bio Reading(const std::string& pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free};
}

// The first certificate in `pem`; null: there is none.
Certificate FirstIn(const std::string& pem) {
  const Bio text = Reading(pem);
  return {PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr), X509_free};
}

Result<Certificate> CertificateIn(const std::string& path) {
  auto pem = ReadFile(path, kPemMax);
  if (!pem) return std::move(pem).error();
  Certificate certificate = FirstIn(*pem);
  if (certificate == nullptr) return FailedPrecondition(path + " holds no certificate in PEM");
  return certificate;
}

Result<PrivateKey> KeyIn(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) return ErrnoError(errno, "open " + path);
  if ((status.st_mode & 007) != 0) {
    return FailedPrecondition(
        path + " can be read by everybody; replace the key, then: chmod o-rwx " + path);
  }
  auto pem = ReadFile(path, kPemMax);
  if (!pem) return std::move(pem).error();
  const Bio text = Reading(*pem);
  // A key with a passphrase is none: nobody is there to type it.
  const auto no_passphrase = [](char*, int, int, void*) { return 0; };
  PrivateKey key(PEM_read_bio_PrivateKey(text.get(), nullptr, no_passphrase, nullptr),
                 EVP_PKEY_free);
  if (key == nullptr) return FailedPrecondition(path + " holds no private key in PEM");
  return key;
}

std::string Shown(Time time) { return FormatTimestamp(ToTimestamp(time)); }

}  // namespace

Result<Time> CheckTls(const TlsFiles& files) {
  auto certificate = CertificateIn(files.certificate);
  if (!certificate) return std::move(certificate).error().In("tls.certificate");
  auto key = KeyIn(files.key);
  if (!key) return std::move(key).error().In("tls.key");
  if (X509_check_private_key(certificate->get(), key->get()) != 1) {
    return FailedPrecondition("tls.key: " + files.key + " is not the key of the certificate in " +
                              files.certificate);
  }
  if (!files.client_ca.empty()) {
    auto issuer = CertificateIn(files.client_ca);
    if (!issuer) return std::move(issuer).error().In("tls.client_ca");
  }
  std::tm end = {};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate->get()), &end) != 1) {
    return FailedPrecondition("tls.certificate: " + files.certificate + " has no end");
  }
  return Time(std::chrono::seconds(timegm(&end)));
}

std::shared_ptr<grpc::ServerCredentials> TlsCredentials(const TlsFiles& files) {
  using namespace grpc::experimental;  // NOLINT: what follows renewed files is there only
  const auto provider = std::make_shared<FileWatcherCertificateProvider>(
      files.key, files.certificate, files.client_ca, kLookEverySeconds);
  TlsServerCredentialsOptions options(provider);
  options.watch_identity_key_cert_pairs();
  if (!files.client_ca.empty()) {
    options.watch_root_certs();
    // Who has a token needs no certificate; one that is shown must be right.
    options.set_cert_request_type(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return TlsServerCredentials(options);
}

void TlsWatch::Look(Time now) {
  std::string files;
  for (const std::string& path : {files_.certificate, files_.key, files_.client_ca}) {
    struct stat status = {};
    if (path.empty() || stat(path.c_str(), &status) != 0) continue;
    files += std::to_string(status.st_ino) + "." + std::to_string(status.st_mtim.tv_sec) + "." +
             std::to_string(status.st_mtim.tv_nsec) + " ";
  }
  if (std::exchange(seen_, files) != files) {
    auto expires = CheckTls(files_);
    if (!expires) {
      spdlog::error(
          "TLS: the files cannot be used together: {}; connections go on with those read "
          "before",
          expires.error().message);
      return;
    }
    expires_ = *expires;
    warned_ = Time();
    spdlog::info("TLS: the certificate {} is good until {}", files_.certificate, Shown(expires_));
  }
  if (expires_ - now < kExpiresSoon && now - warned_ > std::chrono::days(1)) {
    warned_ = now;
    spdlog::warn("TLS: the certificate {} {} at {}; renew it, and it is taken without a restart",
                 files_.certificate, expires_ <= now ? "has expired" : "expires", Shown(expires_));
  }
}

std::string FingerprintOf(const std::string& pem) {
  const Certificate certificate = FirstIn(pem);
  unsigned char* der = nullptr;
  const int size = certificate == nullptr ? -1 : i2d_X509(certificate.get(), &der);
  if (size < 0) return ToHex(Sha256Of(pem));
  const std::string_view bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  std::string fingerprint = ToHex(Sha256Of(bytes));
  OPENSSL_free(der);
  return fingerprint;
}

}  // namespace recourse::server

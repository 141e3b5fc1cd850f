#include "server/http/tls_context.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <string_view>
#include <utility>

#include "engine/base/digest.h"

namespace recourse::server::http {
namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Names = std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)>;

Certificate Shown(const SSL& connection) {
  return {SSL_get1_peer_certificate(&connection), X509_free};
}

std::string TextOf(const ASN1_STRING& text) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, &text);
  if (size < 0) return "";
  std::string copy(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return copy;
}

}  // namespace

Result<std::unique_ptr<TlsContext>> TlsContext::Open(const TlsFiles& files) {
  std::unique_ptr<TlsContext> context(new TlsContext(files));
  if (auto usable = CheckTls(files); !usable) return std::move(usable).error();
  context->stamp_ = context->Stamp();
  auto made = context->Make();
  if (!made) return std::move(made).error();
  context->context_ = *std::move(made);
  return context;
}

std::shared_ptr<SSL_CTX> TlsContext::Now() {
  const std::lock_guard lock(mutex_);
  if (std::string stamp = Stamp(); stamp != stamp_) {
    // A key that is newer than its certificate is looked at again when that has come.
    auto made = CheckTls(files_) ? Make() : Result<std::shared_ptr<SSL_CTX>>(Internal(""));
    if (made) context_ = *std::move(made);
    stamp_ = std::move(stamp);
  }
  return context_;
}

Result<std::shared_ptr<SSL_CTX>> TlsContext::Make() const {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (context == nullptr) return Internal("TLS cannot be used");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // What is remembered of a connection would outlive the revocation of its certificate.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
  if (SSL_CTX_use_certificate_chain_file(context.get(), files_.certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), files_.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    return FailedPrecondition("tls: " + files_.certificate + " and " + files_.key +
                              " cannot be used together");
  }
  if (files_.client_ca.empty()) return context;
  if (SSL_CTX_load_verify_locations(context.get(), files_.client_ca.c_str(), nullptr) != 1) {
    return FailedPrecondition("tls.client_ca: " + files_.client_ca + " cannot be used");
  }
  SSL_CTX_set_client_CA_list(context.get(), SSL_load_client_CA_file(files_.client_ca.c_str()));
  // Who has a token needs no certificate; one that is shown must be right.
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return context;
}

std::string TlsContext::Stamp() const {
  std::string stamp;
  for (const std::string& path : {files_.certificate, files_.key, files_.client_ca}) {
    struct stat facts = {};
    if (path.empty() || stat(path.c_str(), &facts) != 0) continue;
    stamp += std::to_string(facts.st_ino) + "." + std::to_string(facts.st_mtim.tv_sec) + "." +
             std::to_string(facts.st_mtim.tv_nsec) + " ";
  }
  return stamp;
}

std::vector<std::string> CertificateNames(const SSL& connection) {
  std::vector<std::string> names;
  const Certificate certificate = Shown(connection);
  if (certificate == nullptr) return names;
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;) {
    names.push_back("CN=" + TextOf(*X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
  }
  const Names others(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(
                         certificate.get(), NID_subject_alt_name, nullptr, nullptr)),
                     GENERAL_NAMES_free);
  for (int i = 0; others != nullptr && i < sk_GENERAL_NAME_num(others.get()); ++i) {
    const GENERAL_NAME& name = *sk_GENERAL_NAME_value(others.get(), i);
    const std::string_view kind = name.type == GEN_DNS     ? "DNS:"
                                  : name.type == GEN_URI   ? "URI:"
                                  : name.type == GEN_EMAIL ? "EMAIL:"
                                                           : "";
    if (!kind.empty()) names.push_back(std::string(kind) + TextOf(*name.d.ia5));
  }
  return names;
}

std::string CertificateFingerprint(const SSL& connection) {
  const Certificate certificate = Shown(connection);
  if (certificate == nullptr) return "";
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate.get(), &der);
  if (size < 0) return "";
  std::string fingerprint = ToHex(Sha256Of(
      std::string_view(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size))));
  OPENSSL_free(der);
  return fingerprint;
}

}  // namespace recourse::server::http

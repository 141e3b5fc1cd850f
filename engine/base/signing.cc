#include "engine/base/signing.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <cerrno>

#include "engine/base/file.h"
#include "engine/base/new_file.h"

namespace recourse {
namespace {

constexpr std::int64_t kPemMax = 4096;  // bytes; a key has some hundred

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

std::shared_ptr<evp_pkey_st> Shared(EVP_PKEY* key) { return {key, EVP_PKEY_free}; }

Bio Reading(const std::string& pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free};
}

// What `write` puts into memory.
template <class Write>
std::string Written(Write write) {
  const Bio bio(BIO_new(BIO_s_mem()), BIO_free);
  RECOURSE_CHECK(bio != nullptr);
  RECOURSE_CHECK(write(bio.get()) == 1);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

bool IsEd25519(const EVP_PKEY* key) {
  return key != nullptr && EVP_PKEY_id(key) == EVP_PKEY_ED25519;
}

const unsigned char* AsBytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

Result<PublicKey> PublicKey::Parse(const std::string& pem) {
  const Bio bio = Reading(pem);
  auto key = Shared(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  if (IsEd25519(key.get())) return PublicKey(std::move(key));
  return InvalidArgument(
      "this is no public key: a PEM file that recourse journal public-key prints "
      "is expected");
}

bool PublicKey::Verify(std::string_view message, std::string_view signature) const {
  const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  RECOURSE_CHECK(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1);
  return EVP_DigestVerify(context.get(), AsBytes(signature), signature.size(), AsBytes(message),
                          message.size()) == 1;
}

Result<SigningKey> SigningKey::Load(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return ErrnoError(errno, "open " + path);
  if ((info.st_mode & 077) != 0) {
    return Error{Code::kPermissionDenied,
                 path +
                     " can be read or written by others; nothing is signed with it. If nobody "
                     "else had it: chmod 600 " +
                     path};
  }
  auto pem = ReadFile(path, kPemMax);
  if (!pem) return std::move(pem).error();
  const Bio bio = Reading(*pem);
  auto key = Shared(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (!IsEd25519(key.get())) {
    return InvalidArgument(path + " holds no Ed25519 key; it was left as it is");
  }
  return SigningKey(std::move(key));
}

Result<SigningKey> SigningKey::LoadOrMake(const std::string& path) {
  auto loaded = Load(path);
  if (loaded || loaded.error().code != Code::kNotFound) return loaded;
  const auto key = Shared(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  RECOURSE_CHECK(key != nullptr);
  const std::string pem = Written([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  auto made = NewFile::Beside(path);
  if (!made) return std::move(made).error();
  auto file = OpenFile(made->path(), O_WRONLY);
  if (!file) return std::move(file).error();
  if (auto written = WriteAll(file->get(), pem); !written) return written.error();
  if (auto moved = made->MoveTo(path); !moved) return moved.error();
  return Load(path);
}

std::string SigningKey::Sign(std::string_view message) const {
  const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  RECOURSE_CHECK(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1);
  std::string signature(64, '\0');
  std::size_t size = signature.size();
  RECOURSE_CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                                &size, AsBytes(message), message.size()) == 1);
  signature.resize(size);
  return signature;
}

std::string SigningKey::PublicPem() const {
  return Written([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, key_.get()); });
}

}  // namespace recourse

#include "engine/base/signing.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "engine/base/file.h"

namespace recourse {
namespace {

class KeyFolder {
 public:
  KeyFolder() {
    char name[] = "/tmp/signing.XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path_ = name;
  }
  ~KeyFolder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("what a key signs its public half confirms, and nothing else", "[base]") {
  const KeyFolder folder;
  const auto key = SigningKey::LoadOrMake(folder / "key");
  const auto other = SigningKey::LoadOrMake(folder / "other");
  REQUIRE(key);
  REQUIRE(other);
  const auto checks = PublicKey::Parse(key->PublicPem());
  REQUIRE(checks);
  const std::string signature = key->Sign("head 12");
  CHECK(signature.size() == 64);
  CHECK(checks->Verify("head 12", signature));
  CHECK_FALSE(checks->Verify("head 13", signature));
  CHECK_FALSE(checks->Verify("head 12", other->Sign("head 12")));
  CHECK_FALSE(checks->Verify("head 12", ""));
}

TEST_CASE("a key is made once, readable for its owner only, and found again", "[base]") {
  const KeyFolder folder;
  const auto made = SigningKey::LoadOrMake(folder / "key");
  REQUIRE(made);
  struct stat info;
  REQUIRE(stat((folder / "key").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  const auto found = SigningKey::LoadOrMake(folder / "key");
  REQUIRE(found);
  CHECK(found->PublicPem() == made->PublicPem());
}

TEST_CASE("a key that others may read, or that is none, is refused and left as it is", "[base]") {
  const KeyFolder folder;
  REQUIRE(SigningKey::LoadOrMake(folder / "key"));
  REQUIRE(chmod((folder / "key").c_str(), 0640) == 0);
  CHECK(SigningKey::LoadOrMake(folder / "key").error().code == Code::kPermissionDenied);
  REQUIRE(WriteFileAtomically(folder / "text", "no key\n", 0600));
  CHECK(SigningKey::LoadOrMake(folder / "text").error().code == Code::kInvalidArgument);
  CHECK(*ReadFile(folder / "text", 100) == "no key\n");
  CHECK(PublicKey::Parse("no key").error().code == Code::kInvalidArgument);
}

}  // namespace recourse

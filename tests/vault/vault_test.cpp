#include "vault/vault.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.hpp"
#include "support/temp_dir.hpp"

namespace muster {
namespace {

using testing::read_file;
using testing::TempDir;

const std::string kHexKey(64, 'a');

//! MUSTER_KEY for the time of a test.
class EnvironmentKey {
 public:
  explicit EnvironmentKey(const char* value) { ::setenv("MUSTER_KEY", value, 1); }
  ~EnvironmentKey() { ::unsetenv("MUSTER_KEY"); }
};

std::string code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return "no error";
}

TEST(Vault, OpensWhatItSealed) {
  const auto vault = Vault::with_key(std::string(32, 'k'));
  const auto sealed = vault.seal(SealPurpose::kSecret, "marketing/refresh_token", "s3cret");
  EXPECT_EQ(sealed.find("s3cret"), std::string::npos);
  EXPECT_EQ(vault.unseal(SealPurpose::kSecret, "marketing/refresh_token", sealed), "s3cret");
}

TEST(Vault, SealsTheSameValueDifferentlyEachTime) {
  const auto vault = Vault::with_key(std::string(32, 'k'));
  EXPECT_NE(vault.seal(SealPurpose::kSecret, "a", "x"), vault.seal(SealPurpose::kSecret, "a", "x"));
}

TEST(Vault, RefusesAnotherKeyPurposeContextOrBytes) {
  const auto vault = Vault::with_key(std::string(32, 'k'));
  const auto other = Vault::with_key(std::string(32, 'o'));
  auto sealed = vault.seal(SealPurpose::kSecret, "a", "x");
  const auto unseal = [&](const Vault& with, SealPurpose purpose, const std::string& context) {
    return code_of([&] { with.unseal(purpose, context, sealed); });
  };
  EXPECT_EQ(unseal(other, SealPurpose::kSecret, "a"), "vault.wrong_key");
  EXPECT_EQ(unseal(vault, SealPurpose::kIdentifier, "a"), "vault.wrong_key");
  EXPECT_EQ(unseal(vault, SealPurpose::kSecret, "b"), "vault.wrong_key");
  sealed.back() = static_cast<char>(sealed.back() ^ 1);
  EXPECT_EQ(unseal(vault, SealPurpose::kSecret, "a"), "vault.wrong_key");
  sealed.resize(3);
  EXPECT_EQ(unseal(vault, SealPurpose::kSecret, "a"), "vault.wrong_key");
}

TEST(Vault, MakesItsKeyFileOnceAndForItsOwnerOnly) {
  const TempDir directory;
  const auto first = Vault::open(directory.path(), Vault::IfMissing::kCreate);
  struct stat status {};
  ASSERT_EQ(::stat((directory / "vault.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const auto again = Vault::open(directory.path(), Vault::IfMissing::kRefuse);
  EXPECT_EQ(again.unseal(SealPurpose::kCheck, "c", first.seal(SealPurpose::kCheck, "c", "v")), "v");
}

TEST(Vault, RefusesToGoOnWithoutTheKeyOfAnExistingState) {
  const TempDir directory;
  EXPECT_EQ(code_of([&] { Vault::open(directory.path(), Vault::IfMissing::kRefuse); }),
            "vault.key_missing");
  EXPECT_FALSE(std::filesystem::exists(directory / "vault.key"));
}

TEST(Vault, RefusesAKeyFileThatOthersCanRead) {
  const TempDir directory;
  directory.write("vault.key", kHexKey);
  ::chmod((directory / "vault.key").c_str(), 0640);
  EXPECT_EQ(code_of([&] { Vault::open(directory.path(), Vault::IfMissing::kCreate); }),
            "vault.key_file_open");
}

TEST(Vault, RefusesAKeyFileThatHoldsNoKeyAndLeavesItAsItIs) {
  const TempDir directory;
  const auto file = directory.write("vault.key", "not a key\n");
  ::chmod(file.c_str(), 0600);
  EXPECT_EQ(code_of([&] { Vault::open(directory.path(), Vault::IfMissing::kCreate); }),
            "vault.bad_key");
  EXPECT_EQ(read_file(file), "not a key\n");
}

TEST(Vault, FollowsNoSymbolicLinkToAKey) {
  const TempDir directory;
  const auto target = directory.write("elsewhere", kHexKey);
  ::chmod(target.c_str(), 0600);
  std::filesystem::create_symlink(target, directory / "vault.key");
  EXPECT_EQ(code_of([&] { Vault::open(directory.path(), Vault::IfMissing::kCreate); }),
            "vault.key_file");
}

TEST(Vault, TakesTheKeyFromTheEnvironmentAsHexOrBase64) {
  const TempDir directory;
  const auto sealed = [&] {
    const EnvironmentKey key(kHexKey.c_str());
    return Vault::open(directory.path(), Vault::IfMissing::kRefuse)
        .seal(SealPurpose::kCheck, "c", "v");
  }();
  // 32 bytes 0xaa in base64.
  const EnvironmentKey key("qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=");
  const auto vault = Vault::open(directory.path(), Vault::IfMissing::kRefuse);
  EXPECT_EQ(vault.unseal(SealPurpose::kCheck, "c", sealed), "v");
  EXPECT_FALSE(std::filesystem::exists(directory / "vault.key"));
}

TEST(Vault, RefusesAnEnvironmentKeyOfAnotherForm) {
  const TempDir directory;
  const EnvironmentKey key("abc");
  EXPECT_EQ(code_of([&] { Vault::open(directory.path(), Vault::IfMissing::kCreate); }),
            "vault.bad_key");
}

TEST(MemberHasher, DependsOnKeyKindAndIdentifier) {
  const auto hasher = Vault::with_key(std::string(32, 'k')).hasher();
  const auto other = Vault::with_key(std::string(32, 'o')).hasher();
  EXPECT_EQ(hasher.key("email", "a@b.com"), hasher.key("email", "a@b.com"));
  EXPECT_NE(hasher.key("email", "a@b.com"), hasher.key("email", "b@b.com"));
  EXPECT_NE(hasher.key("email", "1"), hasher.key("contact_id", "1"));
  EXPECT_NE(hasher.key("email", "a@b.com"), other.key("email", "a@b.com"));
}

}  // namespace
}  // namespace muster

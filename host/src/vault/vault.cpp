#include "vault/vault.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "base/error.hpp"

namespace muster {
namespace {

constexpr std::size_t kKeySize = crypto_kdf_KEYBYTES;
constexpr char kKdfContext[crypto_kdf_CONTEXTBYTES + 1] = "muster01";
constexpr std::uint64_t kHashSubkey = 100;  // purposes are numbered from 0
using Key = std::array<unsigned char, kKeySize>;

Error bad_key(std::string message) {
  return Error(ErrorKind::kUsage, "vault.bad_key", std::move(message))
      .with_hint("a key is 32 bytes: 64 hex digits or 44 characters of base64");
}

Error key_file_error(const std::filesystem::path& file, std::string_view what) {
  return Error(ErrorKind::kFailed, "vault.key_file",
               std::string(what) + ": " + std::strerror(errno))
      .at(file.string())
      .with_hint("check the file's owner and permissions (it must be yours, mode 0600)");
}

std::optional<Key> decoded(std::string_view text) {
  Key key;
  std::size_t size = 0;
  if (sodium_hex2bin(key.data(), key.size(), text.data(), text.size(), nullptr, &size, nullptr) ==
          0 &&
      size == key.size() && text.size() == 2 * key.size()) {
    return key;
  }
  const char* end = nullptr;
  if (sodium_base642bin(key.data(), key.size(), text.data(), text.size(), "\r\n", &size, &end,
                        sodium_base64_VARIANT_ORIGINAL) == 0 &&
      size == key.size() && end == text.data() + text.size()) {
    return key;
  }
  return std::nullopt;
}

//! Closes on leaving the scope.
struct Descriptor {
  int value;
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
};

Key read_key(const std::filesystem::path& file, int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) throw key_file_error(file, "can't look at the key file");
  if (!S_ISREG(status.st_mode) || (status.st_mode & 077U) != 0) {
    throw Error(ErrorKind::kFailed, "vault.key_file_open", "the key file is open to other users")
        .at(file.string())
        .with_hint("run: chmod 600 " + file.string());
  }
  std::array<char, 128> text{};
  const auto count = ::read(descriptor, text.data(), text.size());
  if (count < 0) throw key_file_error(file, "can't read the key file");
  std::string_view view(text.data(), static_cast<std::size_t>(count));
  while (!view.empty() && (view.back() == '\n' || view.back() == '\r')) view.remove_suffix(1);
  const auto key = decoded(view);
  sodium_memzero(text.data(), text.size());
  if (!key) throw bad_key("the key file does not hold a key").at(file.string());
  return *key;
}

//! Writes a new key under another name first, so that the file is never half there.
Key make_key(const std::filesystem::path& file) {
  Key key;
  crypto_kdf_keygen(key.data());
  std::array<char, 2 * kKeySize + 1> hex{};
  sodium_bin2hex(hex.data(), hex.size(), key.data(), key.size());
  hex.back() = '\n';
  std::string temporary = file.string() + ".XXXXXX";
  const Descriptor out{::mkostemp(temporary.data(), O_CLOEXEC)};
  if (out.value < 0) throw key_file_error(file, "can't make the key file");
  const bool written =
      ::write(out.value, hex.data(), hex.size()) == static_cast<ssize_t>(hex.size()) &&
      ::fsync(out.value) == 0;
  sodium_memzero(hex.data(), hex.size());
  // link, not rename: a key that another process made meanwhile is never replaced.
  const bool linked = written && ::link(temporary.c_str(), file.c_str()) == 0;
  const int linking = errno;
  ::unlink(temporary.c_str());
  if (linked) {
    // What is sealed with the key must not outlive it: its name is made durable, too.
    const Descriptor directory{
        ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (directory.value >= 0) ::fsync(directory.value);
    return key;
  }
  errno = linking;
  if (written && linking == EEXIST) {
    const Descriptor other{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (other.value < 0) throw key_file_error(file, "can't read the key file");
    return read_key(file, other.value);
  }
  throw key_file_error(file, "can't make the key file");
}

}  // namespace

struct Vault::Keys {
  Key master{};
  ~Keys() { sodium_memzero(master.data(), master.size()); }

  Key derived(std::uint64_t subkey) const {
    Key key;
    crypto_kdf_derive_from_key(key.data(), key.size(), subkey, kKdfContext, master.data());
    return key;
  }
};

Vault::Vault(std::unique_ptr<Keys> keys) : keys_(std::move(keys)) {}
Vault::Vault(Vault&&) noexcept = default;
Vault& Vault::operator=(Vault&&) noexcept = default;
Vault::~Vault() = default;

Vault Vault::with_key(std::string_view key_bytes) {
  if (sodium_init() < 0) throw Error(ErrorKind::kFailed, "crypto.init", "libsodium can't start");
  if (key_bytes.size() != kKeySize) throw bad_key("the key has another length than 32 bytes");
  auto keys = std::make_unique<Keys>();
  std::copy(key_bytes.begin(), key_bytes.end(), keys->master.begin());
  return Vault(std::move(keys));
}

Vault Vault::open(const std::filesystem::path& directory, IfMissing if_missing) {
  if (sodium_init() < 0) throw Error(ErrorKind::kFailed, "crypto.init", "libsodium can't start");
  auto keys = std::make_unique<Keys>();
  if (const char* text = ::secure_getenv("MUSTER_KEY"); text != nullptr && *text != '\0') {
    const auto key = decoded(text);
    if (!key) throw bad_key("the environment variable MUSTER_KEY does not hold a key");
    keys->master = *key;
    return Vault(std::move(keys));
  }
  const auto file = directory / "vault.key";
  const Descriptor in{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (in.value >= 0) {
    keys->master = read_key(file, in.value);
  } else if (errno != ENOENT) {
    throw key_file_error(file, "can't read the key file");
  } else if (if_missing == IfMissing::kRefuse) {
    throw Error(ErrorKind::kFailed, "vault.key_missing",
                "the key file is missing, and the state was sealed with it")
        .at(file.string())
        .with_hint(
            "restore the file from a backup or set MUSTER_KEY; without the key, move "
            "state.db away, connect again and run `muster sync --full`");
  } else {
    keys->master = make_key(file);
  }
  return Vault(std::move(keys));
}

std::string Vault::seal(SealPurpose purpose, std::string_view context,
                        std::string_view plain) const {
  constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
  std::string sealed(kNonce + plain.size() + crypto_aead_xchacha20poly1305_ietf_ABYTES, '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(sealed.data());
  randombytes_buf(bytes, kNonce);
  auto key = keys_->derived(static_cast<std::uint64_t>(purpose));
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      bytes + kNonce, nullptr, reinterpret_cast<const unsigned char*>(plain.data()), plain.size(),
      reinterpret_cast<const unsigned char*>(context.data()), context.size(), nullptr, bytes,
      key.data());
  sodium_memzero(key.data(), key.size());
  return sealed;
}

std::string Vault::unseal(SealPurpose purpose, std::string_view context,
                          std::string_view sealed) const {
  constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
  constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
  const auto* bytes = reinterpret_cast<const unsigned char*>(sealed.data());
  if (sealed.size() >= kNonce + kTag) {
    std::string plain(sealed.size() - kNonce - kTag, '\0');
    auto key = keys_->derived(static_cast<std::uint64_t>(purpose));
    const int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
        reinterpret_cast<unsigned char*>(plain.data()), nullptr, nullptr, bytes + kNonce,
        sealed.size() - kNonce, reinterpret_cast<const unsigned char*>(context.data()),
        context.size(), bytes, key.data());
    sodium_memzero(key.data(), key.size());
    if (opened == 0) return plain;
  }
  throw Error(ErrorKind::kFailed, "vault.wrong_key",
              "a stored value was sealed with another key, or was changed")
      .with_hint("use the vault.key or MUSTER_KEY that belongs to this state; nothing was changed");
}

MemberHasher Vault::hasher() const {
  auto key = keys_->derived(kHashSubkey);
  MemberHasher hasher(key);
  sodium_memzero(key.data(), key.size());
  return hasher;
}

}  // namespace muster

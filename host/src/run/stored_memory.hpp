// What sources remember, kept in the state; nothing where the state is only looked at. One thread.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "base/member_key.hpp"
#include "cohort/source_environment.hpp"
#include "state/store.hpp"

namespace muster {

class StoredMemory final : public SourceMemory {
 public:
  enum class Access {
    kReadWrite,
    kLookOnly,  //!< what is written lasts as long as this object
  };
  //! `store` is nullptr where there is no state yet; `hasher` is asked for when it is needed.
  StoredMemory(Store* store, std::function<MemberHasher()> hasher, Access access)
      : store_(store), hasher_(std::move(hasher)), access_(access) {}
  std::optional<std::string> get(std::string_view key) override;
  void update(std::string_view key, const Change& change) override;
  std::string name_of(std::string_view secret) override;

 private:
  Store* store_;
  std::function<MemberHasher()> hasher_;
  Access access_;
  std::map<std::string, std::optional<std::string>, std::less<>> passing_;
};

}  // namespace muster

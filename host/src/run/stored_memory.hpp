// What sources remember, kept in the state. One thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/member_key.hpp"
#include "cohort/source_environment.hpp"
#include "state/store.hpp"

namespace muster {

//! For runs.
class StoredMemory : public SourceMemory {
 public:
  //! `hasher` is asked for when it is needed.
  StoredMemory(Store& store, std::function<MemberHasher()> hasher)
      : store_(&store), hasher_(std::move(hasher)) {}
  std::optional<std::string> get(std::string_view key) override;
  void update(std::string_view key, const Change& change) override;
  std::string name_of(std::string_view secret) override;

 protected:
  StoredMemory(Store* store, std::function<MemberHasher()> hasher)
      : store_(store), hasher_(std::move(hasher)) {}

  Store* store_;  //!< nullptr where there is no state yet
  std::function<MemberHasher()> hasher_;
};

//! For looks at a workspace whose state is opened for reading: what changes lasts as long as this
//! object, and goes to the state by a store opened for it where there is one.
class LookedMemory final : public StoredMemory {
 public:
  //! `open` gives a store for writing, or nullptr; an Error of it is forgotten: a look must not
  //! fail for a state that can't be written.
  LookedMemory(Store* store, std::function<MemberHasher()> hasher,
               std::function<std::unique_ptr<Store>()> open)
      : StoredMemory(store, std::move(hasher)), open_(std::move(open)) {}
  std::optional<std::string> get(std::string_view key) override;
  void update(std::string_view key, const Change& change) override;

 private:
  std::function<std::unique_ptr<Store>()> open_;
  std::unique_ptr<Store> writer_;
  std::map<std::string, std::optional<std::string>, std::less<>> passing_;
};

}  // namespace muster

// What several processes do to the secrets of one connection.
#include "run/stored_secrets.hpp"

#include <gtest/gtest.h>

#include "run/grants.hpp"
#include "support/temp_dir.hpp"

namespace muster {
namespace {

using testing::TempDir;

class StoredSecretsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    connect("1");
    here_.put("token", "first");
  }
  void connect(const std::string& account) {
    ConnectionRow row;
    row.name = "c";
    row.destination = "hubspot";
    row.state = ConnectionState::kConnected;
    row.account_id = account;
    store_->put_connection(row);
  }
  std::string code_of(const std::function<void()>& use) {
    try {
      use();
    } catch (const Error& error) {
      return error.code();
    }
    return {};
  }

  TempDir dir_;
  std::unique_ptr<Store> store_ =
      open_sqlite_store(dir_.path() / "state.db", StoreAccess::kReadWrite);
  Vault vault_ = Vault::with_key(std::string(32, 'k'));
  StoredSecrets here_{*store_, vault_, "c"};
  StoredSecrets elsewhere_{*store_, vault_, "c"};
};

TEST_F(StoredSecretsTest, WhatAnotherProcessStoredIsNotReplacedByWhatWasMadeOfTheFormerValue) {
  EXPECT_EQ(elsewhere_.get("token"), "first");
  elsewhere_.put("token", "second");
  here_.put("token", "made of the first");
  EXPECT_EQ(here_.get("token"), "second");
  here_.put("token", "made of the second");
  EXPECT_EQ(elsewhere_.get("token"), "made of the second");
}

TEST_F(StoredSecretsTest, WhatAnotherProcessForgotStaysForgotten) {
  store_->forget_secrets("c");
  here_.put("token", "made of the first");
  EXPECT_EQ(here_.get("token"), std::nullopt);
}

TEST_F(StoredSecretsTest, WhatSomebodyConnectedReplacesWhateverIsThere) {
  here_.hold();
  here_.put("token", "of the new grant");
  EXPECT_EQ(elsewhere_.get("token"), "first");
  elsewhere_.put("token", "renewed meanwhile");
  here_.keep();
  elsewhere_.put("token", "renewed too late");
  EXPECT_EQ(elsewhere_.get("token"), "of the new grant");
}

TEST_F(StoredSecretsTest, ThoseOfAnotherAccountAreNeitherReadNorWritten) {
  here_.pin("1");
  EXPECT_EQ(here_.get("token"), "first");
  EXPECT_FALSE(here_.leads_elsewhere());
  connect("2");
  EXPECT_TRUE(here_.leads_elsewhere());
  EXPECT_EQ(code_of([this] { here_.get("token"); }), "run.connection_changed");
  EXPECT_EQ(code_of([this] { here_.put("token", "of the former account"); }),
            "run.connection_changed");
  EXPECT_EQ(elsewhere_.get("token"), "first");
  connect("1");
  EXPECT_EQ(here_.get("token"), "first");
}

TEST_F(StoredSecretsTest, OfAnotherGrantAreNotTakenByWhoeverGoes) {
  here_.pin_grants(count_grants(*store_, "c"));
  EXPECT_EQ(here_.get("token"), "first");
  elsewhere_.put("token", "of the new grant");
  add_grant(*store_, "c");
  EXPECT_EQ(code_of([this] { here_.get("token"); }), "leave.connected_again");
  EXPECT_EQ(code_of([this] { here_.put("token", ""); }), "leave.connected_again");
  EXPECT_EQ(store_->secret("c", "token").has_value(), true);
}

}  // namespace
}  // namespace muster

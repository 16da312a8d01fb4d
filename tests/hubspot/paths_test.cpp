#include "paths.hpp"

#include <gtest/gtest.h>

#include <array>

namespace muster::hubspot {
namespace {

constexpr std::array kAll{
    Path::kToken,       Path::kIntrospect,   Path::kRevoke,         Path::kAccount,
    Path::kUninstall,   Path::kContactsRead, Path::kContactsCreate, Path::kContactsUpdate,
    Path::kLists,       Path::kListByName,   Path::kList,           Path::kListRename,
    Path::kListRestore, Path::kListSearch,   Path::kMemberships,    Path::kMembershipsChange};

// The tables of hubspot/api.md §1 and §5.
TEST(Paths, OfADatedVersionHoldTheDate) {
  EXPECT_EQ(path(Path::kToken, "2026-09"), "/oauth/2026-09/token");
  EXPECT_EQ(path(Path::kAccount, "2026-09"), "/account-info/2026-09/details");
  EXPECT_EQ(path(Path::kUninstall, "2026-09"), "/appinstalls/2026-09/external-install");
  EXPECT_EQ(path(Path::kContactsRead, "2026-03"), "/crm/objects/2026-03/contacts/batch/read");
  EXPECT_EQ(path(Path::kMembershipsChange, "2026-09", "7"),
            "/crm/lists/2026-09/7/memberships/add-and-remove");
}

TEST(Paths, OfV3HaveItsOwnOrder) {
  EXPECT_EQ(path(Path::kToken, "v3"), "/oauth/v3/token");
  EXPECT_EQ(path(Path::kContactsCreate, "v3"), "/crm/v3/objects/contacts/batch/create");
  EXPECT_EQ(path(Path::kListRename, "v3", "7"), "/crm/v3/lists/7/update-list-name");
}

TEST(Paths, ExistForEveryCallWithNothingLeftToFillIn) {
  for (const auto which : kAll) {
    for (const auto* version : {"v3", "2026-03", "2026-09"}) {
      const auto found = path(which, version, "7");
      ASSERT_FALSE(found.empty()) << static_cast<int>(which);
      EXPECT_EQ(found.front(), '/') << found;
      EXPECT_NE(found.find(version), std::string::npos) << found;
      EXPECT_EQ(found.find_first_of("{}"), std::string::npos) << found;
    }
  }
}

TEST(PercentEncoded, LeavesUnreservedCharacters) {
  const std::string unreserved = "AZaz09-._~";
  EXPECT_EQ(percent_encoded(unreserved), unreserved);
}

TEST(PercentEncoded, ChangesWhatWouldEndAPathOrAQuery) {
  EXPECT_EQ(percent_encoded("a/b?c#d%e&f=g+h i"), "a%2Fb%3Fc%23d%25e%26f%3Dg%2Bh%20i");
}

TEST(PercentEncoded, TakesOtherAlphabetsByteByByte) {
  EXPECT_EQ(percent_encoded("Gr\xC3\xB6\xC3\x9F"
                            "e"),
            "Gr%C3%B6%C3%9Fe");
}

TEST(PercentEncoded, LetsNoLineBreakThrough) { EXPECT_EQ(percent_encoded("a\r\nb"), "a%0D%0Ab"); }

}  // namespace
}  // namespace muster::hubspot

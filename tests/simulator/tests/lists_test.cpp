// Lists and memberships as HubSpot keeps them (hubspot/api.md §5).
#include "simulator/tests/support.hpp"

namespace muster::simulator {
namespace {

class SimulatedLists : public SimulatedAccount {
 protected:
  List& list_of(int members) {
    auto& list = hubspot_.account().create_list("amplitude_Power Users");
    for (int i = 0; i < members; ++i) {
      hubspot_.account().add_member(list, contact("p" + std::to_string(i) + "@example.com").id);
      clock_.advance(Milliseconds{1'000});
    }
    return list;
  }
  std::string path(const List& list, const std::string& rest = {}) {
    return lists_ + "/" + std::to_string(list.id) + rest;
  }
  static std::vector<std::string> ids(const json::object& page) {
    std::vector<std::string> found;
    for (const auto& entry : page.at("results").as_array()) {
      found.emplace_back(entry.at("recordId").as_string());
    }
    return found;
  }
};

TEST_F(SimulatedLists, ADeletedListIsRestoredWithinNinetyDays) {
  auto& list = list_of(1);
  EXPECT_EQ(send("DELETE", path(list)).status, 204);
  EXPECT_EQ(send("GET", path(list)).status, 404);
  clock_.advance(std::chrono::days{90});
  EXPECT_EQ(send("PUT", path(list, "/restore")).status, 204);
  EXPECT_EQ(good(send("GET", path(list))).at("list").at("name"), "amplitude_Power Users");
}

TEST_F(SimulatedLists, ADeletedListIsGoneAfterNinetyDays) {
  auto& list = list_of(1);
  send("DELETE", path(list));
  clock_.advance(std::chrono::days{90} + Milliseconds{1});
  EXPECT_EQ(send("PUT", path(list, "/restore")).status, 404);
}

TEST_F(SimulatedLists, AListIsNotRestoredOverAnotherOfItsName) {
  auto& list = list_of(0);
  send("DELETE", path(list));
  hubspot_.account().create_list("AMPLITUDE_power users");
  EXPECT_EQ(good(send("PUT", path(list, "/restore")), 400).at("subCategory"),
            "ILS.DUPLICATE_LIST_NAMES");
}

//! Of a fault that met a request without a write, too.
TEST_F(SimulatedLists, FaultsThatAreForgottenLieNoLonger) {
  auto& list = list_of(1);
  for (const auto* kind : {"keep_member", "drop_member"}) {
    send("POST", "/_simulator/faults", json::object{{"path", "/memberships"}, {"kind", kind}});
    send("GET", path(list, "/memberships"));
  }
  send("DELETE", "/_simulator/faults");
  const auto id = std::to_string(list.members.begin()->first);
  send("PUT", path(list, "/memberships/remove"), json::array{id});
  EXPECT_TRUE(list.members.empty());
  send("PUT", path(list, "/memberships/add"), json::array{id});
  EXPECT_EQ(list.members.size(), 1U);
}

TEST_F(SimulatedLists, MembersArePagedForwardsAscendingAndBackwardsDescending) {
  auto& list = list_of(5);
  const auto all = ids(good(send("GET", path(list, "/memberships"))));
  ASSERT_EQ(all.size(), 5U);
  const auto first = good(send("GET", path(list, "/memberships?limit=2")));
  EXPECT_EQ(ids(first), (std::vector{all[0], all[1]}));
  EXPECT_FALSE(first.at("paging").as_object().contains("prev"));
  const std::string after(first.at("paging").at("next").at("after").as_string());
  const auto second = good(send("GET", path(list, "/memberships?limit=2&after=" + after)));
  EXPECT_EQ(ids(second), (std::vector{all[2], all[3]}));
  const std::string before(second.at("paging").at("prev").at("before").as_string());
  const auto back = good(send("GET", path(list, "/memberships?limit=2&before=" + before)));
  EXPECT_EQ(ids(back), (std::vector{all[1], all[0]}));
  const auto both =
      good(send("GET", path(list, "/memberships?limit=2&after=" + after + "&before=" + before)));
  EXPECT_EQ(ids(both), ids(second));
}

TEST_F(SimulatedLists, APageMayHoldFewerThanWereAskedFor) {
  auto& list = list_of(3);
  hubspot_.switches().largest_membership_page = 2;
  const auto page = good(send("GET", path(list, "/memberships?limit=250")));
  EXPECT_EQ(ids(page).size(), 2U);
  EXPECT_TRUE(page.at("paging").as_object().contains("next"));
}

TEST_F(SimulatedLists, JoinOrderIsTheOrderOfJoining) {
  auto& list = hubspot_.account().create_list("amplitude_Power Users");
  const auto early = contact("a@example.com").id;
  const auto late = contact("b@example.com").id;
  hubspot_.account().add_member(list, late);
  clock_.advance(Milliseconds{1'000});
  hubspot_.account().add_member(list, early);
  EXPECT_EQ(ids(good(send("GET", path(list, "/memberships/join-order")))),
            (std::vector{std::to_string(late), std::to_string(early)}));
}

TEST_F(SimulatedLists, PagesAreOfTwoHundredAndFiftyAtMostAndCursorsAreHubSpots) {
  auto& list = list_of(1);
  EXPECT_EQ(send("GET", path(list, "/memberships?limit=250")).status, 200);
  EXPECT_EQ(send("GET", path(list, "/memberships?limit=251")).status, 400);
  EXPECT_EQ(send("GET", path(list, "/memberships?after=12")).status, 400);
  EXPECT_EQ(send("GET", path(list, "/memberships?before=12")).status, 400);
}

TEST_F(SimulatedLists, SearchPagesByOffsetAndFiltersByKind) {
  for (int i = 0; i < 3; ++i) hubspot_.account().create_list("amplitude_" + std::to_string(i));
  hubspot_.account().create_list("amplitude_live", "DYNAMIC");
  const auto search = [&](json::object body) { return send("POST", lists_ + "/search", body); };
  const json::array manual{"MANUAL"};
  const auto first =
      good(search({{"query", "AMPLITUDE"}, {"processingTypes", manual}, {"count", 2}}));
  EXPECT_EQ(first.at("lists").as_array().size(), 2U);
  EXPECT_EQ(first.at("total"), 3);
  EXPECT_TRUE(first.at("hasMore").as_bool());
  EXPECT_EQ(first.at("lists").at(0).at("additionalProperties").at("hs_list_size"), "0");
  const auto second = good(search({{"query", "amplitude"},
                                   {"processingTypes", manual},
                                   {"count", 2},
                                   {"offset", first.at("offset")}}));
  EXPECT_EQ(second.at("lists").as_array().size(), 1U);
  EXPECT_FALSE(second.at("hasMore").as_bool());
  EXPECT_EQ(search({{"count", 501}}).status, 400);
}

TEST_F(SimulatedLists, AllPagesByCursorSince202609) {
  for (int i = 0; i < 3; ++i) hubspot_.account().create_list("amplitude_" + std::to_string(i));
  const auto all = [&](json::object body) { return send("POST", lists_ + "/all", body); };
  const auto first = good(all({{"objectTypeId", "0-1"}, {"count", 2}}));
  EXPECT_EQ(first.at("results").as_array().size(), 2U);
  const auto after = first.at("paging").at("next").at("after");
  const auto second = good(all({{"objectTypeId", "0-1"}, {"count", 2}, {"after", after}}));
  EXPECT_EQ(second.at("results").as_array().size(), 1U);
  EXPECT_FALSE(second.contains("paging"));
  EXPECT_EQ(good(all({{"after", "12"}}), 400).at("subCategory"), "INVALID_CURSOR");
  EXPECT_EQ(good(all({{"processingTypes", json::array{"STATIC"}}}), 400).at("subCategory"),
            "INVALID_PROCESSING_TYPE");
  EXPECT_EQ(send("POST", "/crm/lists/2026-03/all", json::object{}).status, 404);
}

TEST_F(SimulatedLists, TheSizeShownLagsWhenTheSwitchSaysSo) {
  hubspot_.switches().list_size_lag_ms = 60'000;
  auto& list = list_of(2);
  EXPECT_EQ(good(send("GET", path(list))).at("list").at("size"), 0);
  clock_.advance(Milliseconds{60'000});
  EXPECT_EQ(good(send("GET", path(list))).at("list").at("size"), 2);
}

TEST_F(SimulatedLists, MembershipsOfADynamicListCantBeWritten) {
  auto& list = hubspot_.account().create_list("live", "DYNAMIC");
  const auto response = send("PUT", path(list, "/memberships/add"), json::array{"1"});
  EXPECT_EQ(good(response, 400).at("category"), "VALIDATION_ERROR");
}

TEST_F(SimulatedLists, AnUnknownVersionIsNotFound) {
  EXPECT_EQ(send("POST", "/crm/lists/2031-01", json::object{{"name", "a"}}).status, 404);
}

}  // namespace
}  // namespace muster::simulator

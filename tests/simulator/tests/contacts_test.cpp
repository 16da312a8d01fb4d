// Contacts as HubSpot reads, refuses and normalises them (hubspot/api.md §1.1, §4).
#include "simulator/tests/support.hpp"

namespace muster::simulator {
namespace {

class SimulatedContacts : public SimulatedAccount {
 protected:
  json::object properties_read(const Contact& contact, json::array names) {
    json::object body{{"inputs", json::array{json::object{{"id", id_of(contact)}}}}};
    if (!names.empty()) body["properties"] = std::move(names);
    const auto answer = good(send("POST", contacts_ + "/batch/read", body));
    return answer.at("results").at(0).at("properties").as_object();
  }
  SimResponse create(json::object properties, const std::string& version = "2026-09") {
    return send(
        "POST", "/crm/objects/" + version + "/contacts/batch/create",
        json::object{{"inputs", json::array{json::object{{"objectWriteTraceId", "row-1"},
                                                         {"properties", std::move(properties)}}}}});
  }
  json::object only_error(const SimResponse& response) {
    return good(response, 207).at("errors").at(0).as_object();
  }
  SimResponse search(json::object body) { return send("POST", contacts_ + "/search", body); }
  static json::object by_email(const std::string& email) {
    return {
        {"filterGroups",
         json::array{json::object{
             {"filters", json::array{json::object{
                             {"propertyName", "email"}, {"operator", "EQ"}, {"value", email}}}}}}}};
  }
};

TEST_F(SimulatedContacts, AReadShowsDefaultPropertiesWhenNoneAreAsked) {
  auto& ada = contact("ada@example.com");
  ada.properties["phone"] = "1";
  const auto shown = properties_read(ada, {});
  EXPECT_EQ(shown.at("email"), "ada@example.com");
  EXPECT_TRUE(shown.at("firstname").is_null());
  EXPECT_FALSE(shown.contains("phone"));
  EXPECT_FALSE(shown.contains("hs_additional_emails"));
}

TEST_F(SimulatedContacts, AReadShowsWhatIsAskedAndLeavesOutUnknownNames) {
  auto& ada = contact("ada@example.com");
  hubspot_.account().add_additional_email(ada, "ada@corp.com");
  const auto shown = properties_read(ada, {"hs_additional_emails", "no_such_property"});
  EXPECT_EQ(shown.at("hs_additional_emails"), "ada@corp.com");
  EXPECT_FALSE(shown.contains("no_such_property"));
  EXPECT_FALSE(shown.contains("email"));
  EXPECT_EQ(shown.at("hs_object_id").as_string(), id_of(ada));
}

TEST_F(SimulatedContacts, MergedIdsAreToldWhenTheAccountTellsThem) {
  const auto old_id = contact("ada@example.com").id;
  auto& account = hubspot_.account();
  auto& other = contact("a.l@example.com");
  auto& merged = account.merge(*account.by_id(old_id), other, false);
  EXPECT_NE(
      std::string(
          properties_read(merged, {"hs_merged_object_ids"}).at("hs_merged_object_ids").as_string())
          .find(std::to_string(old_id)),
      std::string::npos);
  hubspot_.switches().merged_ids_in_properties = false;
  EXPECT_TRUE(
      properties_read(merged, {"hs_merged_object_ids"}).at("hs_merged_object_ids").is_null());
}

TEST_F(SimulatedContacts, RequiredPropertiesAreEnforcedOnCreationIn202609Alone) {
  hubspot_.switches().required_on_create = {"firstname"};
  const auto error = only_error(create({{"email", "ada@example.com"}}));
  EXPECT_EQ(error.at("category"), "VALIDATION_ERROR");
  EXPECT_EQ(error.at("errors").at(0).at("code"), "MISSING_REQUIRED_PROPERTY");
  EXPECT_EQ(error.at("errors").at(0).at("context").at("propertyName").at(0), "firstname");
  EXPECT_EQ(create({{"email", "ada@example.com"}}, "2026-03").status, 201);
}

TEST_F(SimulatedContacts, AConditionallyRequiredPropertyIsEnforcedWhereItsConditionHolds) {
  hubspot_.switches().conditionally_required = {{"lifecyclestage", "customer", "company"}};
  const auto error =
      only_error(create({{"email", "ada@example.com"}, {"lifecyclestage", "customer"}}));
  EXPECT_EQ(error.at("errors").at(0).at("code"), "MISSING_CONDITIONAL_REQUIRED_PROPERTY");
  EXPECT_EQ(error.at("errors").at(0).at("context").at("propertyName").at(0), "company");
  EXPECT_EQ(create({{"email", "eve@example.com"}, {"lifecyclestage", "lead"}}).status, 201);
  const json::object whole{
      {"email", "bob@example.com"}, {"lifecyclestage", "customer"}, {"company", "Corp"}};
  EXPECT_EQ(create(whole).status, 201);
  EXPECT_EQ(
      create({{"email", "kim@example.com"}, {"lifecyclestage", "customer"}}, "2026-03").status,
      201);
}

TEST_F(SimulatedContacts, DatesAreNormalisedWithAWarningIn202609Alone) {
  const auto dated = [&](const std::string& email, const std::string& version) {
    const json::object properties{{"email", email}, {"renewal_date", "2026-12-24T08:00:00Z"}};
    return good(create(properties, version), 201).at("results").at(0).as_object();
  };
  const auto normalised = dated("ada@example.com", "2026-09");
  EXPECT_EQ(normalised.at("properties").at("renewal_date"), "2026-12-24");
  EXPECT_EQ(normalised.at("warnings").at(0).at("category"), "PROPERTY_VALUE_NORMALIZED");
  const auto kept = dated("bob@example.com", "2026-03");
  EXPECT_EQ(kept.at("properties").at("renewal_date"), "2026-12-24T08:00:00Z");
  EXPECT_FALSE(kept.contains("warnings"));
}

TEST_F(SimulatedContacts, ValuesOfTheWrongTypeAreRefusedByTheirCode) {
  const auto code_of = [&](json::object properties) {
    properties["email"] = "ada@example.com";
    return std::string(
        only_error(create(std::move(properties))).at("errors").at(0).at("code").as_string());
  };
  EXPECT_EQ(code_of({{"score", "many"}}), "INVALID_INTEGER");
  EXPECT_EQ(code_of({{"renewal_date", "soon"}}), "INVALID_DATE");
  EXPECT_EQ(code_of({{"lifecyclestage", "Customer"}}), "INVALID_OPTION");
  EXPECT_EQ(code_of({{"no_such_property", "1"}}), "PROPERTY_DOESNT_EXIST");
  EXPECT_EQ(code_of({{"hs_object_id", "1"}}), "READ_ONLY_VALUE");
}

TEST_F(SimulatedContacts, MoreThanAHundredInputsAreRefused) {
  json::array inputs;
  for (int i = 0; i < 101; ++i) inputs.push_back(json::object{{"id", std::to_string(i + 1)}});
  const auto response = send("POST", contacts_ + "/batch/read", json::object{{"inputs", inputs}});
  EXPECT_EQ(good(response, 400).at("category"), "VALIDATION_ERROR");
}

TEST_F(SimulatedContacts, SearchByEmailDoesNotFindAdditionalAddresses) {
  auto& ada = contact("ada@example.com");
  hubspot_.account().add_additional_email(ada, "ada@corp.com");
  EXPECT_EQ(good(search(by_email("ada@example.com"))).at("total"), 1);
  EXPECT_EQ(good(search(by_email("ada@corp.com"))).at("total"), 0);
}

TEST_F(SimulatedContacts, SearchPagesAndStopsAtTenThousand) {
  for (int i = 0; i < 11; ++i) contact("p" + std::to_string(i) + "@example.com");
  const auto first = good(search({}));
  EXPECT_EQ(first.at("results").as_array().size(), 10U);
  EXPECT_EQ(first.at("total"), 11);
  const auto second = good(search({{"after", first.at("paging").at("next").at("after")}}));
  EXPECT_EQ(second.at("results").as_array().size(), 1U);
  EXPECT_FALSE(second.contains("paging"));
  EXPECT_EQ(search({{"limit", 201}}).status, 400);
  EXPECT_EQ(search({{"limit", 200}, {"after", "9800"}}).status, 200);
  EXPECT_EQ(search({{"limit", 200}, {"after", "9801"}}).status, 400);
}

TEST_F(SimulatedContacts, SearchRefusesTooManyFiltersAndTooLongBodies) {
  const auto groups = [](std::size_t count, std::size_t filters) {
    json::array list;
    const json::object filter{{"propertyName", "email"}, {"operator", "EQ"}, {"value", "a@b.co"}};
    for (std::size_t i = 0; i < count; ++i) {
      json::array in_group;
      for (std::size_t k = 0; k < filters; ++k) in_group.push_back(filter);
      list.push_back(json::object{{"filters", in_group}});
    }
    return json::object{{"filterGroups", list}};
  };
  EXPECT_EQ(search(groups(5, 3)).status, 200);
  EXPECT_EQ(search(groups(6, 1)).status, 400);
  EXPECT_EQ(search(groups(1, 7)).status, 400);
  EXPECT_EQ(search(groups(4, 5)).status, 400);
  EXPECT_EQ(search(by_email(std::string(3'000, 'a'))).status, 400);
}

TEST_F(SimulatedContacts, SearchSeesAContactLateWhenItLags) {
  hubspot_.switches().search_lag_ms = 5'000;
  contact("ada@example.com");
  EXPECT_EQ(good(search(by_email("ada@example.com"))).at("total"), 0);
  clock_.advance(Milliseconds{5'000});
  EXPECT_EQ(good(search(by_email("ada@example.com"))).at("total"), 1);
}

TEST_F(SimulatedContacts, SearchHasALimitOfItsOwnAndNoHeaders) {
  hubspot_.switches().burst_limit = 110;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(header(search({}), "X-HubSpot-RateLimit-Max"), "");
  }
  const auto sixth = search({});
  EXPECT_EQ(good(sixth, 429).at("policyName"), "SECONDLY");
  EXPECT_EQ(header(sixth, "X-HubSpot-RateLimit-Max"), "");
}

}  // namespace
}  // namespace muster::simulator

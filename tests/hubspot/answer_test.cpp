#include "answer.hpp"

#include <gtest/gtest.h>

namespace muster::hubspot {
namespace {

json::value parsed(std::string_view text) {
  auto value = parse_json(text);
  EXPECT_TRUE(value) << text;
  return value.value_or(json::value{});
}

// hubspot/api.md §1.1
TEST(ErrorFacts, NameTheRequiredProperty) {
  const auto facts = error_facts(parsed(
      R"({"status":"error","category":"VALIDATION_ERROR",
          "message":"The property values provided are invalid",
          "errors":[{"code":"MISSING_REQUIRED_PROPERTY",
                     "message":"A value for firstname must be provided",
                     "context":{"propertyName":["firstname"]}}]})"));
  EXPECT_EQ(facts.category, "VALIDATION_ERROR");
  EXPECT_EQ(facts.code, "MISSING_REQUIRED_PROPERTY:firstname");
}

// hubspot/api.md §4.5
TEST(ErrorFacts, NameThePropertyThatDoesNotExist) {
  const auto facts = error_facts(parsed(
      R"({"category":"VALIDATION_ERROR","errors":[{"code":"PROPERTY_DOESNT_EXIST",
          "context":{"propertyName":["missing"]}}]})"));
  EXPECT_EQ(facts.code, "PROPERTY_DOESNT_EXIST:missing");
}

TEST(ErrorFacts, TakeACodeThatStandsOnlyInsideTheMessage) {
  const auto facts = error_facts(
      parsed(R"({"category":"VALIDATION_ERROR","message":"Property values were not valid: )"
             R"([{\"isValid\":false,\"message\":\"O endereço de e-mail x é inválido\",)"
             R"(\"error\":\"INVALID_EMAIL\",\"name\":\"email\"}]"})"));
  EXPECT_EQ(facts.code, "INVALID_EMAIL");
}

TEST(ErrorFacts, PreferTheCodeOfTheErrorsToTheOneInTheMessage) {
  const auto facts = error_facts(parsed(
      R"({"message":"x: [{\"error\":\"INVALID_EMAIL\"}]","errors":[{"code":"INVALID_INTEGER"}]})"));
  EXPECT_EQ(facts.code, "INVALID_INTEGER");
}

TEST(ErrorFacts, TakeTheSubCategory) {
  const auto facts = error_facts(
      parsed(R"({"category":"VALIDATION_ERROR","subCategory":"ILS.DUPLICATE_LIST_NAMES"})"));
  EXPECT_EQ(facts.sub_category, "ILS.DUPLICATE_LIST_NAMES");
}

// Every field is optional (hubspot/api.md §8), and of any type.
TEST(ErrorFacts, AreEmptyWhereNothingUsableStands) {
  for (const auto* text :
       {"{}", "[]", "null", "7", R"("text")", R"({"category":7,"errors":{},"message":[]})",
        R"({"errors":[]})", R"({"errors":[7]})", R"({"errors":[{"context":{"propertyName":[]}}]})",
        R"({"message":"cut off: [{\"error\":"})", R"({"message":"[{}]"})"}) {
    const auto facts = error_facts(parsed(text));
    EXPECT_EQ(facts.category + facts.sub_category + facts.code, "") << text;
  }
}

TEST(ErrorFacts, HoldNoAddressEvenWhereACodeShouldBe) {
  const auto facts = error_facts(
      parsed(R"({"category":"ada@example.com","errors":[{"code":"ada@example.com"}]})"));
  EXPECT_EQ(facts.category + facts.code, "");
}

TEST(CodeWord, IsPlainAndShort) {
  EXPECT_EQ(code_word("ILS.DUPLICATE_LIST-NAMES:x9"), "ILS.DUPLICATE_LIST-NAMES:x9");
  EXPECT_EQ(code_word(std::string(100, 'A')), std::string(100, 'A'));
  EXPECT_EQ(code_word(std::string(101, 'A')), "");
  EXPECT_EQ(code_word("two words"), "");
  EXPECT_EQ(code_word("line\nbreak"), "");
  EXPECT_EQ(code_word("\x1B[31m"), "");
}

// hubspot/api.md §4.3, §4.4
TEST(ExistingId, StandsInTheContext) {
  EXPECT_EQ(existing_id(parsed(R"({"category":"CONFLICT","message":"Contact already exists",
                                   "context":{"existingId":["171591000198"]}})")),
            "171591000198");
}

TEST(ExistingId, StandsInTheMessage) {
  EXPECT_EQ(
      existing_id(parsed(R"({"message":"Contact already exists. Existing ID: 37765128953"})")),
      "37765128953");
  EXPECT_EQ(existing_id(parsed(R"({"message":"Existing ID:37765128953."})")), "37765128953");
}

TEST(ExistingId, IsTakenFromTheContextFirst) {
  EXPECT_EQ(existing_id(parsed(R"({"message":"Existing ID: 1","context":{"existingId":["2"]}})")),
            "2");
}

TEST(ExistingId, MayBeANumberAbove2To53) {
  EXPECT_EQ(existing_id(parsed(R"({"context":{"existingId":[9007199254740993]}})")),
            "9007199254740993");
}

TEST(ExistingId, IsEmptyWhereNoneIsNamed) {
  for (const auto* text :
       {R"({"message":"Contact already exists"})", R"({"message":"Existing ID: "})",
        R"({"message":"Existing ID: none"})", R"({"context":{"existingId":[]}})",
        R"({"context":{"existingId":["x"]}})", R"({"context":{"existingId":[1.5]}})",
        R"({"message":"Existing ID: 99999999999999999999"})", "{}", "null"}) {
    EXPECT_EQ(existing_id(parsed(text)), "") << text;
  }
}

TEST(Header, IsFoundWhateverItsCase) {
  const muster_http_header headers[] = {{sdk::text("Retry-After"), sdk::text("7")},
                                        {sdk::text("X-HubSpot-RateLimit-Max"), sdk::text("110")}};
  muster_http_response response{};
  response.struct_size = sizeof response;
  response.header_stride = sizeof(muster_http_header);
  response.headers = headers;
  response.header_count = 2;
  EXPECT_EQ(header(response, "retry-after"), "7");
  EXPECT_EQ(header(response, "x-hubspot-ratelimit-max"), "110");
  EXPECT_EQ(header(response, "Retry"), "");
}

TEST(Json, RefusesNestingDeeperThanAnyAnswer) {
  EXPECT_FALSE(parse_json(std::string(1'000, '[') + std::string(1'000, ']')));
}

TEST(Json, RefusesHtml) { EXPECT_FALSE(parse_json("<html><body>502</body></html>")); }

}  // namespace
}  // namespace muster::hubspot

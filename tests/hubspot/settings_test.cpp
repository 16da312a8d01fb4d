#include "settings.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace muster::hubspot {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

HubSpotSettings read(const Pairs& pairs) {
  std::vector<muster_setting> items;
  items.reserve(pairs.size());
  for (const auto& [key, value] : pairs) items.push_back({sdk::text(key), sdk::text(value)});
  const muster_settings settings{sizeof(muster_settings), sizeof(muster_setting), items.data(),
                                 items.size()};
  return read_settings(sdk::Settings(settings));
}

//! With what every connection needs.
HubSpotSettings read_with_token(Pairs pairs) {
  pairs.emplace_back("auth.token", "pat-na1-x");
  return read(pairs);
}

//! Why they are refused; empty when they are not.
std::string refusal(const Pairs& pairs) {
  try {
    read(pairs);
  } catch (const sdk::Failure& failure) {
    EXPECT_EQ(failure.status(), MUSTER_BAD_CONFIG);
    EXPECT_EQ(failure.code(), "hubspot.bad_setting");
    return failure.message();
  }
  return {};
}

std::string refusal_of(const std::string& key, const std::string& value) {
  return refusal({{"auth.token", "pat-na1-x"}, {key, value}});
}

TEST(HubSpotSettings, HaveDefaults) {
  const auto settings = read_with_token({});
  EXPECT_EQ(settings.api_base, "https://api.hubapi.com");
  EXPECT_EQ(settings.app_base, "https://app.hubspot.com");
  EXPECT_EQ(settings.api_version, "2026-09");
  EXPECT_EQ(settings.resolve, Resolve::kAuto);
  EXPECT_FALSE(settings.adopt_list);
  EXPECT_EQ(settings.membership_chunk, 10'000U);
}

TEST(HubSpotSettings, AreTakenOver) {
  const auto settings = read_with_token({{"api_base", "http://127.0.0.1:8977/"},
                                         {"api_version", "v3"},
                                         {"resolve", "create_first"},
                                         {"adopt_list", "true"},
                                         {"membership_chunk", "500"}});
  EXPECT_EQ(settings.api_base, "http://127.0.0.1:8977");
  EXPECT_EQ(settings.api_version, "v3");
  EXPECT_EQ(settings.resolve, Resolve::kCreateFirst);
  EXPECT_TRUE(settings.adopt_list);
  EXPECT_EQ(settings.membership_chunk, 500U);
}

TEST(HubSpotSettings, UseOAuthWithoutAToken) {
  EXPECT_TRUE(read({{"auth.client_id", "id"}, {"auth.client_secret", "s"}}).uses_oauth());
  EXPECT_FALSE(read_with_token({}).uses_oauth());
}

TEST(HubSpotSettings, NeedCredentials) {
  EXPECT_EQ(refusal({}), "setting 'auth.client_id' is missing, and so is auth.token");
  EXPECT_EQ(refusal({{"auth.client_id", "id"}}), "setting 'auth.client_secret' is missing");
}

TEST(HubSpotSettings, TakeOneKindOfCredentials) {
  EXPECT_EQ(refusal_of("auth.client_id", "id"),
            "setting 'auth.token' can't be used together with auth.client_id");
}

TEST(HubSpotSettings, NameAnUnknownKey) {
  EXPECT_EQ(refusal_of("api_bass", "x"), "setting 'api_bass' is not known");
}

TEST(HubSpotSettings, RepeatNoKeyThatIsNotPlain) {
  EXPECT_EQ(refusal_of("\x1B[31mkey", "x"), "setting '?' is not known");
  EXPECT_EQ(refusal_of(std::string(65, 'a'), "x"), "setting '?' is not known");
}

TEST(HubSpotSettings, RepeatNoValue) {
  EXPECT_EQ(refusal_of("adopt_list", "s3cret").find("s3cret"), std::string::npos);
  EXPECT_EQ(refusal({{"auth.token", "s3cret\r\nX-Header: 1"}}),
            "setting 'auth.token' holds a line break");
}

TEST(HubSpotSettings, RefuseAValueOfMoreThan4096) {
  EXPECT_EQ(refusal_of("app_base", "https://" + std::string(4'089, 'a')),
            "setting 'app_base' is too long");
}

TEST(HubSpotSettings, RefuseWhatIsNoBaseAddress) {
  for (const auto* value :
       {"", "api.hubapi.com", "ftp://api.hubapi.com", "https://", "https://a b", "https://u@host",
        "https://host?x=1", "https://host#x", "https://host\r\nX: 1", "https://ho\"st"}) {
    EXPECT_NE(refusal_of("api_base", value), "") << value;
  }
}

TEST(HubSpotSettings, RefuseWhatIsNoVersion) {
  for (const auto* value :
       {"", "v1", "v4", "2026", "2026-9", "2026/09", "2026-09-alpha", "2026-09/..", "../../x"}) {
    EXPECT_NE(refusal_of("api_version", value), "") << value;
  }
  EXPECT_EQ(refusal_of("api_version", "2027-03-beta"), "");
}

TEST(HubSpotSettings, RefuseAChunkOutsideItsRange) {
  for (const auto* value : {"", "0", "-1", "10001", "1000 ", "1e3", "99999999999999999999"}) {
    EXPECT_EQ(refusal_of("membership_chunk", value),
              "setting 'membership_chunk' must be a number from 1 to 10000")
        << value;
  }
  EXPECT_EQ(read_with_token({{"membership_chunk", "1"}}).membership_chunk, 1U);
}

TEST(HubSpotSettings, RefuseOtherWords) {
  EXPECT_EQ(refusal_of("resolve", "AUTO"),
            "setting 'resolve' must be auto, read_first or create_first");
  EXPECT_EQ(refusal_of("adopt_list", "yes"), "setting 'adopt_list' must be true or false");
}

}  // namespace
}  // namespace muster::hubspot

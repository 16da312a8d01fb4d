#include "identifiers.hpp"

#include <gtest/gtest.h>

namespace muster::hubspot {
namespace {

std::string repeated(std::size_t count) { return std::string(count, 'a'); }

TEST(CanonicalEmail, IsTrimmedAndLowerCased) {
  EXPECT_EQ(canonical_email(" \tAda.Lovelace@Example.COM\r\n"), "ada.lovelace@example.com");
}

TEST(CanonicalEmail, MapsToItself) {
  const auto once = canonical_email("X+Tag@Mail.Example.com");
  ASSERT_TRUE(once);
  EXPECT_EQ(canonical_email(*once), once);
}

TEST(CanonicalEmail, TakesEveryCharacterOfADotAtom) {
  EXPECT_TRUE(canonical_email("a!#$%&'*+/=?^_{|}~-`.9@example.com"));
}

TEST(CanonicalEmail, TakesAnInternationalTopLevelInItsAsciiForm) {
  EXPECT_TRUE(canonical_email("a@example.xn--p1ai"));
}

TEST(CanonicalEmail, RefusesWhatHasNotOneAt) {
  for (const auto* text : {"", "   ", "ada", "ada@", "@example.com", "a@b@example.com"}) {
    EXPECT_FALSE(canonical_email(text)) << text;
  }
}

TEST(CanonicalEmail, RefusesQuotedLocalParts) {
  EXPECT_FALSE(canonical_email("\"a b\"@example.com"));
}

TEST(CanonicalEmail, RefusesMisplacedDots) {
  for (const auto* text : {".a@example.com", "a.@example.com", "a..b@example.com", "a@.example.com",
                           "a@example..com", "a@example.com."}) {
    EXPECT_FALSE(canonical_email(text)) << text;
  }
}

TEST(CanonicalEmail, RefusesADomainWithoutATopLevel) {
  for (const auto* text : {"a@localhost", "a@10.0.0.1", "a@example.c", "a@example.c0m"}) {
    EXPECT_FALSE(canonical_email(text)) << text;
  }
}

TEST(CanonicalEmail, RefusesHyphensAtTheEdgeOfALabel) {
  EXPECT_FALSE(canonical_email("a@-example.com"));
  EXPECT_FALSE(canonical_email("a@example-.com"));
  EXPECT_TRUE(canonical_email("a@ex-ample.com"));
}

TEST(CanonicalEmail, RefusesControlCharactersAndOtherAlphabets) {
  EXPECT_FALSE(canonical_email("a\nb@example.com"));
  EXPECT_FALSE(canonical_email(std::string_view("a\0b@example.com", 15)));
  EXPECT_FALSE(canonical_email("\xC3\xA4@example.com"));
  EXPECT_FALSE(canonical_email("a@m\xC3\xBCnchen.de"));
}

TEST(CanonicalEmail, AllowsALocalPartOf64) {
  EXPECT_TRUE(canonical_email(repeated(64) + "@example.com"));
  EXPECT_FALSE(canonical_email(repeated(65) + "@example.com"));
}

TEST(CanonicalEmail, AllowsAnAddressOf254) {
  const std::string tail = ".example.com";
  const auto local = repeated(64) + "@";
  EXPECT_TRUE(canonical_email(local + repeated(254 - local.size() - tail.size()) + tail));
  EXPECT_FALSE(canonical_email(local + repeated(255 - local.size() - tail.size()) + tail));
}

TEST(CanonicalContactId, IsTrimmedAndLosesLeadingZeros) {
  EXPECT_EQ(canonical_contact_id(" 00171596044870\n"), "171596044870");
}

TEST(CanonicalContactId, IsExactAbove2To53) {
  EXPECT_EQ(canonical_contact_id("9007199254740993"), "9007199254740993");
}

TEST(CanonicalContactId, EndsAt2To63) {
  EXPECT_EQ(canonical_contact_id("9223372036854775807"), "9223372036854775807");
  EXPECT_FALSE(canonical_contact_id("9223372036854775808"));
  EXPECT_FALSE(canonical_contact_id("10000000000000000000"));
  EXPECT_EQ(canonical_contact_id("0009223372036854775807"), "9223372036854775807");
}

TEST(CanonicalContactId, RefusesWhatIsNoPositiveNumber) {
  for (const auto* text : {"", " ", "0", "000", "-1", "+1", "1.0", "1e3", "0x1", "12 34", "12a"}) {
    EXPECT_FALSE(canonical_contact_id(text)) << text;
  }
}

TEST(LowerCase, ChangesAsciiAlone) { EXPECT_EQ(lower_case("A@Z\xC3\x84"), "a@z\xC3\x84"); }

}  // namespace
}  // namespace muster::hubspot

// Texts of others: what is UTF-8, and what of it a terminal or a message is shown.
#include "base/text.hpp"

#include <gtest/gtest.h>

namespace muster {
namespace {

TEST(Text, FindsTheFirstByteThatIsNoUtf8) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("plain text of more than eight bytes, \xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
  EXPECT_EQ(find_invalid_utf8("12345678\xFF"), 8U);
  EXPECT_EQ(find_invalid_utf8("a\xC0\xAF"), 1U) << "overlong";
  EXPECT_EQ(find_invalid_utf8("\xED\xA0\x80"), 0U) << "a surrogate";
  EXPECT_EQ(find_invalid_utf8("\xF4\x90\x80\x80"), 0U) << "past U+10FFFF";
  EXPECT_EQ(find_invalid_utf8("ab\xE2\x82"), 2U) << "cut";
}

TEST(Text, MeasuresACharacter) {
  EXPECT_EQ(utf8_character(""), 0U);
  EXPECT_EQ(utf8_character("ab"), 1U);
  EXPECT_EQ(utf8_character("\xE2\x82\xAC."), 3U);
  EXPECT_EQ(utf8_character("\x80"), 0U);
}

TEST(Text, EscapesWhatDrivesATerminal) {
  EXPECT_EQ(escape_control("a\x1b[2J\x7F\r\n"), "a\\x1b[2J\\x7f\\x0d\\x0a");
  EXPECT_EQ(escape_control("a\nb", "\n"), "a\nb");
  EXPECT_EQ(escape_control("\xC2\x9B"
                           "31m"),
            "\\x9b31m");
  EXPECT_EQ(escape_control("\xC3\xA9"), "\xC3\xA9");
}

TEST(Text, IsOneLineOfLimitedLength) {
  EXPECT_EQ(one_line("a\nb\xFF\xC3\xA9"), "a b?\xC3\xA9");
  EXPECT_EQ(one_line(std::string(5'000, 'x')).size(), 600U);
}

TEST(Text, ComparesWithoutTheCaseOfAscii) {
  EXPECT_TRUE(equal_but_for_case("Content-Type", "content-type"));
  EXPECT_FALSE(equal_but_for_case("ab", "abc"));
  EXPECT_FALSE(equal_but_for_case("\xC3\x89", "\xC3\xA9"));
}

TEST(CutPart, IsTheBeginningOfWhatTheEndCuts) {
  EXPECT_EQ(cut_part("the token pat-na1", "pat-na1-secret"), 7U);
  EXPECT_EQ(cut_part("pat-na1", "pat-na1-secret"), 7U);
  EXPECT_EQ(cut_part("pat-na1-secret", "pat-na1-secret"), 0U) << "all of it";
  EXPECT_EQ(cut_part("the token pat", "pat-na1-secret"), 0U) << "too little";
  EXPECT_EQ(cut_part("", "pat-na1-secret"), 0U);
  EXPECT_EQ(cut_part("text", ""), 0U);
}

TEST(HideAddresses, HidesWhatLooksLikeOne) {
  EXPECT_EQ(hide_addresses("ann@example.com, <b.o+b@x.org>; c%40d.e? d\xC3\xA9@f.de."),
            "[address], <[address]>; [address] [address].");
  EXPECT_EQ(hide_addresses("a @ b, @c, d@, 40%40"), "a @ b, @c, d@, 40%40");
  EXPECT_EQ(hide_addresses(""), "");
}

}  // namespace
}  // namespace muster

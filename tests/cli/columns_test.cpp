// Lines for people fit a terminal, whatever names and messages hold.
#include "cli/columns.hpp"

#include <gtest/gtest.h>

namespace muster::cli {
namespace {

std::string words(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += (i == 0 ? "" : " ") + std::string("word");
  return text;
}

std::size_t widest(const std::string& text) {
  std::size_t most = 0;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    most = std::max(most, columns_of(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return most;
}

TEST(Columns, OfColoursAreNoneAndOfWideCharactersTwo) {
  EXPECT_EQ(columns_of("\x1b[31mred\x1b[0m"), 3U);
  EXPECT_EQ(columns_of("größe"), 5U);
  EXPECT_EQ(columns_of("名簿"), 4U);
  EXPECT_EQ(columns_of("e\u0301"), 1U);
  EXPECT_EQ(columns_of("\xff\xfe"), 2U);  // no character: a column for each byte
}

TEST(Columns, FirstOfATextAreWholeCharacters) {
  EXPECT_EQ(first_columns("größe", 3), "grö");
  EXPECT_EQ(first_columns("名簿", 3), "名");
  EXPECT_EQ(first_columns("short", 10), "short");
}

TEST(Fit, LeavesWhatFitsAsItIs) {
  const auto line = std::string(98, 'x');
  EXPECT_EQ(fit(line), line);
  EXPECT_EQ(fit("  a   b  \n\n c\n"), "  a   b  \n\n c\n");
}

TEST(Fit, BreaksAtBlanksAndHangsWhatFollows) {
  const auto text = fit(words(40));
  EXPECT_LE(widest(text), kColumns);
  EXPECT_NE(text.find("word\n  word"), std::string::npos) << text;
  EXPECT_EQ(fit(words(40), 0).find("\n "), std::string::npos);
  EXPECT_NE(fit("      " + words(40)).find("\n      word"), std::string::npos);
}

TEST(Fit, GoesOnBelowTheValue) {
  const auto text = fit("  dropped        " + words(40));
  EXPECT_LE(widest(text), kColumns);
  EXPECT_NE(text.find("\n" + std::string(17, ' ') + "word"), std::string::npos) << text;
}

TEST(Fit, CountsNoColours) {
  const auto line = "\x1b[31m" + std::string(98, 'x') + "\x1b[0m";
  EXPECT_EQ(fit(line), line);
  const auto text = fit("\x1b[2m      dropped: " + words(40) + "\x1b[0m");
  EXPECT_LE(widest(text), kColumns);
  EXPECT_NE(text.find("\n      word"), std::string::npos) << text;
}

TEST(Fit, BreaksAWordThatNoLineHoldsButNotWhatIsToBeCopied) {
  EXPECT_LE(widest(fit("list: " + std::string(250, 'n'))), kColumns);
  EXPECT_LE(widest(fit("list: " +
                       [] {
                         std::string wide;
                         for (int i = 0; i < 120; ++i) wide += "名";
                         return wide;
                       }())),
            kColumns);
  const auto address = "https://app.example.com/" + std::string(120, 'a');
  EXPECT_EQ(fit("  list           " + address), "  list           " + address);
  EXPECT_EQ(fit("see " + address + " there"), "see\n  " + address + "\n  there");
}

}  // namespace
}  // namespace muster::cli

// CSV by RFC 4180: what is read, and what is refused where.
#include "cohort/csv_reader.hpp"

#include <gmock/gmock.h>

#include <cstring>

namespace muster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

//! Bytes from memory, a few at a time, so that every boundary is met.
class TextStream final : public ByteStream {
 public:
  TextStream(std::string text, std::size_t step) : text_(std::move(text)), step_(step) {}
  std::size_t read(char* to, std::size_t size) override {
    const auto count = std::min({size, step_, text_.size() - at_});
    std::memcpy(to, text_.data() + at_, count);
    at_ += count;
    return count;
  }
  Source::Progress progress() const override { return {at_, text_.size()}; }

 private:
  std::string text_;
  std::size_t step_;
  std::size_t at_ = 0;
};

using Rows = std::vector<std::vector<std::string>>;

Rows read(const std::string& text, std::size_t step, std::optional<char> delimiter = {}) {
  CsvReader reader(std::make_unique<TextStream>(text, step), "a.csv", delimiter);
  Rows rows;
  std::vector<std::string_view> cells;
  while (reader.next(cells)) rows.emplace_back(cells.begin(), cells.end());
  return rows;
}

Error error_of(const std::string& text) {
  try {
    read(text, 1000);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "not refused: " << text;
  return {ErrorKind::kFailed, "", ""};
}

struct Readable {
  const char* name;
  std::string text;
  Rows rows;
};

class ReadableCsv : public ::testing::TestWithParam<Readable> {};

TEST_P(ReadableCsv, IsReadWhereverItsBytesAreCut) {
  for (const std::size_t step : {1U, 2U, 3U, 7U, 1000U}) {
    EXPECT_EQ(read(GetParam().text, step), GetParam().rows) << "in steps of " << step;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Forms, ReadableCsv,
    ::testing::Values(Readable{"Plain", "a,b\n1,2\n", {{"a", "b"}, {"1", "2"}}},
                      Readable{"NoBreakAtEnd", "a,b\n1,2", {{"a", "b"}, {"1", "2"}}},
                      Readable{"CrLf", "a,b\r\n1,2\r\n", {{"a", "b"}, {"1", "2"}}},
                      Readable{"CrAtEnd", "a\r\n1\r", {{"a"}, {"1"}}},
                      Readable{"EmptyCells", "a,b,c\n,,\n", {{"a", "b", "c"}, {"", "", ""}}},
                      Readable{"BlankLines", "\na\n\n\n1\n\n", {{"a"}, {"1"}}},
                      Readable{"ByteOrderMark",
                               "\xEF\xBB\xBF"
                               "a\n1\n",
                               {{"a"}, {"1"}}},
                      Readable{"Quoted", "\"a\",\"b\"\n\"1,5\",2\n", {{"a", "b"}, {"1,5", "2"}}},
                      Readable{"DoubledQuotes",
                               "a,b\n\"says \"\"hi\"\"\",\"\"\"\"\n",
                               {{"a", "b"}, {"says \"hi\"", "\""}}},
                      Readable{"BreakInQuotes",
                               "a,b\n\"two\nlines\",\"x\r\ny\"\n",
                               {{"a", "b"}, {"two\nlines", "x\r\ny"}}},
                      Readable{"EmptyQuotes", "a,b\n\"\",\"\"\n", {{"a", "b"}, {"", ""}}},
                      Readable{"Semicolons", "a;b\n1,5;2\n", {{"a", "b"}, {"1,5", "2"}}},
                      Readable{"Tabs", "a\tb\n1\t2\n", {{"a", "b"}, {"1", "2"}}},
                      Readable{"NotAscii", "näme\nJürgen 😀\n", {{"näme"}, {"Jürgen 😀"}}},
                      Readable{"Ragged", "a,b\n1\n1,2,3\n", {{"a", "b"}, {"1"}, {"1", "2", "3"}}},
                      Readable{"Empty", "", {}}),
    [](const auto& tested) { return tested.param.name; });

struct Refused {
  const char* name;
  std::string text;
  const char* code;
  const char* where;
};

class RefusedCsv : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedCsv, SaysWhere) {
  const auto error = error_of(GetParam().text);
  EXPECT_EQ(error.code(), GetParam().code);
  EXPECT_EQ(error.where(), GetParam().where);
  EXPECT_FALSE(error.hint().empty());
}

INSTANTIATE_TEST_SUITE_P(
    Forms, RefusedCsv,
    ::testing::Values(
        Refused{"OpenQuote", "a,b\n1,\"2\n3,4\n", "csv.open_quote", "a.csv:2:3"},
        Refused{"StrayQuoteFarFromTheEnd",
                "a,b\n5\" pipe@x.com,hi\nx,y\n\"z@example.com\",\"end\"\n", "csv.quote_in_text",
                "a.csv:2:2"},
        Refused{"OpenQuoteFarFromTheEnd", "a,b\n1,\"open\nx,y\nx,\"\"z\n", "csv.open_quote",
                "a.csv:2:3"},
        Refused{"QuoteInText", "a,b\n1,2\"3\"\n", "csv.quote_in_text", "a.csv:2:4"},
        Refused{"TextAfterQuote", "a,b\n\"1\"x,2\n", "csv.text_after_quote", "a.csv:2:4"},
        Refused{"TextAfterQuoteOnItsOwnLine", "a,b\n\"x\ny\"z,2\n", "csv.text_after_quote",
                "a.csv:3:3"},
        Refused{"LineCountsBreaksInQuotes", "a\n\"x\ny\"\n\xFF\n", "csv.not_utf8", "a.csv:4:1"},
        Refused{"Latin1", "a\nJ\xFCrgen\n", "csv.not_utf8", "a.csv:2:2"},
        Refused{"Surrogate", "a\n\xED\xA0\x80\n", "csv.not_utf8", "a.csv:2:1"},
        Refused{"Overlong", "a\n\xC0\xAF\n", "csv.not_utf8", "a.csv:2:1"},
        Refused{"CutCharacter", "a\n1234567\xE2\x82", "csv.not_utf8", "a.csv:2:8"},
        Refused{"LoneCarriageReturns", "email\ra@b.com\rc@d.com\r", "csv.lone_carriage_return",
                "a.csv:1:6"},
        Refused{"ALoneCarriageReturnLater", "email\na@b.com\rc@d.com\n", "csv.lone_carriage_return",
                "a.csv:2:8"},
        Refused{"ALoneCarriageReturnBesideQuotes", "a,b\n\"x\",y\rz\n", "csv.lone_carriage_return",
                "a.csv:2:6"},
        Refused{"Utf16WithMark",
                std::string("\xFF\xFE"
                            "a\0\n\0",
                            6),
                "csv.utf16", "a.csv:1:1"},
        Refused{"Utf16WithoutMark", std::string("a\0b\0", 4), "csv.utf16", "a.csv:1:1"}),
    [](const auto& tested) { return tested.param.name; });

TEST(CsvReader, TellsTheLineOfARow) {
  CsvReader reader(std::make_unique<TextStream>("a\n\n\"x\ny\"\nz\n", 3), "a.csv", {});
  std::vector<std::string_view> cells;
  std::vector<std::uint64_t> lines;
  while (reader.next(cells)) lines.push_back(reader.line());
  EXPECT_THAT(lines, ElementsAre(1, 3, 5));
}

}  // namespace
}  // namespace muster

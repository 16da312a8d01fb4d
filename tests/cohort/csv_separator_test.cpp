// Excel's first line of a CSV file, which tells what stands between cells.
#include <gtest/gtest.h>

#include "cohort/csv_source.hpp"
#include "support/temp_dir.hpp"

namespace muster::testing {
namespace {

//! Who is in a file with `text`, or the code of why nobody knows.
std::string read(const std::string& text, std::optional<char> delimiter = std::nullopt) {
  const TempDir dir;
  CsvOptions options;
  options.pattern = dir.write("c.csv", text);
  options.form.delimiter = delimiter;
  CsvSource source(options);
  std::string people;
  try {
    source.open({"email", {}});
    while (const auto member = source.next()) {
      people += std::string(member->source_id) + ' ' + std::string(member->identifier) + ';';
    }
  } catch (const Error& error) {
    return error.code();
  }
  EXPECT_TRUE(source.notices().empty());
  return people;
}

TEST(CsvSeparatorLine, TellsTheDelimiterAndIsNoHeader) {
  for (const auto* text :
       {"sep=;\nuser_id;email\nu1;a@b.com\n", "SEP=,\r\nuser_id,email\r\nu1,a@b.com\r\n",
        "\xEF\xBB\xBFsep=\t\nuser_id\temail\nu1\ta@b.com\n",
        "sep=;\nuser_id;email;a,b,c\nu1;a@b.com;,,\n", "\"sep=;\"\nuser_id;email\nu1;a@b.com\n",
        "sep=;;\nuser_id;email;x\nu1;a@b.com;\n"}) {
    EXPECT_EQ(read(text), "u1 a@b.com;") << text;
  }
}

TEST(CsvSeparatorLine, CountsLessThanTheConfiguration) {
  EXPECT_EQ(read("sep=;\nuser_id,email\nu1,a@b.com\n", ','), "u1 a@b.com;");
}

TEST(CsvSeparatorLine, WithADelimiterThatIsNotReadRefusesTheFile) {
  EXPECT_EQ(read("sep=|\nuser_id|email\nu1|a@b.com\n"), "csv.separator");
}

TEST(CsvSeparatorLine, AloneIsNoEmptyCohort) { EXPECT_EQ(read("sep=;\n"), "source.no_header"); }

TEST(CsvSeparatorLine, IsNoColumnWhoseNameBeginsAlike) {
  EXPECT_EQ(read("sep=a,email\nx,a@b.com\n"), " a@b.com;");
}

}  // namespace
}  // namespace muster::testing

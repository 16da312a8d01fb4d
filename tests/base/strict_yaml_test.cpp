// Strict YAML: what is refused, and where the error says that it is (LOAD-2).
#include "base/strict_yaml.hpp"

#include <gtest/gtest.h>

#include "support/temp_dir.hpp"

namespace muster {
namespace {

using namespace std::chrono_literals;

Error error_of(const std::function<void()>& read) {
  try {
    read();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "not refused";
  return {ErrorKind::kFailed, "", ""};
}

Error refused(std::string_view text) {
  return error_of([&] { parse_yaml(text, "f.yaml"); });
}

struct Refusal {
  const char* text;
  const char* code;
  const char* where;
};

class StrictYaml : public ::testing::TestWithParam<Refusal> {};

TEST_P(StrictYaml, RefusesAndSaysWhere) {
  const auto error = refused(GetParam().text);
  EXPECT_EQ(error.code(), GetParam().code) << GetParam().text;
  EXPECT_EQ(error.where(), GetParam().where) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Faults, StrictYaml,
    ::testing::Values(Refusal{"", "yaml.empty", "f.yaml:1:1"},
                      Refusal{"a: 1\nb: &x 2", "yaml.anchor", "f.yaml:2:4"},
                      Refusal{"a: 1\nb: *x", "yaml.syntax", "f.yaml:2:4"},
                      Refusal{"a: !!binary aGk=", "yaml.tag", "f.yaml:1:4"},
                      Refusal{"a: 1\nb: 2\na: 3", "yaml.double_key", "f.yaml:3:1"},
                      Refusal{"a: {b: 1, b: 2}", "yaml.double_key", "f.yaml:1:11"},
                      Refusal{"[a]: 1", "yaml.key", "f.yaml:1:1"},
                      Refusal{"a: 1\n---\na: 2", "yaml.documents", "f.yaml:1:1"},
                      Refusal{"a: [1, 2", "yaml.syntax", "f.yaml:1:1"},
                      Refusal{"a: \"x", "yaml.syntax", "f.yaml:1:6"}));

TEST(StrictYamlLimits, RefusesAnAliasOfAnAnchor) {
  EXPECT_EQ(refused("a: &x 1\nb: *x").code(), "yaml.anchor");
}

TEST(StrictYamlLimits, RefusesNulBytesDeepNestingAndLargeFiles) {
  EXPECT_EQ(refused(std::string_view("a: \0", 4)).code(), "yaml.syntax");
  EXPECT_EQ(refused(std::string(30, '[') + std::string(30, ']')).code(), "yaml.depth");
  EXPECT_EQ(refused(std::string(64 * 1024 + 1, 'a')).code(), "yaml.too_large");
  EXPECT_NO_THROW(parse_yaml(std::string(64 * 1024, 'a'), "f.yaml"));
}

TEST(StrictYamlLimits, ALargeFileIsCutAndRefusedByTheParser) {
  const testing::TempDir directory;
  const auto file = directory.write("f.yaml", std::string(1'000'000, 'a'));
  const auto text = read_text_file(file);
  EXPECT_EQ(text.size(), 64U * 1024 + 1);
  EXPECT_EQ(error_of([&] { read_text_file(directory / "none"); }).code(), "config.unreadable");
  EXPECT_EQ(error_of([&] { read_text_file(directory.path()); }).code(), "config.unreadable");
}

YamlNode value(const std::string& text) {
  const auto root = parse_yaml("v: " + text, "f.yaml");
  return *root.find("v");
}

std::string wrong(const std::string& text, const std::function<void(const YamlNode&)>& read) {
  const auto error = error_of([&] { read(value(text)); });
  const bool absent = text.empty() || text == "~" || text == "null";
  EXPECT_EQ(error.where(), absent ? "f.yaml:1:1" : "f.yaml:1:4");
  EXPECT_NE(std::string(error.what()).find("'n'"), std::string::npos) << error.what();
  return error.code();
}

TEST(YamlValue, TextIsAnyScalarButTheEmptyOne) {
  EXPECT_EQ(value("Power Users").as_text("n"), "Power Users");
  EXPECT_EQ(value("2026").as_text("n"), "2026");
  EXPECT_EQ(value("\"null\"").as_text("n"), "null");
  for (const auto* text : {"", "~", "null", "\"\"", "[a]", "{a: 1}"}) {
    EXPECT_EQ(wrong(text, [](const auto& v) { v.as_text("n"); }), "config.type") << text;
  }
}

TEST(YamlValue, BooleansAreTrueAndFalseUnquoted) {
  EXPECT_TRUE(value("true").as_bool("n"));
  EXPECT_FALSE(value("false").as_bool("n"));
  for (const auto* text : {"yes", "on", "True", "\"true\"", "1", "", "[]"}) {
    EXPECT_EQ(wrong(text, [](const auto& v) { v.as_bool("n"); }), "config.type") << text;
  }
}

TEST(YamlValue, IntegersAreWholeAndInRange) {
  EXPECT_EQ(value("-3").as_integer("n", -3, 7), -3);
  EXPECT_EQ(value("7").as_integer("n", -3, 7), 7);
  for (const auto* text : {"8", "-4", "1.5", "1e3", "0x1", "\"5\"", "5 ", "99999999999999999999"}) {
    if (std::string(text) == "5 ") continue;  // YAML drops the space
    EXPECT_EQ(wrong(text, [](const auto& v) { v.as_integer("n", -3, 7); }), "config.type") << text;
  }
}

TEST(YamlValue, SharesArePercentOrNumbersToOne) {
  EXPECT_DOUBLE_EQ(value("30%").as_share("n"), 0.3);
  EXPECT_DOUBLE_EQ(value("0.25").as_share("n"), 0.25);
  EXPECT_DOUBLE_EQ(value("100%").as_share("n"), 1);
  for (const auto* text : {"101%", "-1%", "1.1", "30 %", "nan", "inf", "x", "30%%", ""}) {
    EXPECT_EQ(wrong(text, [](const auto& v) { v.as_share("n"); }), "config.type") << text;
  }
}

TEST(YamlValue, DurationsHaveAUnit) {
  EXPECT_EQ(value("250ms").as_duration("n"), 250ms);
  EXPECT_EQ(value("90s").as_duration("n"), 90s);
  EXPECT_EQ(value("2m").as_duration("n"), 2min);
  EXPECT_EQ(value("1h").as_duration("n"), 1h);
  EXPECT_EQ(value("30d").as_duration("n"), 720h);
  for (const auto* text : {"5", "5 minutes", "-5s", "1.5h", "5y", "s", "10000000000s", ""}) {
    EXPECT_EQ(wrong(text, [](const auto& v) { v.as_duration("n"); }), "config.type") << text;
  }
}

TEST(YamlValue, WordsAreOfAClosedSet) {
  EXPECT_EQ(value("stop").as_word("n", {"recreate", "stop"}), 1U);
  const auto error = error_of([] { value("halt").as_word("n", {"recreate", "stop"}); });
  EXPECT_EQ(error.code(), "config.word");
  EXPECT_NE(std::string(error.what()).find("recreate, stop"), std::string::npos);
}

TEST(YamlMap, AnUnknownKeyIsToldWithTheNearest) {
  const auto root = parse_yaml("cohort: a\nconection: b", "f.yaml");
  const auto error = error_of([&] { root.expect_keys("sync 's'", {"cohort", "connection"}); });
  EXPECT_EQ(error.code(), "config.unknown_key");
  EXPECT_EQ(error.where(), "f.yaml:2:1");
  EXPECT_EQ(error.hint(), "did you mean 'connection'?");
}

TEST(YamlMap, AnEmptyValueIsAtItsKey) {
  const auto root = parse_yaml("cohort: a\nsource:\nverify: true", "f.yaml");
  EXPECT_EQ(root.find("source")->where(), "f.yaml:2:1");
}

TEST(YamlMap, AMissingKeyIsToldWithItsOwner) {
  const auto root = parse_yaml("cohort: a", "f.yaml");
  const auto error = error_of([&] { root.at("sync 's'", "source"); });
  EXPECT_EQ(error.code(), "config.missing_key");
  EXPECT_STREQ(error.what(), "f.yaml:1:1: sync 's' needs the key 'source'");
}

TEST(YamlMap, WhatIsNoMapIsTold) {
  const auto root = parse_yaml("[a]", "f.yaml");
  EXPECT_EQ(error_of([&] { root.expect_map("the manifest"); }).code(), "config.type");
}

}  // namespace
}  // namespace muster

// The calls that the README's table claims ("Calls") are what whole first runs take.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include "hubspot/plugin_world.hpp"
#include "hubspot/run_world.hpp"

namespace muster::testing {
namespace {

enum class Known { kAll, kHalf, kNone };

struct Way {
  const char* row;  //!< of the table
  const char* resolve;
  bool by_email;
  Known known;
};

//! Of one cell: "4 of 12".
struct Claim {
  std::size_t calls = 0;
  std::size_t bound = 0;
};

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream rest(line);
  std::string cell;
  while (std::getline(rest, cell, '|')) {
    const auto first = cell.find_first_not_of(' ');
    if (first == std::string::npos) continue;
    cells.push_back(cell.substr(first, cell.find_last_not_of(' ') - first + 1));
  }
  return cells;
}

//! The rows by their names: claims for 100, 10,000 and 30,000 members.
std::map<std::string, std::vector<Claim>> table() {
  std::map<std::string, std::vector<Claim>> rows;
  std::ifstream readme(MUSTER_TEST_SOURCES "/plugins/hubspot/README.md");
  std::string line;
  while (std::getline(readme, line)) {
    const auto cells = cells_of(line);
    if (cells.size() != 4) continue;
    std::vector<Claim> claims;
    for (std::size_t i = 1; i < cells.size(); ++i) {
      Claim claim;
      std::string of;
      std::istringstream cell(cells[i]);
      if (cell >> claim.calls >> of >> claim.bound && of == "of") claims.push_back(claim);
    }
    if (claims.size() == 3) rows.emplace(cells[0], std::move(claims));
  }
  return rows;
}

constexpr std::size_t kMembers[]{100, 10'000, 30'000};

constexpr Way kWays[]{
    {"by e-mail, all known, `read_first` or `auto`", "read_first", true, Known::kAll},
    {"by e-mail, all known, `read_first` or `auto`", "auto", true, Known::kAll},
    {"by e-mail, all known, `create_first`", "create_first", true, Known::kAll},
    {"by e-mail, half of them new, `create_first`", "create_first", true, Known::kHalf},
    {"by e-mail, all new, `create_first`", "create_first", true, Known::kNone},
    {"by e-mail, all new, `auto`", "auto", true, Known::kNone},
    {"by contact id", "auto", false, Known::kAll},
};

class CallsTable : public ::testing::TestWithParam<Way> {};

TEST_P(CallsTable, TellsWhatAFirstRunTakes) {
  const auto& [row, resolve, by_email, known] = GetParam();
  const auto rows = table();
  const auto claims = rows.find(row);
  ASSERT_NE(claims, rows.end()) << row;
  for (std::size_t size = 0; size < std::size(kMembers); ++size) {
    const auto members = kMembers[size];
    RunWorld world("verify: false", std::string("resolve: ") + resolve);
    const auto people = PluginWorld::people(members);
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < members; ++i) {
      const bool exists = known == Known::kAll || (known == Known::kHalf && i % 2 == 0);
      if (!exists) continue;
      ids.push_back(std::to_string(world.hubspot.account().create(people[i]).id));
    }
    if (by_email) {
      world.cohort(people);
    } else {
      world.identifier = "{column: id, as: contact_id}";
      world.cohort(ids, "id");
    }
    EXPECT_FALSE(world.sync().error);
    EXPECT_EQ(world.members(), members);
    const auto parts = [&](std::size_t batch) { return (members + batch - 1) / batch; };
    // log2 steps of the chunk: 1,000, 2,000, 4,000, 8,000.
    const auto bound = by_email ? parts(100) + parts(10'000) + 10 : parts(10'000) + 4 + 10;
    EXPECT_EQ(claims->second[size].bound, bound) << members;
    EXPECT_EQ(claims->second[size].calls, world.hubspot.log().size()) << members;
    EXPECT_LE(world.hubspot.log().size(), bound) << members;
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, CallsTable, ::testing::ValuesIn(kWays));

//! What the text below the table says of later runs.
TEST(CallsOfALaterRun, AreAsTheReadmeSays) {
  RunWorld world("verify: false");
  const auto people = PluginWorld::people(450);
  for (const auto& email : people) world.hubspot.account().create(email);
  world.cohort({people.begin(), people.begin() + 300});
  world.sync();
  EXPECT_EQ(world.hubspot.count("/account-info/"), 1U) << "a token is checked at its first use";
  const auto run = [&](std::size_t first, std::size_t last) {
    world.cohort({people.begin() + static_cast<std::ptrdiff_t>(first),
                  people.begin() + static_cast<std::ptrdiff_t>(last)});
    world.sync();
    return world.hubspot.log().size();
  };
  EXPECT_EQ(run(0, 350), 1U + 1 + 1) << "the list, a read, a membership call";
  EXPECT_EQ(world.hubspot.count("/account-info/"), 0U);
  world.sync_keys = "verify: false, create_missing: false";
  EXPECT_EQ(run(0, 400), 1U + 1) << "without creations, no look at the list";
  EXPECT_EQ(run(50, 450), 1U + 1 + 1) << "a look at who leaves, and they go along";
  EXPECT_EQ(run(50, 450), 2U) << "nothing to do: is the list there?";
  world.sync_keys = "verify: true";
  EXPECT_EQ(run(50, 450), 1U + 2) << "a read-back: the list, and its pages";
}

}  // namespace
}  // namespace muster::testing

// The list-based sender: what a partner of Amplitude's gets to see.
#include "simulator/amplitude_lists.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "simulator/simulated_transport.hpp"

namespace muster::simulator {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;

class Lists : public ::testing::Test {
 protected:
  Lists() {
    cohort_.id = "7khm89cz";
    cohort_.name = "Power Users";
  }
  void people(const std::vector<std::string>& ids) {
    cohort_.users.clear();
    for (const auto& id : ids) cohort_.users.push_back({1, id, {}});
  }
  //! The partner: a list, and what it was asked.
  SimResponse answer(const SimRequest& request) {
    most_in_flight_ = std::max(most_in_flight_, transport_.in_flight() + 1);
    times_.push_back(clock_.elapsed());
    SimResponse response;
    if (failures_ > 0) {
      --failures_;
      response.status = 429;
      return response;
    }
    asked_.push_back(request.target);
    const auto body = json::parse(request.body).as_object();
    response.body = id_answer_;
    if (request.target == "/lists") {
      name_ = body.at("name").as_string().c_str();
      return response;
    }
    for (const auto& id : body.at("userIds").as_array()) {
      const std::string user(id.as_string());
      if (request.target.ends_with("/add")) members_.insert(user);
      if (request.target.ends_with("/remove")) members_.erase(user);
    }
    return response;
  }
  ListSender sender(std::size_t batch = 1'000) {
    ListSender::Options options;
    options.base = "http://127.0.0.1:1";
    options.batch = batch;
    options.id_path = id_path_;
    return {transport_, clock_, options};
  }

  VirtualClock clock_;
  SimulatedTransport transport_{clock_, [this](const SimRequest& r) { return answer(r); }};
  AmplitudeCohort cohort_;
  std::string id_answer_ = R"({"listId":123})";
  std::vector<std::string> id_path_{"listId"};
  std::string name_;
  std::vector<std::string> asked_;
  std::set<std::string> members_;
  std::vector<Milliseconds> times_;
  std::size_t most_in_flight_ = 0;
  int failures_ = 0;
};

TEST_F(Lists, TheListIsMadeOnceAndThenChanged) {
  auto sender = this->sender();
  people({"u1", "u2"});
  EXPECT_TRUE(sender.sync(cohort_).succeeded);
  EXPECT_EQ(name_, "[Amplitude] Power Users: 7khm89cz");
  EXPECT_EQ(sender.list_id(), "123");
  people({"u2", "u3", ""});
  const auto second = sender.sync(cohort_);
  EXPECT_EQ(second.added, 1U);
  EXPECT_EQ(second.removed, 1U);
  EXPECT_THAT(members_, ElementsAre("u2", "u3"));
  EXPECT_THAT(asked_,
              ElementsAre("/lists", "/lists/123/add", "/lists/123/add", "/lists/123/remove"));
}

TEST_F(Lists, TheIdMayStandWhereThePartnerSays) {
  id_answer_ = R"({"response":{"list_id":"abc"}})";
  id_path_ = {"response", "list_id"};
  auto sender = this->sender();
  people({"u1"});
  EXPECT_TRUE(sender.sync(cohort_).succeeded);
  EXPECT_EQ(sender.list_id(), "abc");
  id_path_ = {"listId"};
  EXPECT_FALSE(this->sender().sync(cohort_).succeeded);
}

TEST_F(Lists, ComeInBatchesFourAtATime) {
  std::vector<std::string> ids;
  for (int i = 0; i < 25; ++i) ids.push_back("u" + std::to_string(i));
  people(ids);
  EXPECT_TRUE(sender(3).sync(cohort_).succeeded);
  EXPECT_EQ(asked_.size(), 1U + 9U);
  EXPECT_EQ(members_.size(), 25U);
  EXPECT_EQ(most_in_flight_, 4U);
}

TEST_F(Lists, AreTriedAgainEightTimesAtGrowingPauses) {
  auto sender = this->sender();
  people({"u1"});
  failures_ = 8;
  EXPECT_TRUE(sender.sync(cohort_).succeeded);
  ASSERT_GE(times_.size(), 9U);
  EXPECT_GE(times_[1] - times_[0], Milliseconds{1'000});
  EXPECT_LT(times_[1] - times_[0], Milliseconds{1'100});
  EXPECT_GE(times_[8] - times_[7], Milliseconds{128'000});
}

TEST_F(Lists, AFailedRunIsMadeUpForByTheNext) {
  auto sender = this->sender();
  people({"u1", "u2"});
  EXPECT_TRUE(sender.sync(cohort_).succeeded);
  people({"u2", "u3"});
  failures_ = 9;
  const auto failed = sender.sync(cohort_);
  EXPECT_FALSE(failed.succeeded);
  EXPECT_EQ(failed.status, 429);
  people({"u3", "u4"});
  const auto next = sender.sync(cohort_);
  EXPECT_TRUE(next.succeeded);
  EXPECT_EQ(next.added, 2U);
  EXPECT_EQ(next.removed, 2U);
  EXPECT_THAT(members_, ElementsAre("u3", "u4"));
}

}  // namespace
}  // namespace muster::simulator

// The log never shows a secret, wherever in a message it stands.
#include "base/log.hpp"

#include <gtest/gtest.h>

namespace muster {
namespace {

std::string logged(const std::string& message, log::Format format = log::Format::kText) {
  log::configure(log::Severity::kDebug, format);
  ::testing::internal::CaptureStderr();
  log::write(log::Severity::kInfo, "test", message);
  return ::testing::internal::GetCapturedStderr();
}

TEST(Log, BlanksASecret) {
  log::keep_secret("pat-na1-secret");
  const auto text = logged("the token pat-na1-secret was refused");
  EXPECT_EQ(text.find("pat-na1"), std::string::npos);
  EXPECT_NE(text.find("the token [secret] was refused"), std::string::npos);
}

TEST(Log, BlanksASecretThatTheEndOfALongMessageCuts) {
  log::keep_secret("a-secret-at-the-edge");
  const auto text = logged(std::string(3'990, 'x') + "a-secret-at-the-edge");
  EXPECT_EQ(text.find("a-secret"), std::string::npos);
}

TEST(Log, BlanksASecretThatJsonEscapes) {
  log::keep_secret("quoted\"secret");
  const auto text = logged("it is quoted\"secret", log::Format::kJson);
  EXPECT_EQ(text.find("quoted"), std::string::npos);
}

TEST(Log, RemembersTheSecretsMetLast) {
  log::keep_secret("met-long-ago");
  log::keep_secret("met-again-and-again");
  for (int i = 0; i < 256; ++i) {
    log::keep_secret("an-access-token-" + std::to_string(i));
    log::keep_secret("met-again-and-again");
  }
  EXPECT_NE(logged("met-long-ago").find("met-long-ago"), std::string::npos);
  EXPECT_NE(logged("met-again-and-again an-access-token-255").find("[secret] [secret]"),
            std::string::npos);
}

TEST(Log, KeepsAMessageOnOneLine) {
  EXPECT_NE(logged("one\ntwo").find("one\\x0atwo"), std::string::npos);
}

}  // namespace
}  // namespace muster

// Whom a plugin may reach.
#include <gtest/gtest.h>

#include "destination/http_service.hpp"

namespace muster {
namespace {

struct Address {
  const char* url;
  bool allowed;
};

class Addresses : public ::testing::TestWithParam<Address> {};

TEST_P(Addresses, AreAllowedByTheManifestAlone) {
  ConnectionLimits limits;
  limits.hosts = {"api.hubapi.com"};
  limits.loopback_bases = {"http://127.0.0.1:8080", "http://example.com:80"};
  std::string reason;
  EXPECT_EQ(is_allowed(GetParam().url, limits, reason), GetParam().allowed) << GetParam().url;
  EXPECT_EQ(reason.empty(), GetParam().allowed);
}

INSTANTIATE_TEST_SUITE_P(All, Addresses,
                         ::testing::Values(Address{"https://api.hubapi.com/crm", true},
                                           Address{"https://API.hubapi.com/crm", true},
                                           Address{"https://api.hubapi.com:443/crm", true},
                                           Address{"https://api.hubapi.com:8443/", false},
                                           Address{"http://api.hubapi.com/", false},
                                           Address{"https://api.hubapi.com.evil.com/", false},
                                           Address{"https://evil.com/api.hubapi.com", false},
                                           Address{"https://user:pass@api.hubapi.com/", false},
                                           Address{"https://api.hubapi.com@evil.com/", false},
                                           Address{"http://127.0.0.1:8080/x", true},
                                           Address{"http://127.0.0.1:8081/x", false},
                                           Address{"http://localhost:8080/x", false},
                                           Address{"http://example.com:80/x", false},
                                           Address{"https://127.0.0.1:8080/x", false},
                                           Address{"file:///etc/passwd", false},
                                           Address{"gopher://127.0.0.1:8080/", false},
                                           Address{"not a url", false}, Address{"", false}));

}  // namespace
}  // namespace muster

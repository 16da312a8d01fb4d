// Calls of Amplitude's cohort API for one project: authentication, patience, and a message of its
// own for each way in which they fail (amplitude/api.md §1.1, §1.2). One thread.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "cohort/amplitude_options.hpp"
#include "cohort/source_environment.hpp"

namespace muster {

//! `text` as a part of a path or of a query.
std::string url_encoded(std::string_view text);

//! Where the project's API is, in one spelling.
std::string address_of(const AmplitudeProjectAccess& project);
//! Whether `url` is plain http on this machine, as a simulator's.
bool is_loopback(std::string_view url);
//! Throws Error when the keys would be sent in clear to `base`; the caller adds the place.
void check_api_base(std::string_view base);

//! Whether Amplitude refused the API key, or the secret key.
bool is_refused_key(const Error& error);
bool is_refused_secret(const Error& error);

class AmplitudeApi {
 public:
  //! Resolves the keys; throws Error when a reference leads nowhere.
  AmplitudeApi(const AmplitudeProjectAccess& project, const SourceEnvironment& environment);

  //! The answer to a GET of `target` (path and query) below the project's base. What may pass is
  //! tried again; throws Error for credentials that are refused, SourceWaits for what goes on,
  //! SourceNotReady where it may not wait for the next try.
  HttpResponse get(const std::string& target) { return get(target, {}); }
  //! Called around each request that is sent, be it the first or a further try.
  struct EachTry {
    std::function<void()> before = {};
    std::function<void(const HttpResponse&)> after = {};
  };
  HttpResponse get(const std::string& target, const EachTry& each);
  //! A request with the project's credentials, not sent yet.
  HttpRequest request(const std::string& target) const;
  //! Sends one request and waits for its answer, whatever it is.
  HttpResponse send(HttpRequest request);

  Transport& transport() noexcept { return *transport_; }
  //! A name for the project that tells nothing of its key.
  const std::string& name() const noexcept { return name_; }
  //! For errors: "Amplitude (us)".
  const std::string& shown() const noexcept { return shown_; }

  //! The answer's JSON; throws Error when it is none.
  boost::json::object json_of(const HttpResponse& response) const;
  //! What Amplitude says of a failure; empty when it says nothing.
  static std::string details_of(const HttpResponse& response);
  //! A failure that has no better words.
  Error failure(const HttpResponse& response, const std::string& what) const;
  //! Throws Error for a response that names the keys as what is wrong.
  void check_named_keys(const HttpResponse& response) const;

 private:
  void check_credentials(const HttpResponse& response) const;
  Error unknown_key() const;

  const SourceEnvironment& environment_;
  AmplitudeProjectAccess project_;
  std::string authorization_;
  std::string name_;
  std::string shown_;
  std::unique_ptr<Transport> transport_;
};

}  // namespace muster

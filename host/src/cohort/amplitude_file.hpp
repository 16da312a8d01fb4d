// The bytes of a cohort's file as they come from Amplitude, or from where it sends us for them
// (amplitude/api.md §1.5): never held whole, never on a disk. One thread.
#pragma once

#include <optional>
#include <string>

#include "cohort/amplitude_api.hpp"
#include "cohort/byte_stream.hpp"

namespace muster {

//! The code of the error for a file of which somebody else than Amplitude seems to have answered.
inline constexpr const char* kBadLink = "amplitude.bad_link";
//! Amplitude's links to the file are refused.
inline constexpr const char* kNoFile = "amplitude.no_file";

class AmplitudeFile final : public ByteStream {
 public:
  //! Begins to fetch the file of a job that is done; borrows the rest. Throws Error; SourceLost
  //! when it may work once more.
  AmplitudeFile(AmplitudeApi& api, const SourceEnvironment& environment,
                const std::string& request_id);
  ~AmplitudeFile() override;
  AmplitudeFile(const AmplitudeFile&) = delete;
  AmplitudeFile& operator=(const AmplitudeFile&) = delete;

  std::size_t read(char* to, std::size_t size) override;
  Source::Progress progress() const override { return {received_, total_}; }

 private:
  void fetch(const std::string& request_id);
  void abandon() noexcept;
  std::optional<HttpResponse> begin(HttpRequest request);
  std::optional<HttpResponse> pump();
  HttpRequest link_request(const HttpResponse& redirect) const;
  void refuse_what_passes(const HttpResponse& answer) const;
  void refuse_what_is_gone(const HttpResponse& answer) const;
  [[noreturn]] void lose(const std::string& why) const;

  AmplitudeApi& api_;
  const SourceEnvironment& environment_;
  std::string buffer_;
  std::size_t consumed_ = 0;  //!< of the buffer
  std::uint64_t received_ = 0;
  std::uint64_t total_ = 0;
  Milliseconds last_bytes_{0};
  bool ended_ = true;  //!< nothing is on its way
};

}  // namespace muster

// What the host offers to one instance of a plugin: the C tables muster_host and muster.http/1,
// over the host's own clock, network, secrets and log. Outlives the instance. The tables are for
// any thread (ABI-8), the class is for the one that calls the hooks.
//
// What the run itself works with (the state's one handle, the lease) is touched by one thread at a
// time: under `run_state`, by host functions on any thread and by callbacks and heartbeats on the
// hook's. While no hook runs, the plugin's threads touch nothing of it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancellation.hpp"
#include "base/clock.hpp"
#include "base/transport.hpp"
#include "destination/destination.hpp"
#include "muster/destination.h"

namespace muster {

//! The secrets of one connection, in clear; whoever implements it seals them.
class SecretStore {
 public:
  virtual ~SecretStore() = default;
  virtual std::optional<std::string> get(std::string_view name) = 0;
  //! Durable on return; an empty value forgets the secret.
  virtual void put(std::string_view name, std::string_view value) = 0;
};

//! Whom an instance may talk to, and how fast.
struct ConnectionLimits {
  std::vector<std::string> hosts;           //!< host names of the manifest, https only
  std::vector<std::string> loopback_bases;  //!< plain http addresses of settings, loopback only
  double rate_share = 0.8;                  //!< of every limit that the plugin sets; 0 to 1
  std::size_t max_in_flight = 16;           //!< at a second's latency, 160 answers in 10 s
};

class Pacer;

class HostServices {
 public:
  struct Environment {
    std::string connection;  //!< its name, for the log
    Clock& clock;
    Transport& transport;
    SecretStore& secrets;
    const Cancellation& cancellation;
    ConnectionLimits limits;
    //! Shared by the instances of a connection; made anew when absent.
    std::shared_ptr<Pacer> pacer;
    std::string where = {};  //!< of the connection in muster.yaml, for errors
  };
  struct State;

  explicit HostServices(Environment environment);
  ~HostServices();
  HostServices(const HostServices&) = delete;
  HostServices& operator=(const HostServices&) = delete;

  //! A hook of the plugin runs, on the thread that made this.
  class Hook {
   public:
    explicit Hook(HostServices& services);
    ~Hook();
    Hook(const Hook&) = delete;
    Hook& operator=(const Hook&) = delete;

   private:
    State& state_;
  };

  const muster_host* table() const noexcept;
  //! Held by whoever touches what the run works with, while a hook runs.
  std::mutex& run_state() noexcept;
  //! The calls that follow end at `elapsed` of the clock; nothing: no limit.
  void set_deadline(std::optional<Milliseconds> elapsed);
  //! As Destination::set_heartbeat.
  void set_heartbeat(std::function<void()> beat);
  Destination::Usage usage() const;
  //! Throws what a part of the host (the vault, the state) threw while a plugin called it: the
  //! plugin only learns that it failed. Call it after each hook.
  void rethrow_kept();
  //! Where the connection stands: errors of its destination say it.
  const std::string& where() const noexcept;
  //! Logs that the plugin broke ABI-10: reports refused, items never reported.
  void log_fault(std::size_t refused, std::size_t unreported) const;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace muster

// A PostgreSQL server of a test's own: made by initdb in a temporary directory, on a free port of
// loopback and a socket, with TLS by a certificate of its own, gone with the process.
#pragma once

#include <libpq-fe.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/temp_dir.hpp"

namespace muster::testing {

class PostgresServer {
 public:
  PostgresServer() {
    // The server refuses to be root.
    if (::geteuid() == 0) {
      const auto* other = ::getpwnam("postgres");
      if (other == nullptr) throw std::runtime_error("there is no user 'postgres'");
      user_ = other->pw_uid;
      group_ = other->pw_gid;
      if (::chown(dir_.path().c_str(), user_, group_) != 0) throw std::runtime_error("chown");
    }
    const auto root = dir_.path().string();
    must({"initdb", "-D", root + "/data", "-U", "muster", "-A", "trust", "-E", "UTF8", "--locale=C",
          "--no-sync", "--no-instructions"});
    must({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
          "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
          root + "/data/server.key", "-out", root + "/data/server.crt"});
    start();
  }
  ~PostgresServer() { stop(SIGQUIT); }
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  //! Over the socket.
  std::string url(const std::string& database = "postgres") const {
    return "postgresql:///" + database + "?user=muster&host=" + dir_.path().string() +
           "&port=" + std::to_string(port_);
  }
  std::string tcp_url(const std::string& more) const {
    return "postgresql://muster@127.0.0.1:" + std::to_string(port_) + "/postgres?" + more;
  }
  std::filesystem::path certificate() const { return dir_ / "data/server.crt"; }

  void execute(const std::string& sql) const {
    PGconn* connection = PQconnectdb(url().c_str());
    PQsetNoticeProcessor(
        connection, [](void*, const char*) {}, nullptr);
    PGresult* result = PQexec(connection, sql.c_str());
    const auto status = PQresultStatus(result);
    const std::string told = PQerrorMessage(connection);
    PQclear(result);
    PQfinish(connection);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) throw std::runtime_error(told);
  }
  //! Ends every other session, as an administrator or a crash would.
  void end_sessions() const {
    execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'muster'");
  }
  void start() {
    port_ = free_port();
    server_ = run({"postgres", "-D", dir_.path().string() + "/data", "-k", dir_.path().string(),
                   "-p", std::to_string(port_), "-c", "listen_addresses=127.0.0.1", "-c", "ssl=on",
                   "-c", "fsync=off"});
    while (PQping(url().c_str()) != PQPING_OK) {
      if (::waitpid(server_, nullptr, WNOHANG) != 0) throw std::runtime_error("postgres ended");
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  void stop(int how) {
    if (server_ <= 0) return;
    ::kill(server_, how);
    ::waitpid(server_, nullptr, 0);
    server_ = 0;
  }

 private:
  static int free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(socket);
    return ntohs(address.sin_port);
  }
  pid_t run(const std::vector<std::string>& command) const {
    const pid_t child = ::fork();
    if (child != 0) return child;
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (user_ != 0 && (::setgid(group_) != 0 || ::setuid(user_) != 0)) ::_exit(126);
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);  // a changed user forgets it
    // Debian keeps the server's programs off the path.
    ::setenv("PATH", ("/usr/lib/postgresql/15/bin:" + std::string(::getenv("PATH"))).c_str(), 1);
    ::umask(077);
    if (::chdir(dir_.path().c_str()) != 0) ::_exit(126);
    static_cast<void>(!std::freopen("log", "a", stdout));
    static_cast<void>(!std::freopen("log", "a", stderr));
    std::vector<char*> arguments;
    for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  void must(const std::vector<std::string>& command) const {
    int status = 0;
    ::waitpid(run(command), &status, 0);
    if (status != 0) {
      throw std::runtime_error(command[0] + " failed: " + read_file(dir_ / "log"));
    }
  }

  TempDir dir_;
  uid_t user_ = 0;
  gid_t group_ = 0;
  int port_ = 0;
  pid_t server_ = 0;
};

}  // namespace muster::testing

// What a workspace keeps of its connections: whose they are, and whether they may be used.
#include "run/grants.hpp"
#include "run/not_connected.hpp"
#include "run/stored_secrets.hpp"
#include "run/workspace.hpp"

namespace muster {
namespace {

//! Where the fingerprint of a connection's static token is kept, once it was checked.
std::string checked_token(const ConnectionConfig& connection) { return "token/" + connection.name; }

void require_connected(const ConnectionConfig& connection, ConnectionState state) {
  const bool may_be_checked =
      connection.has_static_token() && state != ConnectionState::kDisconnected;
  if (state != ConnectionState::kConnected && !may_be_checked) {
    throw not_connected(connection.name, state);
  }
}

}  // namespace

ConnectionRow Workspace::connection_row(const ConnectionConfig& connection) {
  if (!is_stateless()) {
    if (auto row = store().connection(connection.name)) return *row;
  }
  ConnectionRow row;
  row.name = connection.name;
  row.destination = connection.destination;
  return row;
}

//! Secrets and a checked token belong to an account: within one transaction.
ConnectionRow Workspace::put_account(const ConnectionConfig& connection, const Account& account) {
  auto row = connection_row(connection);
  if (row.account_id != account.id) store().forget_secrets(connection.name);
  const auto token = connection.auth.find("token");
  if (token == connection.auth.end()) {
    store().forget_value(checked_token(connection));
  } else {
    store().put_value(checked_token(connection), fingerprint_of(token->second));
  }
  row.destination = connection.destination;
  row.state = ConnectionState::kConnected;
  row.account_id = account.id;
  row.account_name = account.name;
  row.account_domain = account.domain;
  row.time_zone = account.time_zone;
  row.scopes = account.scopes;
  row.url = account.url;
  row.record_url = account.record_url;
  row.audience_url = account.audience_url;
  if (!row.connected_at) row.connected_at = environment_.clock.now();
  store().put_connection(row);
  return row;
}

ConnectionRow Workspace::keep_account(const ConnectionConfig& connection, const Account& account,
                                      OpenConnection& opened) {
  Store::Transaction transaction(store());
  auto row = put_account(connection, account);
  if (opened.stored_secrets_ != nullptr) opened.stored_secrets_->keep();
  add_grant(store(), connection.name);
  transaction.commit();
  return row;
}

void Workspace::forget_access(const ConnectionConfig& connection, std::uint64_t grants_before) {
  Store::Transaction transaction(store());
  if (count_grants(store(), connection.name) != grants_before) {
    throw connected_again(connection.name);
  }
  auto row = connection_row(connection);
  store().forget_secrets(connection.name);
  row.state = ConnectionState::kDisconnected;
  row.scopes.clear();
  store().put_connection(row);
  transaction.commit();
}

ConnectionRow Workspace::ready(const ConnectionConfig& connection, OpenConnection& opened) {
  auto row = connection_row(connection);
  require_connected(connection, row.state);
  if (row.state != ConnectionState::kConnected || token_changed(connection)) {
    row = check_account(connection, opened);
  }
  if (opened.stored_secrets_ != nullptr) opened.stored_secrets_->pin(row.account_id);
  return row;
}

//! A static token needs no ceremony: it is checked when it is first used, and when it is another
//! one than before, since it may lead to another account. What the destination stores meanwhile
//! belongs to that one.
ConnectionRow Workspace::check_account(const ConnectionConfig& connection, OpenConnection& opened) {
  opened.hold_secrets();
  const auto account = opened.destination().check();
  Store::Transaction transaction(store());
  auto row = put_account(connection, account);
  if (opened.stored_secrets_ != nullptr) opened.stored_secrets_->keep();
  transaction.commit();
  return row;
}

std::string Workspace::fingerprint_of(const SecretReference& token) {
  const auto key = vault().hasher().key("token", token.resolve());
  return {key.bytes.begin(), key.bytes.end()};
}

//! Whether the connection's static token is another one than was checked last.
bool Workspace::token_changed(const ConnectionConfig& connection) {
  const auto token = connection.auth.find("token");
  if (token == connection.auth.end() || is_stateless()) return false;
  return store().value(checked_token(connection)) != fingerprint_of(token->second);
}

bool Workspace::would_check(const ConnectionConfig& connection) {
  if (!connection.has_static_token()) return false;
  return connection_row(connection).state != ConnectionState::kConnected ||
         token_changed(connection);
}

//! Several processes use a connection at once, and one of them renews its tokens: what the others
//! are told of the former ones says nothing of it, and what it was told of them is not the last
//! word.
void Workspace::keep_use(const ConnectionConfig& connection, const OpenConnection& opened,
                         Credentials credentials) {
  Store::Transaction transaction(store());
  if (opened.stored_secrets_ != nullptr && opened.stored_secrets_->leads_elsewhere()) return;
  auto row = connection_row(connection);
  const bool replaced =
      opened.stored_secrets_ != nullptr && opened.stored_secrets_->replaced_elsewhere();
  // A token that was never taken was never given: nobody withdrew anything.
  const bool withdrawn = credentials == Credentials::kRefused && !replaced;
  if (withdrawn && row.state == ConnectionState::kConnected) row.state = ConnectionState::kRevoked;
  if (credentials == Credentials::kAccepted && row.state == ConnectionState::kRevoked) {
    row.state = ConnectionState::kConnected;
  }
  row.last_used_at = environment_.clock.now();
  store().put_connection(row);
  transaction.commit();
}

}  // namespace muster

// Writes a rekeying (rekey.hpp) down. Part of a run; its thread.
#pragma once

#include <vector>

#include "run/rekey.hpp"
#include "run/session.hpp"

namespace muster {

//! Gives the rows of a sync that identified its members in another way the keys of the new one.
//! Cut short, it is done again: what has its new key already stays.
void rekey(Session& session);

//! Rows known by a sealed identifier alone are looked up while its kind is still known: whoever has
//! a record gets it, the others were never added and are forgotten.
void settle_unknown_records(Session& session, Patience& patience);

//! Gives the rows their new keys, some thousands in a transaction.
void write_rekeyed(Session& session, const std::vector<Rekeyed>& rekeyed);

}  // namespace muster

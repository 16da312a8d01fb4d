// Writes a rekeying (rekey.hpp) down. Part of a run; its thread.
#pragma once

#include <vector>

#include "run/rekey.hpp"
#include "run/session.hpp"

namespace muster {

//! Of a sync that identified its members in another way: finds the rows whose records are those of
//! members, as Session::rekeyed. Writes nothing of it down.
void match_by_record(Session& session);

//! Gives these rows the keys of the new identifier, which the sync goes by from now on. Cut short,
//! it is all done again: what has its new key already stays.
void keep_matches(Session& session);

//! Rows known by a sealed identifier alone are looked up while its kind is still known: whoever has
//! a record gets it, the others were never added and are forgotten.
void settle_unknown_records(Session& session, Patience& patience);

}  // namespace muster

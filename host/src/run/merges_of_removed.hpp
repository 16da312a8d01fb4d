// Whom a run took out in vain, because others had merged their records. One thread.
#pragma once

#include "run/audience_reader.hpp"
#include "run/session.hpp"

namespace muster {

//! A removal that came to nothing, of a record that was merged, leaves its person in the audience
//! under another record, which nobody knows: where the proof of before saw fewer of those, the
//! records that this run removed are looked up, and whoever is found has the new record in the
//! state. Whether anybody was. Throws what the destination and the store throw.
bool follow_merges_of_removed(Session& session, const AudienceReader& reader,
                              const Comparison& reading);

}  // namespace muster

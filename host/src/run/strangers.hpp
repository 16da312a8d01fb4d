// Records in an audience that are nobody's of the cohort: counted, and taken out where the sync
// says so (remove_strangers). Part of the proof of a run; its thread.
#pragma once

#include <optional>

#include "run/audience_reader.hpp"
#include "run/session.hpp"

namespace muster {

//! Somebody of the cohort whose record nobody knew may be among the strangers of the last reading:
//! a dropped member whom a person put into the list, one that a repair does not add. Where
//! strangers would be taken out they are looked up, and kept with their records; whether there were
//! any. Throws what ends the run.
bool find_members_among_strangers(Session& session, const AudienceReader& reader,
                                  const Comparison& reading);

//! Why the guard keeps the strangers of a reading from being taken out; nothing: it does not, or
//! they stay.
std::optional<Error> judge_strangers_of(const Session& session, const AudienceReader& reader,
                                        const Comparison& reading);

//! Takes out those of the last reading, where the sync says so; whether there were any. Throws what
//! ends the run.
bool remove_strangers(Session& session, const AudienceReader& reader, const Comparison& reading);

}  // namespace muster

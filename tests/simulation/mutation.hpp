// Deliberate bugs: each shows that a promise can be seen to be broken.
#pragma once

#include <map>
#include <string>

namespace muster::simulation {

enum class Mutation {
  kNone,
  kNoWriteAhead,           //!< rows are not marked before a batch is handed over
  kAliasNotSuppressed,     //!< a record is removed though another member has it
  kRetryDropped,           //!< what is to be retried is taken for done
  kRefusalBelieved,        //!< what was refused, or not found, is taken for done
  kCreatesUnasked,         //!< contacts are created though it is not allowed
  kCreatesTwice,           //!< a second contact is made of a person
  kWritesProperties,       //!< an existing contact is written to
  kIgnoresTheLimit,        //!< three times the permitted pace
  kIdentifierInState,      //!< an address ends up in the state
  kLeaverForgotten,        //!< a removal is taken for done without being sent
  kRemovesStrangers,       //!< strangers are taken out unasked
  kMiscounts,              //!< what is to be retried is left out of the sums
  kRemovalBelieved,        //!< a removal is forgotten before a read-back confirms it
  kRemovesFirst,           //!< who leaves is removed before who enters is added
  kNewListTakenForFilled,  //!< who was in a deleted list is taken for being in the new one
  kUpdateBelieved,         //!< a changed value is taken for written without being sent
  kCreationNotAhead,       //!< that a list's creation was begun is not written down
  kAnotherList,            //!< a creation whose answer is missing is begun under another name
  kDeletionUnnoticed,      //!< a list that is gone is taken for one that has everyone
  kDoubleReport,           //!< a second row contradicts what was told of a member
  kDropUntold,             //!< the report leaves a drop out that the figures have
  kNobodyListed,           //!< a row without an identifier is told as listed
  kRemovalUntold,          //!< neither the report nor the figures tell of removals
  kGuardPassed,            //!< removals are let pass that the guard should have stopped
  kCreationUncounted,      //!< contacts that were created are not counted
};

inline const std::map<std::string, Mutation>& mutations() {
  static const std::map<std::string, Mutation> all{
      {"none", Mutation::kNone},
      {"no_write_ahead", Mutation::kNoWriteAhead},
      {"alias_not_suppressed", Mutation::kAliasNotSuppressed},
      {"retry_dropped", Mutation::kRetryDropped},
      {"refusal_believed", Mutation::kRefusalBelieved},
      {"creates_unasked", Mutation::kCreatesUnasked},
      {"creates_twice", Mutation::kCreatesTwice},
      {"writes_properties", Mutation::kWritesProperties},
      {"ignores_the_limit", Mutation::kIgnoresTheLimit},
      {"identifier_in_state", Mutation::kIdentifierInState},
      {"leaver_forgotten", Mutation::kLeaverForgotten},
      {"removes_strangers", Mutation::kRemovesStrangers},
      {"miscounts", Mutation::kMiscounts},
      {"removal_believed", Mutation::kRemovalBelieved},
      {"removes_first", Mutation::kRemovesFirst},
      {"new_list_taken_for_filled", Mutation::kNewListTakenForFilled},
      {"update_believed", Mutation::kUpdateBelieved},
      {"creation_not_ahead", Mutation::kCreationNotAhead},
      {"another_list", Mutation::kAnotherList},
      {"deletion_unnoticed", Mutation::kDeletionUnnoticed},
      {"double_report", Mutation::kDoubleReport},
      {"drop_untold", Mutation::kDropUntold},
      {"nobody_listed", Mutation::kNobodyListed},
      {"removal_untold", Mutation::kRemovalUntold},
      {"guard_passed", Mutation::kGuardPassed},
      {"creation_uncounted", Mutation::kCreationUncounted}};
  return all;
}

}  // namespace muster::simulation

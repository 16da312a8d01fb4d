// The suite of every source, run against sources of files.
#include "cohort/file_kinds.hpp"

namespace muster::testing {

INSTANTIATE_TEST_SUITE_P(Files, EverySource,
                         ::testing::Values(kind<CsvKind>("Csv"), kind<GzipKind>("GzippedCsv"),
                                           kind<JsonlKind>("Jsonl"), kind<SqliteKind>("Sqlite")),
                         name_of_kind);

}  // namespace muster::testing

include("${CMAKE_CURRENT_LIST_DIR}/muster-sdk-targets.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/MusterDestination.cmake")

# What every target of this project shares: language level, warnings, linker, compiler cache.
# Targets link `muster::build` to get it; nothing here leaks to users of the SDK.

string(FIND "${CMAKE_CXX_FLAGS}" "-fsanitize" MUSTER_SANITIZE_AT)
if(MUSTER_SANITIZE_AT GREATER -1)
  set(MUSTER_SANITIZED ON)
endif()

set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
# Plugins are loaded only from where nobody else can write (LOAD-3), whatever the builder's umask.
set(CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

# Objects do not name the checkout, so that the cache serves every clone on the machine.
add_compile_options("-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=")
find_program(MUSTER_CCACHE ccache)
if(MUSTER_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(MUSTER_LAUNCHER "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}"
                      CCACHE_NOHASHDIR=1 "${MUSTER_CCACHE}")
  set(CMAKE_C_COMPILER_LAUNCHER "${MUSTER_LAUNCHER}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${MUSTER_LAUNCHER}")
endif()

add_library(muster_build INTERFACE)
add_library(muster::build ALIAS muster_build)
target_compile_features(muster_build INTERFACE cxx_std_20 c_std_11)
target_compile_options(muster_build INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
find_program(MUSTER_MOLD mold)
if(MUSTER_MOLD)
  target_link_options(muster_build INTERFACE -fuse-ld=mold)
endif()

# The layers of the host as libraries: muster_layer(plan DEPENDS base state SOURCES a.cpp …).
# Headers are included as "plan/x.hpp", from any layer above.
function(muster_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  set(target muster_${name})
  if(ARG_SOURCES)
    add_library(${target} STATIC ${ARG_SOURCES})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope} "${PROJECT_SOURCE_DIR}/host/src")
  list(TRANSFORM ARG_DEPENDS PREPEND muster_)
  target_link_libraries(${target} ${scope} ${ARG_DEPENDS} ${ARG_LIBRARIES} muster::build)
endfunction()

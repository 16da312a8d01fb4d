# muster_add_destination(name sources…): a destination plugin with the link rules that keep plugins
# apart (plugin-abi.md, "Building a plugin"):
#   - one exported symbol, by a version script: inline statics of default visibility would be shared
#     between plugins even under RTLD_LOCAL
#   - nothing of static archives leaks out (--exclude-libs,ALL)
#   - every symbol resolved at link and at load (-z defs, -z now): a lazily bound plugin loads with
#     undefined functions and dies later
#   - no RPATH outside $ORIGIN
set(MUSTER_DESTINATION_VERSION_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/destination.version")

function(muster_add_destination name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE muster::sdk)
  target_compile_features(${name} PRIVATE cxx_std_20 c_std_11)
  set_target_properties(${name} PROPERTIES
    C_VISIBILITY_PRESET hidden
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON
    BUILD_WITH_INSTALL_RPATH ON
    INSTALL_RPATH "$ORIGIN"
    LINK_DEPENDS "${MUSTER_DESTINATION_VERSION_SCRIPT}")
  # GNU's STB_GNU_UNIQUE would make one object of inline statics process-wide.
  target_compile_options(${name} PRIVATE
    $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-fno-gnu-unique>)
  target_link_options(${name} PRIVATE
    "-Wl,--version-script=${MUSTER_DESTINATION_VERSION_SCRIPT}"
    -Wl,-z,now -Wl,--exclude-libs,ALL
    # Sanitised builds leave the sanitiser's functions to the host program.
    $<$<NOT:$<BOOL:${MUSTER_SANITIZED}>>:-Wl,-z,defs>)
  # Loaded only from where nobody else can write (LOAD-3), whatever the builder's umask.
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND chmod go-w "$<TARGET_FILE:${name}>" "$<TARGET_FILE_DIR:${name}>" VERBATIM)
endfunction()

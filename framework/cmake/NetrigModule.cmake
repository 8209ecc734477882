# netrig_module(<name>
#   SOURCES <file>...        the module's .cc files (none: a header-only module)
#   USES <target>...         what its headers need (netrig::net, ...)
#   LINKS <target>...        what only its .cc files need (fmt::fmt, PkgConfig::libnl, ...)
#   TESTS <file>...          unit tests, one program netrig_<name>_test
#   SANDBOXED                its unit tests need a sandbox: link netrig::gtest_main instead of plain gtest_main
#   TEST_LINKS <target>...)  what only the tests need
# One folder of framework/: the library netrig_<name> (alias netrig::<name>) and its unit tests.
include_guard(GLOBAL)

function(netrig_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SANDBOXED" "" "SOURCES;USES;LINKS;TESTS;TEST_LINKS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "netrig_module(${name}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  netrig_map_include(${name} "${CMAKE_CURRENT_SOURCE_DIR}")
  if(arg_SOURCES)
    add_library(netrig_${name} STATIC ${arg_SOURCES})
    target_link_libraries(netrig_${name} PUBLIC netrig_options ${arg_USES} PRIVATE ${arg_LINKS})
  else()
    add_library(netrig_${name} INTERFACE)
    target_link_libraries(netrig_${name} INTERFACE netrig_options ${arg_USES} ${arg_LINKS})
  endif()
  add_library(netrig::${name} ALIAS netrig_${name})

  if(NETRIG_BUILD_TESTS AND arg_TESTS)
    find_package(GTest REQUIRED)
    add_executable(netrig_${name}_test ${arg_TESTS})
    target_compile_options(netrig_${name}_test PRIVATE ${NETRIG_TEST_OPTIONS})
    target_link_libraries(netrig_${name}_test PRIVATE netrig::${name} ${arg_LINKS} ${arg_TEST_LINKS} GTest::gmock)
    if(arg_SANDBOXED)
      target_link_libraries(netrig_${name}_test PRIVATE netrig::gtest_main)
      netrig_discover_tests(netrig_${name}_test LABELS unit net TIMEOUT 60)
    else()
      target_link_libraries(netrig_${name}_test PRIVATE GTest::gtest_main)
      netrig_discover_tests(netrig_${name}_test LABELS unit TIMEOUT 60)
    endif()
  endif()
endfunction()

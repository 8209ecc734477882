# netrig_discover_tests(<target>
#   [LABELS <label>...]          all of them arrive
#   [TIMEOUT <seconds>]          60 when not given: a test that hangs must not hold up a pipeline
#   [RESOURCE_LOCK <name>...]    tests that name the same lock never run side by side (measurements; functional tests need none)
#   [PROCESSORS <n>]             how many cores a test occupies, for `ctest -j`
#   [COST <n>]                   what costs more starts sooner where ctest has not seen it run: no long test is left for the end
#   [ENVIRONMENT <NAME=value>...]
#   [XML_OUTPUT_DIR <directory>] where GoogleTest's XML goes, one file a test; <build>/test-results/<target> when not given
# )
# Makes each test of a GoogleTest program a test of ctest, under GoogleTest's own name (`ctest -R Suite.Test`).
# ctest asks the program for its tests each time it starts: nothing can be stale, nothing is written into the build tree,
# and listing enters no sandbox and needs no privilege.
#
# Why not gtest_discover_tests (CMake 3.25):
# - PROPERTIES LABELS "a;b" TIMEOUT 10 is written unquoted: `b` becomes a property's name and the time-out is lost.
# - A test that fails counts as skipped if "[  SKIPPED ]" is anywhere in its output, which a test of test programs prints.
#   Here only GoogleTest's closing lines count.
# - With GTEST_TOTAL_SHARDS in the environment, a test whose filter matched nothing passes. Here it fails.
include_guard(GLOBAL)
# ctest reads it from the build tree: tests may run where the source tree cannot be read.
configure_file("${CMAKE_CURRENT_LIST_DIR}/NetrigAddTests.cmake" "${CMAKE_BINARY_DIR}/NetrigAddTests.cmake" COPYONLY)

function(netrig_discover_tests target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT;PROCESSORS;COST;XML_OUTPUT_DIR" "LABELS;RESOURCE_LOCK;ENVIRONMENT")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "netrig_discover_tests(${target}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  set_property(GLOBAL APPEND PROPERTY NETRIG_TEST_PROGRAMS ${target})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  if(NOT arg_XML_OUTPUT_DIR)
    set(arg_XML_OUTPUT_DIR "${PROJECT_BINARY_DIR}/test-results/${target}")
  endif()

  # What a failure prints to repeat the test.
  list(APPEND arg_ENVIRONMENT "NETRIG_CTEST_DIR=${CMAKE_BINARY_DIR}")

  set(properties "")
  foreach(name IN ITEMS LABELS TIMEOUT RESOURCE_LOCK PROCESSORS COST ENVIRONMENT)
    if(arg_${name})
      string(APPEND properties "  ${name} \"${arg_${name}}\"\n")
    endif()
  endforeach()

  # One file a configuration knows where the program is; ctest includes the one it was asked to test.
  set(script "${CMAKE_CURRENT_BINARY_DIR}/${target}_tests")
  file(CONFIGURE OUTPUT "${script}.in.cmake" @ONLY CONTENT [[
set(target "@target@")
set(program "$<TARGET_FILE:@target@>")
set(working_directory "@CMAKE_CURRENT_BINARY_DIR@")
set(xml_output_dir "@arg_XML_OUTPUT_DIR@")
macro(set_properties test)
  set_tests_properties("${test}" PROPERTIES
@properties@  )
endmacro()
include("@CMAKE_BINARY_DIR@/NetrigAddTests.cmake")
]])
  get_property(multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
  if(multi_config)
    file(GENERATE OUTPUT "${script}-$<CONFIG>.cmake" INPUT "${script}.in.cmake" TARGET ${target})
    file(CONFIGURE OUTPUT "${script}.cmake" @ONLY CONTENT "include(\"@script@-\${CTEST_CONFIGURATION_TYPE}.cmake\")\n")
  else()
    file(GENERATE OUTPUT "${script}.cmake" INPUT "${script}.in.cmake" TARGET ${target})
  endif()
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${script}.cmake")
endfunction()

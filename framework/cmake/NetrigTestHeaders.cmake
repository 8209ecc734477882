# netrig_precompile_test_headers(): in a unity build, the headers that test programs begin with are compiled once for all of
# them: a fifth of what these programs take with GCC, a third with clang. Other builds prove that each file includes what it
# needs. CMAKE_DISABLE_PRECOMPILE_HEADERS leaves it out (preset lint: clang-tidy builds nothing that it could read).
include_guard(GLOBAL)

function(netrig_precompile_test_headers)
  get_property(programs GLOBAL PROPERTY NETRIG_TEST_PROGRAMS)
  if(NOT CMAKE_UNITY_BUILD OR CMAKE_DISABLE_PRECOMPILE_HEADERS OR NOT programs)
    return()
  endif()
  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/test_headers.cc" CONTENT "")
  add_library(netrig_test_headers OBJECT "${PROJECT_BINARY_DIR}/test_headers.cc")
  target_compile_options(netrig_test_headers PRIVATE ${NETRIG_TEST_OPTIONS})
  target_link_libraries(netrig_test_headers PRIVATE netrig::topology GTest::gmock)
  target_precompile_headers(netrig_test_headers PRIVATE
    <netinet/in.h> # see NetrigOptions.cmake
    <gmock/gmock.h> <gtest/gtest.h> <netrig/topology/lab.h>)
  set_target_properties(netrig_test_headers PROPERTIES NETRIG_PRECOMPILED ON)
  foreach(program IN LISTS programs)
    target_compile_options(${program} PRIVATE ${NETRIG_TEST_OPTIONS}) # GCC wants the same as for the headers
    target_precompile_headers(${program} REUSE_FROM netrig_test_headers)
    set_target_properties(${program} PROPERTIES NETRIG_PRECOMPILED ON)
  endforeach()
endfunction()

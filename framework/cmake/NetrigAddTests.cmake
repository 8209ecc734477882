# Run by ctest, for each program given to netrig_discover_tests: asks the program for its tests and adds them.
# Reads target, program, working_directory, xml_output_dir and the macro set_properties(<test>).

function(netrig_add_test suite test)
  set(name "${suite}.${test}")
  add_test("${name}" "${program}" "--gtest_filter=${name}" --gtest_also_run_disabled_tests
           "--gtest_output=xml:${xml_output_dir}/${name}.xml")
  set_properties("${name}")
  set_tests_properties("${name}" PROPERTIES
    WORKING_DIRECTORY "${working_directory}"
    SKIP_REGULAR_EXPRESSION "\\[  PASSED  \\] 0 tests\\.[\r\n]+\\[  SKIPPED \\] 1 test, listed below:"
    FAIL_REGULAR_EXPRESSION "Running 0 tests from 0 test suites")
  if(name MATCHES "(^|[./])DISABLED_")
    set_tests_properties("${name}" PROPERTIES DISABLED TRUE)
  endif()
endfunction()

function(netrig_add_tests)
  execute_process(COMMAND "${program}" --gtest_list_tests TIMEOUT 60
                  OUTPUT_VARIABLE output ERROR_VARIABLE errors RESULT_VARIABLE status)
  if(NOT status STREQUAL "0")
    # Shown as a test that fails, with what the program says: a list that is empty in silence would pass.
    add_test("${target}.ListsItsTests" "${program}" --gtest_list_tests)
    return()
  endif()
  string(REGEX REPLACE " *#[^\n]*" "" output "${output}")  # `# GetParam() = ...`, in which any character may stand
  string(REPLACE "\n" ";" lines "${output}")
  foreach(line IN LISTS lines)
    if(line MATCHES "^([^ ]+)\\.$")
      set(suite "${CMAKE_MATCH_1}")
    elseif(line MATCHES "^  ([^ ]+)$")
      netrig_add_test("${suite}" "${CMAKE_MATCH_1}")
    endif()
  endforeach()
endfunction()

netrig_add_tests()

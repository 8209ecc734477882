# Settings shared by every target: the language level, the warnings, the sanitizer in force.
include_guard(GLOBAL)

set(NETRIG_SANITIZE "" CACHE STRING "Sanitizers to build with, as -fsanitize takes them (address,undefined or thread)")

option(NETRIG_WARNINGS_AS_ERRORS "Let no warning pass" ${PROJECT_IS_TOP_LEVEL})

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(Boost 1.81 REQUIRED)
add_library(netrig_boost_process INTERFACE)
target_link_libraries(netrig_boost_process INTERFACE Boost::headers)
if(Boost_VERSION_STRING VERSION_GREATER_EQUAL 1.86)  # before, Boost.Process was headers only
  find_package(Boost 1.86 REQUIRED COMPONENTS process)
  target_link_libraries(netrig_boost_process INTERFACE Boost::process)
endif()
find_package(nlohmann_json REQUIRED)
pkg_check_modules(libnl REQUIRED IMPORTED_TARGET libnl-3.0 libnl-route-3.0)
pkg_check_modules(libmnl REQUIRED IMPORTED_TARGET libmnl)
pkg_check_modules(libnftnl REQUIRED IMPORTED_TARGET libnftnl)
pkg_check_modules(libnftables REQUIRED IMPORTED_TARGET libnftables)

add_library(netrig_options INTERFACE)
target_compile_features(netrig_options INTERFACE cxx_std_23)
target_compile_options(netrig_options INTERFACE
  $<BUILD_INTERFACE:-Wall> $<BUILD_INTERFACE:-Wextra> $<BUILD_INTERFACE:-Wconversion>
  $<$<BOOL:${NETRIG_WARNINGS_AS_ERRORS}>:$<BUILD_INTERFACE:-Werror>>)
# GCC 12 takes `"text" + string` for an overlapping copy when it optimises (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(netrig_options INTERFACE $<BUILD_INTERFACE:-Wno-restrict>)
endif()
if(NETRIG_SANITIZE)
  # GCC's flow analysis does not understand what the sanitizers insert (gcc(1), -fsanitize: "may produce false positive warnings").
  target_compile_options(netrig_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_compile_options(netrig_options INTERFACE -fsanitize=${NETRIG_SANITIZE} -fno-omit-frame-pointer
                                                  -fno-sanitize-recover=all)
  target_link_options(netrig_options INTERFACE -fsanitize=${NETRIG_SANITIZE})
  # Sanitized programs are large: GNU ld takes four times as long.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    include(CheckLinkerFlag)
    check_linker_flag(CXX -fuse-ld=lld NETRIG_HAS_LLD)
    if(NETRIG_HAS_LLD)
      target_link_options(netrig_options INTERFACE $<BUILD_INTERFACE:-fuse-ld=lld>)
    endif()
  endif()
  # The check of vptr opens a pipe to look at memory: where a test has used up all descriptors, each object seems broken.
  target_compile_options(netrig_options INTERFACE -fno-sanitize=vptr)
endif()

# It is the library that is tested, optimised as users have it: to optimise the tests themselves takes longer than to run them.
set(NETRIG_TEST_OPTIONS $<$<CONFIG:Release>:-O0>)

# Within another project only the libraries are built, and nobody works on them: several files in one take a quarter of the time.
if(NOT PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_UNITY_BUILD)
  set(CMAKE_UNITY_BUILD ON)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 40)
endif()

# A unity build (that, and the presets release, asan, tsan, lint) joins files that use the C library's <netinet/in.h> with files
# that use the kernel's <linux/in.h>. They agree only if the former comes first (linux/libc-compat.h). Test programs have it from
# their precompiled headers (NetrigTestHeaders.cmake), before which nothing may stand.
set(joined $<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>)
set(precompiled $<BOOL:$<TARGET_PROPERTY:NETRIG_PRECOMPILED>>)
target_compile_options(netrig_options INTERFACE "$<$<AND:${joined},$<NOT:${precompiled}>>:SHELL:-include netinet/in.h>")
# The file that is compiled is not the one that a private type is defined in: GCC takes the latter for a header.
target_compile_options(netrig_options INTERFACE $<$<AND:${joined},$<CXX_COMPILER_ID:GNU>>:-Wno-subobject-linkage>)

# One spelling of an include, in the tree and installed: <netrig/net/ipv4_address.h>, <netrig/fixtures/lab_test.h>.
# The build tree maps it with links, one a module; the global property NETRIG_MODULES lists them.
set(NETRIG_INCLUDE_DIR "${PROJECT_BINARY_DIR}/include")
file(MAKE_DIRECTORY "${NETRIG_INCLUDE_DIR}/netrig")
target_include_directories(netrig_options INTERFACE "$<BUILD_INTERFACE:${NETRIG_INCLUDE_DIR}>")

function(netrig_map_include name directory)
  file(CREATE_LINK "${directory}" "${NETRIG_INCLUDE_DIR}/netrig/${name}" SYMBOLIC)
  set_property(GLOBAL APPEND PROPERTY NETRIG_MODULES ${name})
endfunction()

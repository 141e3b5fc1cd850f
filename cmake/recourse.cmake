# How every library and program of the project is built. Sources are listed, never globbed.

add_library(recourse_options INTERFACE)
target_include_directories(recourse_options INTERFACE ${PROJECT_SOURCE_DIR})
# -fpch-preprocess: without it ccache keeps nothing that was compiled with precompiled headers.
# -pthread and 64-bit file offsets: some libraries ask for them, and what is compiled with other macros
# cannot share the headers.
target_compile_options(recourse_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess> -pthread
                                                  -D_FILE_OFFSET_BITS=64
                                                  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                                                  -Woverloaded-virtual -Werror
                                                  # g++ 12 sees uninitialised members in every
                                                  # std::variant that it moves (GCC bug 105562).
                                                  -Wno-maybe-uninitialized
                                                  # The same compiler, with -O2, sees overlapping
                                                  # copies in std::string (GCC bug 105651).
                                                  $<$<CONFIG:Release>:-Wno-restrict>)
if(RECOURSE_FUZZ)
  # Those of the warnings above that are g++'s own.
  target_compile_options(recourse_options INTERFACE -fsanitize=fuzzer-no-link
                                                    -Wno-unknown-warning-option)
endif()
if(RECOURSE_FAIL_POINTS)
  target_compile_definitions(recourse_options INTERFACE RECOURSE_FAIL_POINTS)
endif()
foreach(sanitizer IN LISTS RECOURSE_SANITIZE)
  target_compile_options(recourse_options INTERFACE -fsanitize=${sanitizer} -fno-omit-frame-pointer)
  target_link_options(recourse_options INTERFACE -fsanitize=${sanitizer})
  if(sanitizer STREQUAL "undefined")
    target_compile_options(recourse_options INTERFACE -fno-sanitize-recover=undefined)
  endif()
endforeach()

# The headers of the standard library that most files include, parsed once for all targets that are
# optimized alike. A target takes them from the library that RECOURSE_HEADERS names where it is made.
# -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON does without and shows a missing include.
function(recourse_precompiled_headers name)
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cc CONTENT "")
  add_library(${name} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cc)
  target_link_libraries(${name} PRIVATE recourse_options)
  target_precompile_headers(${name} PRIVATE
    <algorithm> <array> <atomic> <charconv> <chrono> <condition_variable> <filesystem> <functional>
    <map> <memory> <mutex> <optional> <set> <span> <sstream> <stop_token> <string> <string_view>
    <thread> <unordered_map> <utility> <variant> <vector> ${ARGN})
endfunction()

# recourse_library(journal_sqlite SOURCES a.cc LINKS recourse::journal PRIVATE_LINKS SQLite::SQLite3)
# makes recourse_journal_sqlite with the alias recourse::journal_sqlite. APART: more sources, of which
# each is compiled alone, because they give the same names to things of their own.
function(recourse_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;APART;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(recourse_${name} STATIC ${ARG_SOURCES} ${ARG_APART})
  add_library(recourse::${name} ALIAS recourse_${name})
  # How the project itself is compiled is nothing to whoever uses an installed library.
  target_link_libraries(recourse_${name} PUBLIC $<BUILD_INTERFACE:recourse_options> ${ARG_LINKS}
                                         PRIVATE ${ARG_PRIVATE_LINKS})
  target_precompile_headers(recourse_${name} REUSE_FROM ${RECOURSE_HEADERS})
  set_source_files_properties(${ARG_APART} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# recourse_program(recoursed SOURCES main.cc LINKS recourse::server)
function(recourse_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE recourse_options ${ARG_LINKS})
  target_precompile_headers(${name} REUSE_FROM ${RECOURSE_HEADERS})
endfunction()

# recourse_test(machine_test LABELS unit SOURCES decide_test.cc LINKS recourse::machine)
# One test program of Catch2; each TEST_CASE is a test of ctest's. COST: about how many seconds its
# longest takes; what takes long begins first, so that the others fill the time beside it. TOGETHER:
# all run in one process, as one test of ctest's, which names the cases that fail: to start a process
# for each would take longer than they do. BUSY: it computes much itself and is compiled like the
# products; the others wait for what they test.
function(recourse_test name)
  cmake_parse_arguments(ARG "BUSY;TOGETHER" "COST;TIMEOUT" "SOURCES;LINKS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(NOT ARG_COST)
    set(ARG_COST 1)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE recourse_options recourse_test_main ${ARG_LINKS})
  if(NOT ARG_BUSY)
    target_compile_options(${name} PRIVATE -O0)
    target_precompile_headers(${name} REUSE_FROM recourse_test_headers)
  endif()
  if(ARG_TOGETHER)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} COST ${ARG_COST})
  else()
    catch_discover_tests(${name} TEST_PREFIX "${name}: "
                         PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} COST ${ARG_COST})
  endif()
endfunction()

# Links the imported libraries of these namespaces from their archives, where there are any. They
# name half a hundred shared ones, which a machine would have to have, and whose loading takes longer
# than all that a command does. Call it where they were found.
function(recourse_link_archives)
  list(JOIN ARGN "|" namespaces)
  get_property(targets DIRECTORY PROPERTY IMPORTED_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(NOT target MATCHES "^(${namespaces})::" OR NOT type STREQUAL SHARED_LIBRARY)
      continue()
    endif()
    get_target_property(configurations ${target} IMPORTED_CONFIGURATIONS)
    foreach(configuration IN LISTS configurations)
      get_target_property(shared ${target} IMPORTED_LOCATION_${configuration})
      string(REGEX REPLACE "[.]so[.0-9]*$" ".a" archive "${shared}")
      if(EXISTS "${archive}")
        set_target_properties(${target} PROPERTIES IMPORTED_LOCATION_${configuration} ${archive})
      endif()
    endforeach()
  endforeach()
endfunction()

# recourse_load_late(web RECOURSE_LIBCURL /usr/lib/libcurl.so): the library is not linked with; its
# own name, by which it is loaded when it is first needed, is given to the sources as a macro.
function(recourse_load_late name macro library)
  execute_process(COMMAND ${CMAKE_OBJDUMP} -p ${library} OUTPUT_VARIABLE about COMMAND_ERROR_IS_FATAL ANY)
  if(NOT about MATCHES "SONAME +([^ \n]+)")
    message(FATAL_ERROR "${library} does not tell its own name (SONAME)")
  endif()
  target_compile_definitions(recourse_${name} PRIVATE ${macro}="${CMAKE_MATCH_1}")
endfunction()

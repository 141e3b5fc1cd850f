# What is installed, by component: programs (with their manual and completions) and client (the
# library for C++ programs, found with find_package(recourse), and the API's protos).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS recourse recoursed recourse-bot RUNTIME COMPONENT programs)

# The command itself knows its manual and what shells ask it.
set(made ${PROJECT_BINARY_DIR}/made)
install(CODE "
  file(MAKE_DIRECTORY ${made})
  foreach(page \"man\" \"completion bash\" \"completion zsh\" \"completion fish\")
    string(REPLACE \" \" \"-\" file \"\${page}\")
    separate_arguments(page)
    execute_process(COMMAND $<TARGET_FILE:recourse> \${page} OUTPUT_FILE ${made}/\${file}
                    COMMAND_ERROR_IS_FATAL ANY)
  endforeach()" COMPONENT programs)
function(install_made file folder name)
  install(FILES ${made}/${file} DESTINATION ${folder} RENAME ${name} COMPONENT programs)
endfunction()
install_made(man ${CMAKE_INSTALL_MANDIR}/man1 recourse.1)
install_made(completion-bash ${CMAKE_INSTALL_DATADIR}/bash-completion/completions recourse)
install_made(completion-zsh ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions _recourse)
install_made(completion-fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d recourse.fish)

# The client library. Its headers stand in a folder of their own, under the names that they include
# each other by.
set(headers ${CMAKE_INSTALL_INCLUDEDIR}/recourse)
foreach(name IN ITEMS client api base)
  set_target_properties(recourse_${name} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(recourse_${name} SYSTEM INTERFACE $<INSTALL_INTERFACE:${headers}>)
  target_compile_features(recourse_${name} INTERFACE $<INSTALL_INTERFACE:cxx_std_20>)
endforeach()
install(TARGETS recourse_client recourse_api recourse_base EXPORT recourse
        ARCHIVE COMPONENT client)
install(FILES client/calls.h client/connection.h DESTINATION ${headers}/client COMPONENT client)
install(FILES engine/base/check.h engine/base/error.h DESTINATION ${headers}/engine/base
        COMPONENT client)
install(DIRECTORY ${PROJECT_BINARY_DIR}/proto/recourse/v1 DESTINATION ${headers}/recourse
        COMPONENT client FILES_MATCHING PATTERN "*.pb.h")
install(DIRECTORY proto/recourse/v1 DESTINATION ${CMAKE_INSTALL_DATADIR}/recourse/proto/recourse
        COMPONENT client FILES_MATCHING PATTERN "*.proto")
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/recourse)
install(EXPORT recourse NAMESPACE recourse:: FILE recourse-targets.cmake DESTINATION ${package}
        COMPONENT client)
write_basic_package_version_file(${made}/recourse-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/recourse-config.cmake ${made}/recourse-config-version.cmake
        DESTINATION ${package} COMPONENT client)

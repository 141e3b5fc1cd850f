# find_package(recourse) defines recourse::client: the generated API and what a client needs beside it.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(OpenSSL)
find_dependency(nlohmann_json)
find_dependency(Protobuf)
find_dependency(gRPC CONFIG)
include(${CMAKE_CURRENT_LIST_DIR}/recourse-targets.cmake)

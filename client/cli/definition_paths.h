// Which files of definitions a command line names.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace recourse::cli {

inline constexpr std::string_view kCases = ".test";  // of recovery.test.yaml, beside recovery.yaml

bool IsYaml(const std::filesystem::path& path);

// Whether it holds the cases of rehearsals, and no definition.
bool HoldsCases(const std::filesystem::path& path);

// The file itself, or the YAML files of a directory, by name. kNotFound, kPermissionDenied.
Result<std::vector<std::filesystem::path>> FilesAt(const std::string& path);

}  // namespace recourse::cli

// The check sum of what is packed by gzip, which libarchive reads over.
#pragma once

#include <string>

#include "actions/action.h"
#include "engine/base/error.h"

namespace recourse::file {

// Unpacks the file to nowhere, if it is one of gzip's. kDataLoss: it is damaged or ends too early.
Result<void> CheckGzip(const std::string& path, const Context& context);

}  // namespace recourse::file

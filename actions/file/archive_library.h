// What the writer and the reader of archives share of libarchive.
#pragma once

#include <archive.h>
#include <locale.h>

#include <string>

#include "engine/base/error.h"

namespace recourse::file {

// File names are UTF-8 to libarchive while this lives, whatever the server's locale. One thread's.
class Utf8Names {
 public:
  Utf8Names();
  ~Utf8Names();
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  locale_t own_;
  locale_t before_;
};

// What the last call on `library` says went wrong. kDataLoss where it is the archive itself.
Error ArchiveError(archive* library, const std::string& doing);

}  // namespace recourse::file

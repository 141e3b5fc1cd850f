#include "actions/file/archive_library.h"

#include <cerrno>

namespace recourse::file {

Utf8Names::Utf8Names() : own_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
  before_ = uselocale(own_);  // with 0, where there is no such locale, the present one stays
}

Utf8Names::~Utf8Names() {
  uselocale(before_);
  if (own_ != nullptr) freelocale(own_);
}

Error ArchiveError(archive* library, const std::string& doing) {
  const char* said = archive_error_string(library);
  const std::string message =
      doing + ": " + (said == nullptr ? "libarchive does not say why" : said);
  const int number = archive_errno(library);
  // Its own codes are negative, or those of what it does not understand.
  if (number <= 0 || number == EILSEQ || number == EINVAL) return DataLoss(message);
  return Error{ErrnoError(number, doing).code, message};
}

}  // namespace recourse::file

#include "engine/base/shared_library.h"

#include <dlfcn.h>

namespace recourse {
namespace {

std::string LoaderError() {
  const char* text = dlerror();
  return text == nullptr ? "the loader does not say why" : text;
}

}  // namespace

Result<void> SharedLibrary::Open() {
  if (handle_ == nullptr) handle_ = dlopen(name_, RTLD_NOW | RTLD_LOCAL);
  if (handle_ != nullptr) return {};
  return Unavailable(std::string(name_) + " cannot be loaded (" + LoaderError() +
                     "); install the package that it is of and try again");
}

Result<void*> SharedLibrary::Address(const char* symbol) const {
  void* const address = dlsym(handle_, symbol);
  if (address != nullptr) return address;
  return Unavailable(std::string(name_) +
                     " is another version than this program was built for: " + LoaderError());
}

}  // namespace recourse

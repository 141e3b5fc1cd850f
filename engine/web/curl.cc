#include "engine/web/curl.h"

#include "engine/base/shared_library.h"

namespace recourse::web {
namespace {

Result<void> FindFunctions(const SharedLibrary& library, Curl& curl) {
  Result<void> found;
  const auto find = [&](const char* symbol, auto& function) {
    if (found) found = library.Find(symbol, function);
  };
  find("curl_easy_cleanup", curl.easy_cleanup);
  find("curl_easy_getinfo", curl.easy_getinfo);
  find("curl_easy_init", curl.easy_init);
  find("curl_easy_perform", curl.easy_perform);
  find("curl_easy_reset", curl.easy_reset);
  find("curl_easy_setopt", curl.easy_setopt);
  find("curl_easy_strerror", curl.easy_strerror);
  find("curl_free", curl.free);
  find("curl_global_init", curl.global_init);
  find("curl_slist_append", curl.slist_append);
  find("curl_slist_free_all", curl.slist_free_all);
  find("curl_url", curl.url);
  find("curl_url_cleanup", curl.url_cleanup);
  find("curl_url_get", curl.url_get);
  find("curl_url_set", curl.url_set);
  find("curl_url_strerror", curl.url_strerror);
  return found;
}

}  // namespace

Result<const Curl*> LibCurl() {
  static SharedLibrary library(RECOURSE_LIBCURL);
  static Curl curl;
  auto loaded = library.Load([]() -> Result<void> {
    if (auto found = FindFunctions(library, curl); !found) return found;
    if (curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) return {};
    return Unavailable("libcurl cannot be initialised");
  });
  if (!loaded) return std::move(loaded).error();
  return &curl;
}

}  // namespace recourse::web

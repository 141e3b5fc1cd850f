#include "engine/web/origin.h"

#include <cctype>
#include <memory>

#include "engine/web/curl.h"

namespace recourse::web {

// By libcurl, which also sends: two readers of a URL can differ in where its host ends.
Result<std::string> OriginOf(const std::string& url) {
  const auto loaded = LibCurl();
  if (!loaded) return loaded.error();
  const Curl& curl = **loaded;
  const std::unique_ptr<CURLU, void (*)(CURLU*)> parsed(curl.url(), curl.url_cleanup);
  if (!parsed) return Unavailable("libcurl makes no handle");
  if (const CURLUcode code = curl.url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0);
      code != CURLUE_OK) {
    return InvalidArgument("\"" + url + "\" is no URL: " + curl.url_strerror(code));
  }
  const auto part = [&](CURLUPart which) {
    char* text = nullptr;
    curl.url_get(parsed.get(), which, &text, CURLU_DEFAULT_PORT);
    std::string copy = text == nullptr ? "" : text;
    curl.free(text);
    for (char& c : copy) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return copy;
  };
  std::string zone = part(CURLUPART_ZONEID);
  if (!zone.empty()) zone = "%" + zone;
  return part(CURLUPART_SCHEME) + "://" + part(CURLUPART_HOST) + zone + ":" + part(CURLUPART_PORT);
}

}  // namespace recourse::web

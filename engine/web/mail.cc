#include "engine/web/mail.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "engine/base/check.h"

namespace recourse::web {
namespace {

struct Rest {
  std::string_view text;
};

std::size_t GiveMessage(char* to, std::size_t, std::size_t room, void* from) {
  auto& rest = static_cast<Rest*>(from)->text;
  const std::size_t size = std::min(room, rest.size());
  std::memcpy(to, rest.data(), size);
  rest.remove_prefix(size);
  return size;
}

int EndMailWhenStopped(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::stop_token*>(stop)->stop_requested() ? 1 : 0;
}

}  // namespace

Result<void> SendMail(const MailCall& call, const std::stop_token& stop) {
  static const bool initialised = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  RECOURSE_CHECK(initialised);
  const std::unique_ptr<CURL, void (*)(CURL*)> easy(curl_easy_init(), curl_easy_cleanup);
  if (!easy) return Unavailable("libcurl cannot be initialised; nothing was sent");
  struct curl_slist* recipients = nullptr;
  for (const std::string& to : call.to) recipients = curl_slist_append(recipients, to.c_str());
  const std::unique_ptr<struct curl_slist, void (*)(struct curl_slist*)> owned(recipients, curl_slist_free_all);
  Rest rest{call.message};
  std::stop_token token = stop;
  char detail[CURL_ERROR_SIZE] = "";
  const auto set = [&](CURLoption option, auto value) {
    RECOURSE_CHECK(curl_easy_setopt(easy.get(), option, value) == CURLE_OK);
  };
  set(CURLOPT_URL, call.server.c_str());
  set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOSIGNAL, 1L);
  if (call.starttls) set(CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
  if (!call.ca_file.empty()) set(CURLOPT_CAINFO, call.ca_file.c_str());
  if (!call.user.empty()) {
    set(CURLOPT_USERNAME, call.user.c_str());
    set(CURLOPT_PASSWORD, call.password.c_str());
  }
  set(CURLOPT_MAIL_FROM, call.from.c_str());
  set(CURLOPT_MAIL_RCPT, recipients);
  set(CURLOPT_UPLOAD, 1L);
  set(CURLOPT_READFUNCTION, &GiveMessage);
  set(CURLOPT_READDATA, &rest);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(call.timeout.count()));
  set(CURLOPT_ERRORBUFFER, detail);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &EndMailWhenStopped);
  set(CURLOPT_XFERINFODATA, &token);
  const CURLcode code = curl_easy_perform(easy.get());
  if (code == CURLE_OK) return {};
  long answer = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &answer);
  std::string what = *detail != '\0' ? detail : curl_easy_strerror(code);
  if (answer > 0) what += " (the server's answer: " + std::to_string(answer) + ")";
  const bool refused = (code == CURLE_SEND_ERROR || code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_RECV_ERROR) &&
                       answer >= 550 && answer < 560;
  return refused ? InvalidArgument(what) : Unavailable(what);
}

}  // namespace recourse::web

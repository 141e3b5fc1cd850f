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

// What both calls have in common. What it points to outlives the handle's use.
template <class Option>
void SetMail(CURL* easy, CURLoption option, Option value) {
  RECOURSE_CHECK(curl_easy_setopt(easy, option, value) == CURLE_OK);
}

struct MailHandle {
  std::unique_ptr<CURL, void (*)(CURL*)> easy{nullptr, curl_easy_cleanup};
  std::stop_token stop;
  char detail[CURL_ERROR_SIZE] = "";

  // Null when libcurl cannot be initialised.
  MailHandle(const MailCall& call, std::stop_token token) : stop(std::move(token)) {
    static const bool initialised = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    RECOURSE_CHECK(initialised);
    easy.reset(curl_easy_init());
    if (!easy) return;
    SetMail(easy.get(), CURLOPT_URL, call.server.c_str());
    SetMail(easy.get(), CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    SetMail(easy.get(), CURLOPT_PROXY, "");
    SetMail(easy.get(), CURLOPT_NOSIGNAL, 1L);
    if (call.starttls) SetMail(easy.get(), CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
    if (!call.ca_file.empty()) SetMail(easy.get(), CURLOPT_CAINFO, call.ca_file.c_str());
    if (!call.user.empty()) {
      SetMail(easy.get(), CURLOPT_USERNAME, call.user.c_str());
      SetMail(easy.get(), CURLOPT_PASSWORD, call.password.c_str());
    }
    SetMail(easy.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(call.timeout.count()));
    SetMail(easy.get(), CURLOPT_ERRORBUFFER, &detail[0]);
    SetMail(easy.get(), CURLOPT_NOPROGRESS, 0L);
    SetMail(easy.get(), CURLOPT_XFERINFOFUNCTION, &EndMailWhenStopped);
    SetMail(easy.get(), CURLOPT_XFERINFODATA, &stop);
  }

  // What the server or libcurl said of a call that failed.
  std::string Said(CURLcode code) const {
    long answer = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &answer);
    const std::string what = detail[0] != '\0' ? detail : curl_easy_strerror(code);
    return answer > 0 ? what + " (the server's answer: " + std::to_string(answer) + ")" : what;
  }
};

}  // namespace

Result<void> SendMail(const MailCall& call, const std::stop_token& stop) {
  MailHandle handle(call, stop);
  if (!handle.easy) return Unavailable("libcurl cannot be initialised; nothing was sent");
  CURL* easy = handle.easy.get();
  struct curl_slist* recipients = nullptr;
  for (const std::string& to : call.to) recipients = curl_slist_append(recipients, to.c_str());
  const std::unique_ptr<struct curl_slist, void (*)(struct curl_slist*)> owned(recipients, curl_slist_free_all);
  Rest rest{call.message};
  SetMail(easy, CURLOPT_MAIL_FROM, call.from.c_str());
  SetMail(easy, CURLOPT_MAIL_RCPT, recipients);
  SetMail(easy, CURLOPT_UPLOAD, 1L);
  SetMail(easy, CURLOPT_READFUNCTION, &GiveMessage);
  SetMail(easy, CURLOPT_READDATA, &rest);
  const CURLcode code = curl_easy_perform(easy);
  if (code == CURLE_OK) return {};
  long answer = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer);
  const bool refused = (code == CURLE_SEND_ERROR || code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_RECV_ERROR) &&
                       answer >= 550 && answer < 560;
  return refused ? InvalidArgument(handle.Said(code)) : Unavailable(handle.Said(code));
}

Result<void> ReachMailServer(const MailCall& call, const std::stop_token& stop) {
  MailHandle handle(call, stop);
  if (!handle.easy) return Unavailable("libcurl cannot be initialised");
  SetMail(handle.easy.get(), CURLOPT_CONNECT_ONLY, 1L);
  const CURLcode code = curl_easy_perform(handle.easy.get());
  if (code != CURLE_OK) return Unavailable(handle.Said(code));
  return {};
}

}  // namespace recourse::web

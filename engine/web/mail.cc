#include "engine/web/mail.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "engine/base/check.h"
#include "engine/web/curl.h"

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

class MailHandle {
 public:
  // kUnavailable: there is no libcurl. What `call` points to outlives the handle's use.
  static Result<std::unique_ptr<MailHandle>> Make(const MailCall& call, std::stop_token stop) {
    const auto curl = LibCurl();
    if (!curl) return curl.error();
    auto handle = std::unique_ptr<MailHandle>(new MailHandle(**curl, std::move(stop)));
    if (!handle->easy_) return Unavailable("libcurl makes no handle");
    handle->SetCommon(call);
    return handle;
  }

  template <class Option>
  void Set(CURLoption option, Option value) {
    RECOURSE_CHECK(curl_.easy_setopt(easy_.get(), option, value) == CURLE_OK);
  }

  void SetRecipients(const std::vector<std::string>& recipients) {
    for (const std::string& to : recipients) {
      recipients_.reset(curl_.slist_append(recipients_.release(), to.c_str()));
    }
    Set(CURLOPT_MAIL_RCPT, recipients_.get());
  }

  CURLcode Perform() { return curl_.easy_perform(easy_.get()); }

  // The server's last answer, such as 250; 0 when there was none.
  long Answer() const {
    long answer = 0;
    curl_.easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &answer);
    return answer;
  }

  // What the server or libcurl said of a call that failed.
  std::string Said(CURLcode code) const {
    const std::string what = detail_[0] != '\0' ? detail_ : curl_.easy_strerror(code);
    const long answer = Answer();
    return answer > 0 ? what + " (the server's answer: " + std::to_string(answer) + ")" : what;
  }

 private:
  MailHandle(const Curl& curl, std::stop_token stop)
      : curl_(curl),
        easy_(curl.easy_init(), curl.easy_cleanup),
        recipients_(nullptr, curl.slist_free_all),
        stop_(std::move(stop)) {}

  void SetCommon(const MailCall& call) {
    Set(CURLOPT_URL, call.server.c_str());
    Set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    Set(CURLOPT_PROXY, "");
    Set(CURLOPT_NOSIGNAL, 1L);
    if (call.starttls) Set(CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
    if (!call.ca_file.empty()) Set(CURLOPT_CAINFO, call.ca_file.c_str());
    if (!call.user.empty()) {
      Set(CURLOPT_USERNAME, call.user.c_str());
      Set(CURLOPT_PASSWORD, call.password.c_str());
    }
    Set(CURLOPT_TIMEOUT_MS, static_cast<long>(call.timeout.count()));
    Set(CURLOPT_ERRORBUFFER, &detail_[0]);
    Set(CURLOPT_NOPROGRESS, 0L);
    Set(CURLOPT_XFERINFOFUNCTION, &EndMailWhenStopped);
    Set(CURLOPT_XFERINFODATA, &stop_);
  }

  const Curl& curl_;
  const std::unique_ptr<CURL, decltype(Curl::easy_cleanup)> easy_;
  std::unique_ptr<struct curl_slist, decltype(Curl::slist_free_all)> recipients_;
  std::stop_token stop_;
  char detail_[CURL_ERROR_SIZE] = "";
};

}  // namespace

Result<void> SendMail(const MailCall& call, const std::stop_token& stop) {
  auto handle = MailHandle::Make(call, stop);
  if (!handle) return Unavailable(handle.error().message + "; nothing was sent");
  MailHandle& mail = **handle;
  Rest rest{call.message};
  mail.Set(CURLOPT_MAIL_FROM, call.from.c_str());
  mail.SetRecipients(call.to);
  mail.Set(CURLOPT_UPLOAD, 1L);
  mail.Set(CURLOPT_READFUNCTION, &GiveMessage);
  mail.Set(CURLOPT_READDATA, &rest);
  const CURLcode code = mail.Perform();
  if (code == CURLE_OK) return {};
  const long answer = mail.Answer();
  const bool refused =
      (code == CURLE_SEND_ERROR || code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_RECV_ERROR) &&
      answer >= 550 && answer < 560;
  return refused ? InvalidArgument(mail.Said(code)) : Unavailable(mail.Said(code));
}

Result<void> ReachMailServer(const MailCall& call, const std::stop_token& stop) {
  auto handle = MailHandle::Make(call, stop);
  if (!handle) return std::move(handle).error();
  MailHandle& mail = **handle;
  mail.Set(CURLOPT_CONNECT_ONLY, 1L);
  const CURLcode code = mail.Perform();
  if (code != CURLE_OK) return Unavailable(mail.Said(code));
  return {};
}

}  // namespace recourse::web

#include "engine/web/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "engine/base/check.h"
#include "engine/base/clock.h"

namespace recourse::web {
namespace {

constexpr std::size_t kAnswerMax = 1024 * 1024;
constexpr std::size_t kHeadersMax = 100;
constexpr std::size_t kIdleMax = 4;  // connections kept

std::size_t TakeAnswer(char* data, std::size_t, std::size_t size, void* to) {
  auto& body = static_cast<HttpAnswer*>(to)->body;
  if (body.size() + size > kAnswerMax) return 0;  // ends the call with CURLE_WRITE_ERROR
  body.append(data, size);
  return size;
}

std::size_t TakeHeader(char* data, std::size_t, std::size_t size, void* to) {
  auto& headers = static_cast<HttpAnswer*>(to)->headers;
  const std::string_view line(data, size);
  const auto colon = line.find(':');
  if (colon == line.npos || headers.size() >= kHeadersMax) return size;
  std::string name(line.substr(0, colon));
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto begin = std::min(line.find_first_not_of(" \t", colon + 1), size);
  const auto end = line.find_last_not_of(" \t\r\n") + 1;
  headers[name] = begin < end ? std::string(line.substr(begin, end - begin)) : "";
  return size;
}

int EndWhenStopped(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<std::stop_token*>(stop)->stop_requested() ? 1 : 0;
}

Error CallError(CURLcode code, const char* detail) {
  const std::string what = *detail != '\0' ? detail : curl_easy_strerror(code);
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return InvalidArgument(what);
    case CURLE_WRITE_ERROR:
      return {Code::kResourceExhausted, what + "; the answer is larger than 1 MiB, the limit here"};
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_PEER_FAILED_VERIFICATION:
      return Unavailable(what + "; nothing was sent");
    case CURLE_ABORTED_BY_CALLBACK:
      return Unavailable("stopped before the answer came; it may have taken effect all the same");
    default:
      return Unavailable(what + "; it may have taken effect all the same");
  }
}

}  // namespace

std::string HttpAnswer::Header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

std::chrono::seconds WaitAsked(const HttpAnswer& answer, const std::string& name) {
  constexpr std::int64_t kSince1970 = 1'000'000'000;
  const std::string text = answer.Header(name);
  std::int64_t seconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (read.ec != std::errc() || read.ptr == text.data()) return std::chrono::seconds(30);
  if (seconds > kSince1970) seconds -= ToTimestamp(SystemClock().Now()).seconds;
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 1, 3600));
}

HttpClient::HttpClient(std::string ca_file) : ca_file_(std::move(ca_file)) {
  static const bool initialised = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  RECOURSE_CHECK(initialised);
}

HttpClient::~HttpClient() = default;

HttpClient::Easy HttpClient::TakeEasy() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return Easy(curl_easy_init(), curl_easy_cleanup);
  Easy easy = std::move(idle_.back());
  idle_.pop_back();
  return easy;
}

Result<HttpAnswer> HttpClient::Send(const HttpCall& call, std::stop_token stop) {
  Easy easy = TakeEasy();
  if (!easy) return Unavailable("libcurl cannot be initialised; nothing was sent");
  struct curl_slist* headers = nullptr;
  for (const std::string& header : call.headers) headers = curl_slist_append(headers, header.c_str());
  HttpAnswer answer;
  char detail[CURL_ERROR_SIZE] = "";

  const auto set = [&](CURLoption option, auto value) {
    RECOURSE_CHECK(curl_easy_setopt(easy.get(), option, value) == CURLE_OK);
  };
  set(CURLOPT_URL, call.url.c_str());
  if (!call.unix_socket.empty()) set(CURLOPT_UNIX_SOCKET_PATH, call.unix_socket.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_PROXY, "");  // none from the environment
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_USERAGENT, "recourse");
  set(CURLOPT_CUSTOMREQUEST, call.method.c_str());
  set(CURLOPT_POSTFIELDS, call.body.data());
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
  if (call.method == "GET") set(CURLOPT_HTTPGET, 1L);
  set(CURLOPT_HTTPHEADER, headers);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(call.timeout.count()));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(call.timeout.count()));
  if (!ca_file_.empty()) set(CURLOPT_CAINFO, ca_file_.c_str());
  set(CURLOPT_ERRORBUFFER, detail);
  set(CURLOPT_WRITEFUNCTION, &TakeAnswer);
  set(CURLOPT_WRITEDATA, &answer);
  set(CURLOPT_HEADERFUNCTION, &TakeHeader);
  set(CURLOPT_HEADERDATA, &answer);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &EndWhenStopped);
  set(CURLOPT_XFERINFODATA, &stop);
  const CURLcode code = curl_easy_perform(easy.get());

  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_slist_free_all(headers);
  if (code != CURLE_OK) return CallError(code, detail);
  curl_easy_reset(easy.get());  // forgets the options, keeps the connection
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kIdleMax) idle_.push_back(std::move(easy));
  answer.status = static_cast<int>(status);
  return answer;
}

}  // namespace recourse::web

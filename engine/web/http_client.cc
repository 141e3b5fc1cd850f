#include "engine/web/http_client.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "engine/base/check.h"
#include "engine/base/clock.h"
#include "engine/web/curl.h"

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

// `sent`: a part of the call at least.
Error CallError(const Curl& curl, CURLcode code, const char* detail, bool sent = false) {
  const std::string what = code == CURLE_ABORTED_BY_CALLBACK ? "stopped before the answer came"
                           : *detail != '\0'                 ? detail
                                                             : curl.easy_strerror(code);
  if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) {
    return InvalidArgument(what);
  }
  if (code == CURLE_WRITE_ERROR) {
    return {Code::kResourceExhausted, what + "; the answer is larger than 1 MiB, the limit here"};
  }
  if (!sent) return Unavailable(what + "; nothing was sent");
  return {code == CURLE_OPERATION_TIMEDOUT ? Code::kDeadlineExceeded : Code::kUnknown,
          what + "; it may have taken effect all the same"};
}

// The options of one call.
class Options {
 public:
  Options(const Curl& curl, CURL* easy) : curl_(curl), easy_(easy) {}

  template <class Option>
  void Set(CURLoption option, Option value) {
    RECOURSE_CHECK(curl_.easy_setopt(easy_, option, value) == CURLE_OK);
  }

  // What every call has in common. What it points to outlives the call.
  void SetCommon(const std::string& url, const std::string& ca_file,
                 std::chrono::milliseconds timeout, char* detail, std::stop_token& stop) {
    Set(CURLOPT_URL, url.c_str());
    Set(CURLOPT_PROTOCOLS_STR, "http,https");
    Set(CURLOPT_PROXY, "");  // none from the environment
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
    Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(timeout.count()));
    if (!ca_file.empty()) Set(CURLOPT_CAINFO, ca_file.c_str());
    Set(CURLOPT_ERRORBUFFER, detail);
    Set(CURLOPT_NOPROGRESS, 0L);
    Set(CURLOPT_XFERINFOFUNCTION, &EndWhenStopped);
    Set(CURLOPT_XFERINFODATA, &stop);
  }

 private:
  const Curl& curl_;
  CURL* const easy_;
};

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

HttpClient::HttpClient(std::string ca_file) : ca_file_(std::move(ca_file)) {}

HttpClient::~HttpClient() = default;

HttpClient::Easy HttpClient::TakeEasy(const Curl& curl) {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return Easy(curl.easy_init(), curl.easy_cleanup);
  Easy easy = std::move(idle_.back());
  idle_.pop_back();
  return easy;
}

Result<HttpAnswer> HttpClient::Send(const HttpCall& call, std::stop_token stop) {
  if (stop.stop_requested()) return Unavailable("stopped; nothing was sent");
  const auto loaded = LibCurl();
  if (!loaded) return Unavailable(loaded.error().message + "; nothing was sent");
  const Curl& curl = **loaded;
  Easy easy = TakeEasy(curl);
  if (!easy) return Unavailable("libcurl makes no handle; nothing was sent");
  struct curl_slist* headers = nullptr;
  for (const std::string& header : call.headers)
    headers = curl.slist_append(headers, header.c_str());
  HttpAnswer answer;
  char detail[CURL_ERROR_SIZE] = "";

  Options options(curl, easy.get());
  options.SetCommon(call.url, ca_file_, call.timeout, detail, stop);
  if (!call.unix_socket.empty()) {
    options.Set(CURLOPT_UNIX_SOCKET_PATH, call.unix_socket.c_str());
  }
  options.Set(CURLOPT_USERAGENT, "recourse");
  options.Set(CURLOPT_CUSTOMREQUEST, call.method.c_str());
  options.Set(CURLOPT_POSTFIELDS, call.body.data());
  options.Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
  if (call.method == "GET") options.Set(CURLOPT_HTTPGET, 1L);
  if (call.method == "HEAD") options.Set(CURLOPT_NOBODY, 1L);
  options.Set(CURLOPT_FRESH_CONNECT, call.fresh ? 1L : 0L);
  options.Set(CURLOPT_HTTPHEADER, headers);
  options.Set(CURLOPT_WRITEFUNCTION, &TakeAnswer);
  options.Set(CURLOPT_WRITEDATA, &answer);
  options.Set(CURLOPT_HEADERFUNCTION, &TakeHeader);
  options.Set(CURLOPT_HEADERDATA, &answer);
  const CURLcode code = curl.easy_perform(easy.get());

  long status = 0;
  long sent_bytes = 0;
  curl_off_t latency_us = 0;
  curl.easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  curl.easy_getinfo(easy.get(), CURLINFO_REQUEST_SIZE, &sent_bytes);
  curl.easy_getinfo(easy.get(), CURLINFO_TOTAL_TIME_T, &latency_us);
  curl.slist_free_all(headers);
  if (code != CURLE_OK) return CallError(curl, code, detail, sent_bytes > 0);
  curl.easy_reset(easy.get());  // forgets the options, keeps the connection
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kIdleMax) idle_.push_back(std::move(easy));
  answer.status = static_cast<int>(status);
  answer.latency = std::chrono::microseconds(latency_us);
  return answer;
}

Result<void> HttpClient::Reach(const std::string& url, std::stop_token stop) {
  const auto loaded = LibCurl();
  if (!loaded) return loaded.error();
  const Curl& curl = **loaded;
  const Easy easy(curl.easy_init(), curl.easy_cleanup);
  if (!easy) return Unavailable("libcurl makes no handle");
  char detail[CURL_ERROR_SIZE] = "";
  Options options(curl, easy.get());
  options.SetCommon(url, ca_file_, std::chrono::seconds(10), detail, stop);
  options.Set(CURLOPT_CONNECT_ONLY, 1L);
  const CURLcode code = curl.easy_perform(easy.get());
  if (code == CURLE_OK) return {};
  if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)
    return CallError(curl, code, detail);
  return Unavailable(*detail != '\0' ? detail : curl.easy_strerror(code));
}

}  // namespace recourse::web

#include "actions/http/client.h"

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <stop_token>

#include "engine/base/check.h"

namespace recourse::http {
namespace {

constexpr std::size_t kBodyMax = 1024 * 1024;

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

std::size_t TakeBody(char* data, std::size_t, std::size_t size, void* to) {
  auto& body = *static_cast<std::string*>(to);
  if (body.size() + size > kBodyMax) return 0;  // ends the transfer with CURLE_WRITE_ERROR
  body.append(data, size);
  return size;
}

Error ErrorOf(CURLcode code, const char* detail, const Request& request) {
  const std::string what = request.method + " " + request.url + ": " +
                           (*detail != '\0' ? detail : curl_easy_strerror(code));
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return {Code::kDeadlineExceeded, what};
    case CURLE_WRITE_ERROR:
      return {Code::kResourceExhausted, what + "; the body is larger than 1 MiB, the limit here"};
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return {Code::kInvalidArgument, what};
    default:
      return {Code::kUnavailable, what};
  }
}

// Runs the transfer to its end; false when the context was stopped before.
bool Perform(CURLM* multi, CURL* easy, const Context& context, CURLcode& code) {
  const std::stop_callback wake(context.stop, [multi] { curl_multi_wakeup(multi); });
  int running = 1;
  while (running > 0) {
    if (context.stop.stop_requested() || std::chrono::steady_clock::now() >= context.deadline) {
      return false;
    }
    const CURLMcode performed = curl_multi_perform(multi, &running);
    if (performed == CURLM_OK && running > 0) curl_multi_poll(multi, nullptr, 0, 1000, nullptr);
    if (performed != CURLM_OK) {
      code = CURLE_FAILED_INIT;
      return true;
    }
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg == CURLMSG_DONE && message->easy_handle == easy) code = message->data.result;
  }
  return true;
}

}  // namespace

Result<Response> Fetch(const Request& request, const Context& context) {
  static const bool initialised = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  const std::unique_ptr<CURLM, MultiDeleter> multi(curl_multi_init());
  const std::unique_ptr<CURL, EasyDeleter> easy(curl_easy_init());
  if (!initialised || !easy || !multi) return Unavailable("libcurl cannot be initialised");

  Response response;
  char detail[CURL_ERROR_SIZE] = "";
  const auto timeout_ms = std::chrono::ceil<std::chrono::milliseconds>(request.timeout).count();
  curl_easy_setopt(easy.get(), CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy.get(), CURLOPT_PROXY, "");  // none from the environment
  curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_NOBODY, request.method == "HEAD" ? 1L : 0L);
  // To libcurl, 0 is no limit at all, and connecting has a limit of its own.
  RECOURSE_CHECK(timeout_ms > 0);
  curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_ms));
  curl_easy_setopt(easy.get(), CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(timeout_ms));
  curl_easy_setopt(easy.get(), CURLOPT_USERAGENT, "recourse");
  curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, detail);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, &TakeBody);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &response.body);
  curl_multi_add_handle(multi.get(), easy.get());

  CURLcode code = CURLE_OK;
  const bool finished = Perform(multi.get(), easy.get(), context, code);
  curl_multi_remove_handle(multi.get(), easy.get());
  if (!finished) return context.StopError().In(request.method + " " + request.url);
  if (code != CURLE_OK) return ErrorOf(code, detail, request);

  long status = 0;
  curl_off_t latency_us = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy.get(), CURLINFO_TOTAL_TIME_T, &latency_us);
  response.status = static_cast<int>(status);
  response.latency = std::chrono::microseconds(latency_us);
  return response;
}

}  // namespace recourse::http

#include "server/status.h"

#include <string>
#include <string_view>

#include "engine/base/utf8.h"

namespace recourse::server {
namespace {

// Below gRPC's default limit of 8 KiB for all metadata of an answer.
constexpr std::size_t kEncodedMax = 6000;
constexpr std::string_view kCut = " ... (cut)";

// gRPC sends a byte outside printable ASCII, and the percent sign, as three.
std::size_t EncodedSize(char c) { return c >= ' ' && c <= '~' && c != '%' ? 1 : 3; }

std::string Fit(const std::string& message) {
  std::size_t encoded = 0;
  for (std::size_t i = 0; i < message.size(); ++i) {
    encoded += EncodedSize(message[i]);
    if (encoded <= kEncodedMax) continue;
    while (i > 0 && ContinuesCharacter(message[i])) --i;
    return message.substr(0, i).append(kCut);
  }
  return message;
}

}  // namespace

grpc::Status ToStatus(const Error& error) {
  return {static_cast<grpc::StatusCode>(error.code), Fit(error.message)};
}

}  // namespace recourse::server

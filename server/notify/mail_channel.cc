#include "server/notify/mail_channel.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "engine/base/text.h"
#include "engine/web/mail.h"

namespace recourse::notify {
namespace {

constexpr std::size_t kBase64Line = 76;  // RFC 2045
constexpr std::size_t kSubjectBytes = 180;

// RFC 2047 for what is not plain ASCII, in words short enough for it.
std::string HeaderText(const std::string& text) {
  const bool plain =
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
  if (plain) return text;
  constexpr std::size_t kWordBytes = 42;
  std::string words;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(at + kWordBytes, text.size());
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    words +=
        (words.empty() ? "" : "\r\n ") + ("=?UTF-8?B?" + Base64(text.substr(at, end - at)) + "?=");
    at = end;
  }
  return words;
}

std::string InLines(const std::string& base64) {
  std::string lines;
  for (std::size_t at = 0; at < base64.size(); at += kBase64Line)
    lines += base64.substr(at, kBase64Line) + "\r\n";
  return lines;
}

// RFC 5322, in UTC: "Sat, 21 Nov 2026 03:04:05 +0000".
std::string DateOf(Time time) {
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = ToTimestamp(time).seconds;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d +0000", kDays[utc.tm_wday],
                utc.tm_mday, kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                utc.tm_sec);
  return text;
}

class MailChannel final : public Channel {
 public:
  MailChannel(ChannelSettings settings, std::string journal, const runtime::SecretSource* secrets,
              const Clock& clock)
      : settings_(std::move(settings)),
        journal_(std::move(journal)),
        secrets_(secrets),
        clock_(clock) {}

  Result<void> Send(const std::vector<Letter>& letters, const std::stop_token& stop) override {
    auto call = Call(stop);
    if (!call) return std::move(call).error();
    call->message = MailOf(settings_, journal_, letters, clock_.Now());
    return web::SendMail(*call, stop);
  }

  Result<void> Reach(const std::stop_token& stop) override {
    auto call = Call(stop);
    if (!call) return std::move(call).error();
    return web::ReachMailServer(*call, stop);
  }

 private:
  // Without the message.
  Result<web::MailCall> Call(const std::stop_token& stop) const {
    web::MailCall call;
    call.server = settings_.server;
    call.starttls = settings_.starttls;
    call.ca_file = settings_.ca_file;
    call.user = settings_.user;
    if (!settings_.user.empty()) {
      if (secrets_ == nullptr)
        return FailedPrecondition("the secret " + settings_.secret + " is not known");
      auto password =
          secrets_->Read(settings_.secret, stop, std::chrono::steady_clock::now() + kSecretTime);
      if (!password) return std::move(password).error().In("the secret " + settings_.secret);
      call.password = *std::move(password);
    }
    call.from = settings_.from;
    call.to = settings_.to;
    return call;
  }

  const ChannelSettings settings_;
  const std::string journal_;
  const runtime::SecretSource* secrets_;
  const Clock& clock_;
};

}  // namespace

std::string MailOf(const ChannelSettings& settings, const std::string& journal,
                   const std::vector<Letter>& letters, Time now) {
  const Letter& first = letters.front();
  std::string subject = letters.size() == 1
                            ? SubjectOf(first, settings)
                            : std::to_string(letters.size()) + " notifications at once";
  if (subject.size() > kSubjectBytes) {
    std::size_t end = kSubjectBytes;
    while ((static_cast<unsigned char>(subject[end]) & 0xc0) == 0x80) --end;
    subject = subject.substr(0, end) + "...";
  }
  std::string to;
  for (const std::string& one : settings.to) to += (to.empty() ? "" : ", ") + one;
  std::string body = letters.size() == 1 ? TextOf(first, settings) + "\n\n" + CommandsOf(first)
                                         : DigestOf(letters, settings);
  std::string lines;
  for (const char c : body) lines += c == '\n' ? "\r\n" : std::string(1, c);
  // A mail that is sent again has the same id, by which its reader tells.
  const std::string id = journal + "." + std::to_string(first.row.position) + "." +
                         std::to_string(first.row.number) + "@recourse";
  return "Date: " + DateOf(now) + "\r\nFrom: " + settings.from + "\r\nTo: " + to +
         "\r\nMessage-ID: <" + id + ">\r\nSubject: " + HeaderText("[recourse] " + subject) +
         "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
         "Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n" +
         InLines(Base64(lines));
}

std::unique_ptr<Channel> NewMailChannel(const ChannelSettings& settings, std::string journal,
                                        const runtime::SecretSource* secrets, const Clock& clock) {
  return std::make_unique<MailChannel>(settings, std::move(journal), secrets, clock);
}

}  // namespace recourse::notify

// The kinds of channels that speak HTTP: incoming webhooks of Slack and Mattermost, signed webhooks
// of one's own, PagerDuty's Events API v2.
#include <utility>

#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/web/http_client.h"
#include "engine/web/mac.h"
#include "server/notify/channel.h"
#include "server/notify/mail_channel.h"

namespace recourse::notify {
namespace {

using Kind = ChannelSettings::Kind;
constexpr const char* kPagerDutyUrl = "https://events.pagerduty.com/v2/enqueue";

// `secret_url`: many servers repeat the URL in what they say, and it must not be told.
Result<void> Judge(const web::HttpAnswer& answer, const std::string& secret, bool secret_url) {
  if (answer.status >= 200 && answer.status < 300) return {};
  std::string said = "it answered " + std::to_string(answer.status);
  const bool tells =
      secret_url || answer.body.empty() || answer.body.find(secret) != std::string::npos;
  if (!tells) said += ": " + Plain(answer.body.substr(0, 200));
  if (answer.status == 429) return Error{Code::kResourceExhausted, said};
  // Too old to be asked again, or a mistake of ours that stays one. 401, 403 and 404 can be mended
  // where the channel is set up, and what waits is sent then.
  if (answer.status == 400 || answer.status == 413 || answer.status == 422)
    return InvalidArgument(said);
  return Unavailable(said);
}

class HttpChannel : public Channel {
 public:
  HttpChannel(ChannelSettings settings, const runtime::SecretSource* secrets)
      : settings_(std::move(settings)), secrets_(secrets), client_(settings_.ca_file) {}

  Result<void> Reach(const std::stop_token& stop) override {
    auto secret = Secret(stop);
    if (!secret) return std::move(secret).error();
    return client_.Reach(UrlOf(*secret), stop);
  }

 protected:
  Result<std::string> Secret(const std::stop_token& stop) const {
    if (secrets_ == nullptr)
      return FailedPrecondition("the secret " + settings_.secret + " is not known");
    auto secret =
        secrets_->Read(settings_.secret, stop, std::chrono::steady_clock::now() + kSecretTime);
    if (!secret) return std::move(secret).error().In("the secret " + settings_.secret);
    return secret;
  }

  // Where it posts to.
  virtual std::string UrlOf(const std::string& secret) const = 0;

  // `secret` stands in no error.
  Result<void> Post(const std::string& url, std::string body, std::vector<std::string> headers,
                    const std::string& secret, const std::stop_token& stop) {
    web::HttpCall call;
    call.url = url;
    call.headers = std::move(headers);
    call.headers.push_back("Content-Type: application/json");
    call.body = std::move(body);
    auto answer = client_.Send(call, stop);
    if (!answer) {
      Error error = std::move(answer).error();
      // A URL that is none can be mended where the channel is set up.
      if (error.code == Code::kInvalidArgument) error.code = Code::kFailedPrecondition;
      return error;
    }
    return Judge(*answer, secret, url == secret);
  }

  std::string TextFor(const std::vector<Letter>& letters) const {
    return letters.size() == 1 ? TextOf(letters[0], settings_) + "\n" + CommandsOf(letters[0])
                               : DigestOf(letters, settings_);
  }

  const ChannelSettings settings_;
  const runtime::SecretSource* secrets_;
  web::HttpClient client_;
};

// Slack reads <...> and &, and Mattermost Markdown and @names: a text from a journal is neither.
class ChatChannel final : public HttpChannel {
 public:
  using HttpChannel::HttpChannel;

  Result<void> Send(const std::vector<Letter>& letters, const std::stop_token& stop) override {
    auto url = Secret(stop);
    if (!url) return std::move(url).error();
    const std::string text = TextFor(letters);
    const bool slack = settings_.kind == Kind::kSlack;
    return Post(*url,
                ToJson(Value::Object({{"text", slack ? ForSlack(text) : ForMattermost(text)}})), {},
                *url, stop);
  }

 private:
  std::string UrlOf(const std::string& secret) const override { return secret; }

  static std::string ForSlack(const std::string& text) {
    std::string safe;
    for (const char c : text) {
      switch (c) {
        case '&':
          safe += "&amp;";
          break;
        case '<':
          safe += "&lt;";
          break;
        case '>':
          safe += "&gt;";
          break;
        default:
          safe += c;
      }
    }
    return safe;
  }
  // In a block of code nothing is markup and nobody is mentioned.
  static std::string ForMattermost(std::string text) {
    for (std::size_t at = 0; (at = text.find("```", at)) != std::string::npos;)
      text.replace(at, 3, "'''");
    return "```\n" + text + "```";
  }
};

class WebhookChannel final : public HttpChannel {
 public:
  WebhookChannel(ChannelSettings settings, std::string journal,
                 const runtime::SecretSource* secrets, const Clock& clock)
      : HttpChannel(std::move(settings), secrets), journal_(std::move(journal)), clock_(clock) {}

  Result<void> Send(const std::vector<Letter>& letters, const std::stop_token& stop) override {
    auto key = Secret(stop);
    if (!key) return std::move(key).error();
    Value::List list;
    for (const Letter& letter : letters) {
      Value one = VariablesOf(letter.row.event, letter.row.text, letter.run);
      list.push_back(one.With("id", IdOf(letter))
                         .With("time", FormatTimestamp(ToTimestamp(letter.row.created)))
                         .With("message", TextOf(letter, settings_)));
    }
    const std::string body = ToJson(Value::Object({{"notifications", Value(std::move(list))}}));
    const std::string at = std::to_string(ToTimestamp(clock_.Now()).seconds);
    return Post(settings_.url, body,
                {"Recourse-Signature: t=" + at + ",v1=" + web::HmacSha256(*key, at + "." + body),
                 "Recourse-Delivery: " + IdOf(letters.front())},
                *key, stop);
  }

 private:
  std::string UrlOf(const std::string&) const override { return settings_.url; }

  std::string IdOf(const Letter& letter) const {
    return journal_ + "/" + std::to_string(letter.row.position) + "/" +
           std::to_string(letter.row.number);
  }

  const std::string journal_;
  const Clock& clock_;
};

// Source: PagerDuty's Events API v2, "Send an event".
class PagerDutyChannel final : public HttpChannel {
 public:
  PagerDutyChannel(ChannelSettings settings, std::string journal,
                   const runtime::SecretSource* secrets)
      : HttpChannel(std::move(settings), secrets), journal_(std::move(journal)) {}

  bool CanDigest() const override { return false; }  // each run is an incident of its own

  Result<void> Send(const std::vector<Letter>& letters, const std::stop_token& stop) override {
    auto key = Secret(stop);
    if (!key) return std::move(key).error();
    for (const Letter& letter : letters) {
      if (auto sent = SendOne(letter, *key, stop); !sent) return sent;
    }
    return {};
  }

 private:
  std::string UrlOf(const std::string&) const override {
    return settings_.url.empty() ? kPagerDutyUrl : settings_.url;
  }

  Result<void> SendOne(const Letter& letter, const std::string& key, const std::stop_token& stop) {
    const std::string action = ActionOf(letter);
    Value event = Value::Object(
        {{"routing_key", key}, {"event_action", action}, {"dedup_key", KeyOf(letter)}});
    if (action == "trigger") {
      const std::string text = SubjectOf(letter, settings_);
      const std::string source =
          letter.run.target.empty() ? letter.run.workflow : letter.run.target;
      event =
          event.With("client", "Recourse")
              .With(
                  "payload",
                  Value::Object(
                      {{"summary", text.substr(0, CutAt(text, kSummaryMax))},
                       {"source", source.empty() ? "recourse" : source},
                       {"severity", SeverityOf(letter.run.severity)},
                       {"timestamp", FormatTimestamp(ToTimestamp(letter.row.created))},
                       {"component", letter.run.workflow},
                       {"class", letter.row.event},
                       {"custom_details",
                        Value::Object({{"run", letter.row.run.ToString()},
                                       {"text", IsMessage(letter) ? TextOf(letter, settings_) : ""},
                                       {"commands", CommandsOf(letter)}})}}));
    }
    return Post(UrlOf(key), ToJson(event), {}, key, stop);
  }

  // What a step says is an incident of its own, which people close.
  std::string KeyOf(const Letter& letter) const {
    const std::string run = "recourse/" + journal_ + "/" + letter.row.run.ToString();
    return IsMessage(letter) ? run + "/" + std::to_string(letter.row.position) + "/" +
                                   std::to_string(letter.row.number)
                             : run;
  }

  static constexpr std::size_t kSummaryMax = 1024;
  // At most `most` bytes, and not within a character.
  static std::size_t CutAt(const std::string& text, std::size_t most) {
    if (text.size() <= most) return text.size();
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
    return most;
  }

  static std::string ActionOf(const Letter& letter) {
    if (letter.row.event == "acknowledged") return "acknowledge";
    const bool cancelled = letter.run.status == static_cast<int>(machine::RunStatus::kCancelled);
    const bool over = letter.row.event == "test" || letter.row.event == "attended" ||
                      letter.row.event == "run_succeeded" ||
                      (letter.row.event == "run_failed" && cancelled);  // as somebody wanted it
    return over ? "resolve" : "trigger";
  }

  static std::string SeverityOf(const std::string& severity) {
    if (severity == "critical") return "critical";
    if (severity == "high") return "error";
    return severity == "low" ? "info" : "warning";
  }

  const std::string journal_;
};

}  // namespace

std::unique_ptr<Channel> NewChannel(const ChannelSettings& settings, std::string journal,
                                    const runtime::SecretSource* secrets, const Clock& clock) {
  switch (settings.kind) {
    case Kind::kSlack:
    case Kind::kMattermost:
      return std::make_unique<ChatChannel>(settings, secrets);
    case Kind::kMail:
      return NewMailChannel(settings, std::move(journal), secrets, clock);
    case Kind::kWebhook:
      return std::make_unique<WebhookChannel>(settings, std::move(journal), secrets, clock);
    case Kind::kPagerDuty:
      return std::make_unique<PagerDutyChannel>(settings, std::move(journal), secrets);
  }
  return nullptr;
}

}  // namespace recourse::notify

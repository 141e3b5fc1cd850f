#include "client/chatops/irc/irc.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "client/chatops/irc/render.h"

namespace recourse::chatops::irc {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kHostsMax = 1000;
constexpr auto kConnectPatience = 10'000ms;
constexpr auto kDelayMin = 1'000ms;
constexpr auto kDelayMax = 60'000ms;
constexpr auto kSilenceMax = 120s;  // then the server is asked whether it is there
constexpr auto kDeliverWithin = 60s;
constexpr auto kJoinWithin = 10s;
constexpr std::size_t kHeardMax = 50;
constexpr std::size_t kRepliesMax = 500;
constexpr std::size_t kSaidMax = 10'000;
constexpr std::size_t kPostLinesMax = 12;
constexpr std::size_t kUpdateLinesMax = 6;
constexpr std::size_t kPublicLinesMax = 12;
constexpr std::size_t kPrivateLinesMax = 30;
// Wrong tokens in a while: the server, too, counts them, and would at last hear nobody of this
// host.
constexpr int kWrongLoginsMax = 5;
constexpr auto kWrongLoginsWhile = 60s;

// Of "nick!user@host" what follows the @.
std::string HostOf(const std::string& prefix) { return prefix.substr(prefix.find('@') + 1); }

}  // namespace

IrcSurface::IrcSurface(Options options, Prove prove, Report report)
    : options_(std::move(options)), prove_(std::move(prove)), report_(std::move(report)) {}

IrcSurface::~IrcSurface() { Stop(); }

Result<void> IrcSurface::Start(Listener& listener) {
  listener_ = &listener;
  wake_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  connection_ = std::thread([this] { Connect(); });
  answers_ = std::thread([this] { Answer(); });
  return {};
}

Result<void> IrcSurface::Check() {
  auto link = Link::Open(options_.server, kConnectPatience);
  return link ? Result<void>() : std::move(link).error();
}

void IrcSurface::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  Wake();
  if (connection_.joinable()) connection_.join();
  if (answers_.joinable()) answers_.join();
}

void IrcSurface::Wake() {
  if (wake_.valid()) (void)eventfd_write(wake_.get(), 1);
}

bool IrcSurface::Pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, time, [this] { return stopping_; });
  return !stopping_;
}

// --- the connection's thread ---

void IrcSurface::Connect() {
  auto delay = kDelayMin;
  std::string told;  // the last problem, so that a server that stays away is told of once
  do {
    auto link = Link::Open(options_.server, kConnectPatience);
    if (link) {
      Serve(*link);
    } else {
      const std::lock_guard lock(mutex_);
      failed_ = link.error().message;
    }
    std::string problem;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      problem = failed_;
      if (session_ && session_->IsIn(options_.channels.front())) delay = kDelayMin;
    }
    EndConnection();
    if (problem != std::exchange(told, problem)) {
      report_("irc: " + problem + "; connecting again, again and again");
    }
    if (!Pause(delay)) return;
    delay = std::min<std::chrono::milliseconds>(2 * delay, kDelayMax);
  } while (true);
}

void IrcSurface::Serve(Link& link) {
  {
    const std::lock_guard lock(mutex_);
    failed_.clear();
    session_.emplace(options_.identity, options_.channels);
    for (std::string& line : session_->Hello()) urgent_.push_back(std::move(line));
  }
  tokens_ = options_.burst;
  refilled_ = Steady::now();
  auto heard_at = Steady::now();
  bool asked = false;
  for (;;) {
    const auto sent = SendDue(link);
    const auto lines = sent ? link.Read(wake_.get(), options_.interval)
                            : Result<std::vector<std::string>>(sent.error());
    eventfd_t ignored = 0;
    (void)eventfd_read(wake_.get(), &ignored);
    const std::lock_guard lock(mutex_);
    if (!lines) failed_ = lines.error().message;
    if (stopping_ || !failed_.empty()) break;
    for (const std::string& line : *lines) Take(line);
    if (!lines->empty()) {
      heard_at = Steady::now();
      asked = false;
    } else if (Steady::now() - heard_at > 2 * kSilenceMax) {
      failed_ = "the server has said nothing for four minutes";
    } else if (!asked && Steady::now() - heard_at > kSilenceMax) {
      urgent_.push_back("PING :recourse");
      asked = true;
    }
    if (!failed_.empty()) break;
  }
  (void)link.Write("QUIT :stopping");
}

// REQUIRES: under mutex_.
void IrcSurface::Take(const std::string& text) {
  Session::Step step = session_->Take(ParseLine(text));
  for (std::string& line : step.send) urgent_.push_back(std::move(line));
  if (!step.problem.empty()) report_("irc: " + step.problem);
  if (!step.failed.empty()) failed_ = step.failed;
  if (step.heard && heard_.size() < kHeardMax) {
    heard_.push_back(*std::move(step.heard));
  } else if (step.heard && IsWord(step.heard->nick) && replies_.size() < kRepliesMax) {
    replies_.push_back("NOTICE " + step.heard->nick +
                       " :too much is asked of me at once; nothing was done, say it again");
  }
  changed_.notify_all();
}

Result<void> IrcSurface::SendDue(Link& link) {
  const auto now = Steady::now();
  const auto gained = (now - refilled_) / options_.interval;
  if (gained > 0) {
    tokens_ = std::min<int>(
        options_.burst, tokens_ + static_cast<int>(std::min<std::int64_t>(gained, options_.burst)));
    refilled_ = now;
  }
  for (;;) {
    Outgoing next;
    {
      const std::lock_guard lock(mutex_);
      if (!urgent_.empty()) {
        next.line = std::move(urgent_.front());
        urgent_.pop_front();
      } else if (!replies_.empty() && tokens_ > 0 && !(replied_ && !outgoing_.empty())) {
        next.line = std::move(replies_.front());
        replies_.pop_front();
        replied_ = true;
        --tokens_;
      } else if (!outgoing_.empty() && tokens_ > 0) {
        next = std::move(outgoing_.front());
        outgoing_.pop_front();
        replied_ = false;
        --tokens_;
      } else {
        return {};
      }
    }
    auto written = link.Write(next.line);
    const std::lock_guard lock(mutex_);
    if (next.delivery != nullptr) {
      if (written) --next.delivery->left;
      if (!written) next.delivery->lost = true;
      changed_.notify_all();
    }
    if (!written) return written;
  }
}

void IrcSurface::EndConnection() {
  const std::lock_guard lock(mutex_);
  for (const Outgoing& out : outgoing_) {
    if (out.delivery != nullptr) out.delivery->lost = true;
  }
  outgoing_.clear();
  replies_.clear();
  urgent_.clear();
  heard_.clear();
  session_.reset();  // and with it who has proved who they are
  changed_.notify_all();
}

// --- what is told to channels: the callers' threads ---

Result<MessagePlace> IrcSurface::Post(const std::string& channel, const ChatMessage& message) {
  std::string nick = options_.identity.nick;
  {
    const std::lock_guard lock(mutex_);
    if (session_) nick = session_->nick();
  }
  if (auto sent = Deliver(channel, PostText(message, nick), kPostLinesMax); !sent) {
    return std::move(sent).error();
  }
  const std::lock_guard lock(mutex_);
  if (said_.size() > kSaidMax) said_.clear();
  said_[channel + " " + message.about] = UpdateText(message, nick);
  return MessagePlace{channel, ""};
}

Result<void> IrcSurface::Update(const MessagePlace& place, const ChatMessage& message) {
  const std::string key = place.channel + " " + message.about;
  std::string text;
  {
    const std::lock_guard lock(mutex_);
    text = UpdateText(message, session_ ? session_->nick() : options_.identity.nick);
    if (said_[key] == text) return {};
  }
  if (auto sent = Deliver(place.channel, text, kUpdateLinesMax); !sent) return sent;
  const std::lock_guard lock(mutex_);
  said_[key] = text;
  return {};
}

Result<void> IrcSurface::Deliver(const std::string& channel, const std::string& text,
                                 std::size_t lines_max) {
  const auto is_in = [&] { return session_.has_value() && session_->IsIn(channel); };
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kJoinWithin, [&] { return stopping_ || is_in(); });
  if (stopping_ || !is_in()) return Unavailable("not in " + channel + " now");
  auto delivery = std::make_shared<Delivery>();
  for (std::string& line : Speak("PRIVMSG", channel, text, lines_max)) {
    outgoing_.push_back({std::move(line), delivery});
    ++delivery->left;
  }
  Wake();
  changed_.wait_for(lock, kDeliverWithin,
                    [&] { return stopping_ || delivery->lost || delivery->left == 0; });
  if (delivery->left == 0) return {};
  std::erase_if(outgoing_, [&](const Outgoing& out) { return out.delivery == delivery; });
  return Unavailable("the connection was lost before all was said in " + channel);
}

// --- what people say: the answering thread ---

void IrcSurface::Answer() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !heard_.empty(); });
    if (stopping_) return;
    const Session::Heard heard = std::move(heard_.front());
    heard_.pop_front();
    lock.unlock();
    Handle(heard);
    lock.lock();
  }
}

void IrcSurface::Say(const std::vector<std::string>& lines) {
  const std::lock_guard lock(mutex_);
  if (replies_.size() > kRepliesMax) return;  // who asks more than can be said hears no more
  replies_.insert(replies_.end(), lines.begin(), lines.end());
  Wake();
}

void IrcSurface::Handle(const Session::Heard& heard) {
  const auto tell = [&](const std::string& text) {
    Say(Speak("NOTICE", heard.nick, text, kPrivateLinesMax));
  };
  if (!IsWord(heard.nick)) return;
  if (auto answer = LogIn(heard)) return tell(*answer);
  std::string who;
  {
    const std::lock_guard lock(mutex_);
    if (!session_) return;
    who = session_->WhoIs(heard.prefix);
  }
  ChatCommand command;
  command.user = {name_, options_.network, who};
  command.channel = heard.channel;
  command.text = heard.text;
  command.others_read = !heard.channel.empty();
  const bool help = IsHelp(heard.text);
  if (who.empty()) {
    return tell(
        "I do not know who you are, so nothing was done: a nick proves nothing. Send me your "
        "Recourse token in a private message: login TOKEN (it comes from: recourse tokens create "
        "NAME --expires 12h)");
  }
  const ChatAnswer answer = listener_->OnCommand(command);
  const std::string text = help ? answer.text +
                                      "\nlogin TOKEN - proves who you are; in private only\n"
                                      "logout - forgets it"
                                : answer.text;
  if (!answer.for_all || heard.channel.empty()) return tell(text);
  Say(Speak("PRIVMSG", heard.channel, text, kPublicLinesMax));
}

// What `login` and `logout` come to; nothing when it is neither.
std::optional<std::string> IrcSurface::LogIn(const Session::Heard& heard) {
  const auto blank = heard.text.find(' ');
  const std::string verb = Folded(heard.text.substr(0, blank));
  const std::string token = blank == std::string::npos ? "" : heard.text.substr(blank + 1);
  if (verb == "logout") {
    const std::lock_guard lock(mutex_);
    if (session_) session_->LogOut(heard.prefix);
    return "I do not know you any more";
  }
  if (verb != "login") return std::nullopt;
  if (!heard.channel.empty()) {
    return token.empty()
               ? "in a private message, please: login TOKEN"
               : "everybody here has read that token; it was not used. Have it revoked now "
                 "(recourse tokens revoke), and log in with another one, in private";
  }
  if (token.empty()) return "write: login TOKEN";
  {
    const std::lock_guard lock(mutex_);
    if (!session_ || !session_->Sees(heard.nick)) {
      return "join one of my channels first: else I could not see you leave, and somebody else "
             "take "
             "your nick";
    }
    if (Steady::now() - wrong_since_ > kWrongLoginsWhile) wrong_logins_.clear();
    const auto wrong = wrong_logins_.find(HostOf(heard.prefix));
    if (wrong != wrong_logins_.end() && wrong->second >= kWrongLoginsMax) {
      return "too many wrong tokens were sent from there; try again in a minute";
    }
  }
  const auto name = prove_(token);
  const std::lock_guard lock(mutex_);
  if (!name && name.error().code == Code::kUnauthenticated && wrong_logins_.size() < kHostsMax) {
    if (wrong_logins_.empty()) wrong_since_ = Steady::now();
    ++wrong_logins_[HostOf(heard.prefix)];
  }
  if (!name) return "you are not logged in: " + name.error().message;
  if (!session_ || !session_->LogIn(heard.prefix, *name))
    return "you have left my channels; log in again";
  return "you are " + *name + " as long as you stay here as " + heard.prefix;
}

}  // namespace recourse::chatops::irc

#include "client/chatops/board.h"

#include <algorithm>
#include <exception>
#include <tuple>

#include "client/chatops/projection.h"
#include "engine/base/clock.h"
#include "engine/base/digest.h"
#include "engine/base/fail_point.h"

namespace recourse::chatops {
namespace {

using namespace std::chrono_literals;

// What happens together is told together, and a run that does much is told of once a second.
constexpr auto kGather = 100ms;
constexpr auto kBetween = 1s;
constexpr auto kPatience = 10'000ms;
constexpr auto kAgainMax = 60s;
// What was over before it could be told of is told of if that was lately: the bot may have been
// away, or have ended while it told.
constexpr std::int64_t kLatelySeconds = 600;
// Stored as a place when all is said of a run that is over.
constexpr const char* kOver = "over";
// A run keeps 50 references: beyond so many, what is said last is not stored any more, so that no
// place is lost. After a restart it is then said again.
constexpr int kReferencesMax = 40;
// The clocks of bot and server may differ by so much.
constexpr std::int64_t kClocksSeconds = 60;

// Everything that a person could see of it.
std::string ContentOf(const ChatMessage& message) {
  std::string content = TextOf(message) + "\n" + message.digest;
  for (const Button& button : message.buttons) content += "\n" + button.action + " " + button.label;
  return content;
}

// What is kept of what was said where it cannot be changed.
std::string MarkOf(const std::string& content) { return ToHex(Sha256Of(content)).substr(0, 12); }

bool WasLongAgo(const google::protobuf::Timestamp& time) {
  return time.seconds() < ToTimestamp(SystemClock().Now()).seconds - kLatelySeconds;
}

bool MayPass(const Error& error) {
  return IsUnanswered(error) || error.code == Code::kResourceExhausted;
}

}  // namespace

std::string StoredPlace(const MessagePlace& place) {
  return place.message.empty() ? place.channel : place.channel + " " + place.message;
}

MessagePlace PlaceFrom(const std::string& stored) {
  const auto blank = stored.find(' ');
  if (blank == std::string::npos) return {stored, ""};
  return {stored.substr(0, blank), stored.substr(blank + 1)};
}

void Board::Start() {
  started_ = ToTimestamp(SystemClock().Now()).seconds;
  thread_ = std::thread([this] { Work(); });
}

void Board::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Board::Touch(const std::string& run, bool news) {
  const std::lock_guard lock(mutex_);
  const auto due = Steady::now() + kGather;
  const auto [at, added] = due_.emplace(run, Due{due, news});
  if (!added) at->second = {std::min(at->second.at, due), at->second.news || news};
  changed_.notify_all();
}

// Of those whose time it is the news first, else the one that is due next. REQUIRES: under mutex_.
std::map<std::string, Board::Due>::iterator Board::Next() {
  const auto now = Steady::now();
  const auto rank = [&](const Due& due) { return std::tuple(due.at > now, !due.news, due.at); };
  return std::min_element(due_.begin(), due_.end(), [&](const auto& a, const auto& b) {
    return rank(a.second) < rank(b.second);
  });
}

void Board::Clicked(const std::string& about, const MessagePlace& place) {
  const std::lock_guard lock(mutex_);
  clicked_.emplace_back(about, place);
  changed_.notify_all();
}

void Board::Forget() {
  const std::lock_guard lock(mutex_);
  forget_ = true;
  changed_.notify_all();
}

void Board::Work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (std::exchange(forget_, false)) {
      runs_.clear();
      failures_.clear();
      may_be_posted_.clear();
    }
    if (!clicked_.empty()) {
      const auto [about, place] = clicked_.front();
      clicked_.pop_front();
      lock.unlock();
      TakeIn(about, place);
      lock.lock();
      continue;
    }
    const auto next = Next();
    if (next == due_.end()) {
      changed_.wait(lock);
      continue;
    }
    if (next->second.at > Steady::now()) {
      changed_.wait_until(lock, next->second.at);
      continue;
    }
    const std::string run = next->first;
    due_.erase(next);
    lock.unlock();
    const auto refreshed = Refresh(run);
    lock.lock();
    if (!refreshed) {
      Again(run, refreshed.error());
    } else {
      failures_.erase(run);
      // Touched meanwhile: not at once.
      if (const auto at = due_.find(run); at != due_.end())
        at->second.at = Steady::now() + kBetween;
    }
  }
}

// REQUIRES: under mutex_.
void Board::Again(const std::string& run, const Error& error) {
  const int failures = std::min(++failures_[run], 10);
  const auto delay = std::min<std::chrono::milliseconds>(500ms * (1 << failures), kAgainMax);
  if (failures == 1)
    report_(surface_.name() + ": " + run + " is not told yet: " + error.ToString());
  due_[run] = {Steady::now() + delay, false};
}

void Board::TakeIn(const std::string& about, const MessagePlace& place) {
  const Asking asking(server_, "", kPatience);
  std::string run = about;
  if (about.starts_with("A-")) {
    const auto approval = asking.GetApproval(about);
    if (!approval) return;  // who clicked has been told
    run = approval->run();
  }
  const auto found = asking.GetRun(run);
  if (!found) return;
  std::vector<Told>& told = MessagesOf(*found)[about];
  const bool known =
      std::any_of(told.begin(), told.end(), [&](const Told& one) { return one.place == place; });
  if (!known) told.push_back({place, "", false});
  if (!known) Touch(run, true);
}

Board::Messages& Board::MessagesOf(const v1::Run& run) {
  const auto [at, added] = runs_.emplace(run.id(), Messages());
  if (!added) return at->second;
  for (const v1::Reference& reference : run.references()) {
    if (reference.kind() != surface_.name() || reference.place() == kOver) continue;
    std::vector<Told>& told = at->second[reference.about()];
    if (!surface_.CanChange()) told.clear();  // what was said last counts
    told.push_back({PlaceFrom(reference.place()), "", true});
  }
  return at->second;
}

Result<void> Board::Refresh(const std::string& id) {
  const Asking asking(server_, "", kPatience);
  const auto run = asking.GetRun(id);
  if (!run && run.error().code == Code::kNotFound) {
    runs_.erase(id);
    return {};
  }
  if (!run) return run.error();
  const bool over = IsOver(run->status());
  const bool all_said = std::any_of(
      run->references().begin(), run->references().end(), [&](const v1::Reference& reference) {
        return reference.kind() == surface_.name() && reference.place() == kOver;
      });
  Messages& messages = MessagesOf(*run);
  const bool nothing_to_say = messages.empty() && WasLongAgo(run->end_time());
  const bool taken_in = std::any_of(messages.begin(), messages.end(), [](const auto& entry) {
    return std::any_of(entry.second.begin(), entry.second.end(),
                       [](const Told& one) { return !one.stored; });
  });
  if (over && !taken_in && (all_said || nothing_to_say)) {
    runs_.erase(id);
    return {};
  }
  auto approvals = asking.ApprovalsOf(id);
  if (!approvals) return std::move(approvals).error();
  if (auto shown = Show(*run, RunMessage(*run), run->start_time().seconds(), messages); !shown)
    return shown;
  for (auto at = approvals->approvals().rbegin(); at != approvals->approvals().rend(); ++at) {
    const bool is_old = at->has_settle_time() && WasLongAgo(at->settle_time());
    if (is_old && !messages.contains(at->id())) continue;
    const std::int64_t since = at->request_time().seconds();
    if (auto shown = Show(*run, ApprovalMessage(*at, *run), since, messages); !shown) return shown;
  }
  if (!over) return {};
  if (!messages.empty()) {
    RECOURSE_FAIL_POINT("bot_before_over");
    if (auto stored = Store(id, id, kOver); !stored) return stored;
    RECOURSE_FAIL_POINT("bot_after_over");
  }
  runs_.erase(id);
  return {};
}

Result<void> Board::Show(const v1::Run& run, const ChatMessage& message, std::int64_t since,
                         Messages& messages) {
  if (!messages.contains(message.about)) {
    if (auto posted = PostFirst(run, message, since, messages); !posted) return posted;
  }
  const auto known = messages.find(message.about);
  if (known == messages.end()) return {};  // no route, or it cannot be told
  const bool is_approval = message.about != run.id();
  for (Told& told : known->second) {
    if (is_approval) shown_.Put(surface_.name(), told.place.channel, message.about, message.digest);
    if (!told.stored) {
      if (auto stored = Store(run.id(), message.about, StoredPlace(told.place)); !stored)
        return stored;
      told.stored = true;
      RECOURSE_FAIL_POINT("bot_place_stored");
    }
    if (auto changed = Change(run, message, told); !changed) return changed;
  }
  return {};
}

Result<void> Board::PostFirst(const v1::Run& run, const ChatMessage& message, std::int64_t since,
                              Messages& messages) {
  const Route* route = config_.RouteOf(surface_.name(), run);
  if (route == nullptr) return {};
  // A former bot may have ended between posting and storing, or an answer been lost on its way.
  if (since < started_ + kClocksSeconds || may_be_posted_.contains(message.about)) {
    auto found = surface_.Find(route->channel, message.about, since - kClocksSeconds);
    if (!found && MayPass(found.error())) return std::move(found).error();
    if (found && *found) {
      may_be_posted_.erase(message.about);
      messages[message.about].push_back({**std::move(found), "", false});
      return {};
    }
  }
  RECOURSE_FAIL_POINT("bot_before_post");
  may_be_posted_.insert(message.about);
  auto place = surface_.Post(route->channel, message);
  if (!place && MayPass(place.error())) return std::move(place).error();
  may_be_posted_.erase(message.about);
  if (!place) {
    report_(surface_.name() + ": " + message.about + " cannot be told in " + route->channel + ": " +
            place.error().ToString());
    return {};
  }
  RECOURSE_FAIL_POINT("bot_posted");
  const std::string content = ContentOf(message);
  if (!surface_.CanChange()) place->message = MarkOf(content);
  messages[message.about].push_back({*std::move(place), content, false});
  return {};
}

Result<void> Board::Change(const v1::Run& run, const ChatMessage& message, Told& told) {
  const std::string content = ContentOf(message);
  const bool said = !surface_.CanChange() && told.place.message == MarkOf(content);
  if (said || told.content == content) {
    told.content = content;
    return {};
  }
  RECOURSE_FAIL_POINT("bot_before_update");
  auto updated = surface_.Update(told.place, message);
  if (!updated && MayPass(updated.error())) return updated;
  RECOURSE_FAIL_POINT("bot_updated");
  if (!updated) {
    report_(surface_.name() + ": the message about " + message.about + " in " + told.place.channel +
            " stays as it was: " + updated.error().ToString());
  }
  told.content = content;
  if (surface_.CanChange()) return {};
  told.place.message = MarkOf(content);
  if (run.references_size() >= kReferencesMax) return {};
  told.stored = false;
  if (auto stored = Store(run.id(), message.about, StoredPlace(told.place)); !stored) return stored;
  told.stored = true;
  return {};
}

Result<void> Board::Store(const std::string& run, const std::string& about,
                          const std::string& place) const {
  v1::AddReferenceRequest request;
  request.set_run(run);
  request.mutable_reference()->set_kind(surface_.name());
  request.mutable_reference()->set_about(about);
  request.mutable_reference()->set_place(place);
  const Asking asking(server_, "", kPatience);
  auto stored = asking.Call(&v1::RunService::Stub::AddReference, server_.runs(), request);
  if (!stored) return std::move(stored).error();
  return {};
}

}  // namespace recourse::chatops

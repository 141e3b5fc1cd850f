#include "client/chatops/board.h"

#include <algorithm>
#include <exception>

#include "client/chatops/projection.h"
#include "engine/base/clock.h"

namespace recourse::chatops {
namespace {

using namespace std::chrono_literals;

// What happens together is told together, and a run that does much is told of once a second.
constexpr auto kGather = 100ms;
constexpr auto kBetween = 1s;
constexpr auto kPatience = 10'000ms;
constexpr auto kAgainMax = 60s;
// What was over before it could be told of is told of if that was lately: the bot may have been away,
// or have ended while it told.
constexpr std::int64_t kLatelySeconds = 600;
// Stored as a place when all is said of a run that is over.
constexpr const char* kOver = "over";

// Everything that a person could see of it.
std::string ContentOf(const ChatMessage& message) {
  std::string content = TextOf(message) + "\n" + message.digest;
  for (const Button& button : message.buttons) content += "\n" + button.action + " " + button.label;
  return content;
}

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

void Board::Touch(const std::string& run) {
  const std::lock_guard lock(mutex_);
  const auto due = Steady::now() + kGather;
  const auto [at, added] = due_.emplace(run, due);
  if (!added) at->second = std::min(at->second, due);
  changed_.notify_all();
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
    }
    if (!clicked_.empty()) {
      const auto [about, place] = clicked_.front();
      clicked_.pop_front();
      lock.unlock();
      TakeIn(about, place);
      lock.lock();
      continue;
    }
    const auto next = std::min_element(due_.begin(), due_.end(), [](const auto& a, const auto& b) {
      return a.second < b.second;
    });
    if (next == due_.end()) {
      changed_.wait(lock);
      continue;
    }
    if (next->second > Steady::now()) {
      changed_.wait_until(lock, next->second);
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
      if (const auto at = due_.find(run); at != due_.end()) at->second = Steady::now() + kBetween;
    }
  }
}

// REQUIRES: under mutex_.
void Board::Again(const std::string& run, const Error& error) {
  const int failures = std::min(++failures_[run], 10);
  const auto delay = std::min<std::chrono::milliseconds>(500ms * (1 << failures), kAgainMax);
  if (failures == 1) report_(surface_.name() + ": " + run + " is not told yet: " + error.ToString());
  due_[run] = Steady::now() + delay;
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
  const bool known = std::any_of(told.begin(), told.end(),
                                 [&](const Told& one) { return one.place == place; });
  if (!known) told.push_back({place, "", false});
  if (!known) Touch(run);
}

Board::Messages& Board::MessagesOf(const v1::Run& run) {
  const auto [at, added] = runs_.emplace(run.id(), Messages());
  if (!added) return at->second;
  for (const v1::Reference& reference : run.references()) {
    if (reference.kind() != surface_.name() || reference.place() == kOver) continue;
    at->second[reference.about()].push_back({PlaceFrom(reference.place()), "", true});
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
  if (auto shown = Show(*run, RunMessage(*run), messages); !shown) return shown;
  for (auto at = approvals->approvals().rbegin(); at != approvals->approvals().rend(); ++at) {
    const bool is_old = at->has_settle_time() && WasLongAgo(at->settle_time());
    if (is_old && !messages.contains(at->id())) continue;
    if (auto shown = Show(*run, ApprovalMessage(*at, *run), messages); !shown) return shown;
  }
  if (!over) return {};
  if (!messages.empty()) {
    if (auto stored = Store(id, id, kOver); !stored) return stored;
  }
  runs_.erase(id);
  return {};
}

Result<void> Board::Show(const v1::Run& run, const ChatMessage& message, Messages& messages) {
  const bool is_approval = message.about != run.id();
  const std::string content = ContentOf(message);
  if (const auto known = messages.find(message.about); known == messages.end()) {
    const Route* route = config_.RouteOf(surface_.name(), run);
    if (route == nullptr) return {};
    auto place = surface_.Post(route->channel, message);
    if (!place && MayPass(place.error())) return std::move(place).error();
    if (!place) {
      report_(surface_.name() + ": " + message.about + " cannot be told in " + route->channel + ": " +
              place.error().ToString());
      return {};
    }
    messages[message.about].push_back({*place, content, false});
  }
  for (Told& told : messages[message.about]) {
    if (is_approval) shown_.Put(surface_.name(), told.place.channel, message.about, message.digest);
    if (!told.stored) {
      if (auto stored = Store(run.id(), message.about, StoredPlace(told.place)); !stored) return stored;
      told.stored = true;
    }
    if (told.content == content) continue;
    auto updated = surface_.Update(told.place, message);
    if (!updated && MayPass(updated.error())) return updated;
    if (!updated) {
      report_(surface_.name() + ": the message about " + message.about + " in " + told.place.channel +
              " stays as it was: " + updated.error().ToString());
    }
    told.content = content;
  }
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

// How the core's choices of many types are copied, moved, destroyed and compared.
#include "engine/machine/decide.h"

namespace recourse::machine {

Event::Event() = default;
Event::Event(const Event&) = default;
Event::Event(Event&&) noexcept = default;
Event& Event::operator=(const Event&) = default;
Event& Event::operator=(Event&&) noexcept = default;
Event::~Event() = default;

Activity::Activity() = default;
Activity::Activity(const Activity&) = default;
Activity::Activity(Activity&&) noexcept = default;
Activity& Activity::operator=(const Activity&) = default;
Activity& Activity::operator=(Activity&&) noexcept = default;
Activity::~Activity() = default;
bool Activity::operator==(const Activity& other) const {
  return static_cast<const variant&>(*this) == static_cast<const variant&>(other);
}

Status::Status() = default;
Status::Status(const Status&) = default;
Status::Status(Status&&) noexcept = default;
Status& Status::operator=(const Status&) = default;
Status& Status::operator=(Status&&) noexcept = default;
Status::~Status() = default;
bool Status::operator==(const Status& other) const {
  return static_cast<const variant&>(*this) == static_cast<const variant&>(other);
}

Input::Input() = default;
Input::Input(const Input&) = default;
Input::Input(Input&&) noexcept = default;
Input& Input::operator=(const Input&) = default;
Input& Input::operator=(Input&&) noexcept = default;
Input::~Input() = default;

Effect::Effect() = default;
Effect::Effect(const Effect&) = default;
Effect::Effect(Effect&&) noexcept = default;
Effect& Effect::operator=(const Effect&) = default;
Effect& Effect::operator=(Effect&&) noexcept = default;
Effect::~Effect() = default;
bool Effect::operator==(const Effect& other) const {
  return static_cast<const variant&>(*this) == static_cast<const variant&>(other);
}

}  // namespace recourse::machine

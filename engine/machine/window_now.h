// How a window stands, as the rules want to know it.
#pragma once

#include <variant>

#include "engine/calendar/window.h"
#include "engine/machine/decide.h"

namespace recourse::machine {

inline WindowNow NowOf(const calendar::Window& window, Time now) {
  const auto state = window.At(now);
  const auto* open = std::get_if<calendar::Window::Open>(&state);
  if (open == nullptr) return {{}, std::get<calendar::Window::Closed>(state).opens};
  return {open->until, window.start.Next(now)};
}

}  // namespace recourse::machine

#include "engine/definition/window.h"

#include "actions/host/family.h"
#include "actions/inputs.h"
#include "engine/base/text.h"

namespace recourse::host {
namespace {

using calendar::Window;

constexpr std::string_view kWindowInputs = R"({
  "type": "object", "additionalProperties": false,
  "required": ["window", "until"],
  "properties": {
    "window": {"type": "object", "description": "as a target's: cron, duration, time_zone"},
    "until": {"type": "string",
      "description": "it must be open now, or open before this time: 2026-11-21T03:04:05Z"}
  }
})";

constexpr std::string_view kWindowOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "open": {"type": "boolean"},
    "opens": {"type": "string",
      "description": "when it opens, or has opened; empty: not within 50 years"},
    "closes": {"type": "string", "description": "when it closes; empty: it is not open"}
  }
})";

class WindowCheck final : public Action {
 public:
  WindowCheck() {
    spec_.name = "host.window";
    spec_.summary = "Tell when a window opens, and fail when that is too late; read-only";
    spec_.inputs = Schema(kWindowInputs);
    spec_.output = Schema(kWindowOutput);
    spec_.repeat = RepeatClass::kReadOnly;
    spec_.timeout = std::chrono::seconds(30);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    const auto window = definition::ReadWindow(context.inputs["window"]);
    if (!window) return window.error().In("window");
    const auto until = ParseTimestamp(context.inputs.StringOr("until", ""));
    if (!until) return until.error().In("until");
    const calendar::Zone& zone = window->start.zone();
    const Window::State state = window->At(context.clock.Now());
    if (const auto* open = std::get_if<Window::Open>(&state)) {
      return FactsOf(true, zone.Format(open->since), zone.Format(open->until));
    }
    const auto opens = std::get<Window::Closed>(state).opens;
    const std::string text = opens ? zone.Format(*opens) : "";
    const Value facts = FactsOf(false, text, "");
    if (opens && *opens < FromTimestamp(*until)) return facts;
    return Failure{FailedPrecondition("the window (" + window->start.text() + ") is closed, and " +
                                      (opens ? "opens at " + text : "opens within no 50 years") +
                                      ", which is not before " +
                                      zone.Format(FromTimestamp(*until)) + ". Nothing was changed"),
                   facts};
  }

 private:
  static Value FactsOf(bool open, std::string opens, std::string closes) {
    return Value::Object(
        {{"open", open}, {"opens", std::move(opens)}, {"closes", std::move(closes)}});
  }

  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeWindow() { return std::make_unique<WindowCheck>(); }

}  // namespace recourse::host

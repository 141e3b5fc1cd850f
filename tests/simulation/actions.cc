#include "tests/simulation/actions.h"

#include <vector>

namespace recourse::simulation {
namespace {

ActionSpec Spec(std::string name, RepeatClass repeat) {
  ActionSpec spec;
  spec.name = std::move(name);
  spec.summary = "for simulations";
  spec.inputs = Value::Object({{"type", "object"}});
  spec.output = Value::Object({{"type", "object"}});
  spec.repeat = repeat;
  return spec;
}

class Catalogue final : public ActionCatalogue {
 public:
  Catalogue() {
    specs_.push_back(Spec("do.it", RepeatClass::kIdempotent));
    specs_.push_back(Spec("keep.it", RepeatClass::kIdempotent));
    specs_.back().can_compensate = true;
    specs_.push_back(Spec("once.it", RepeatClass::kOnce));
    specs_.push_back(Spec("probe.it", RepeatClass::kProbed));
    specs_.push_back(Spec("read.it", RepeatClass::kReadOnly));
    specs_.push_back(Spec("undo.it", RepeatClass::kProbed));
    specs_.back().has_prepare = true;
    specs_.back().can_compensate = true;
  }

  const ActionSpec* Find(std::string_view name) const override {
    for (const ActionSpec& spec : specs_) {
      if (spec.name == name) return &spec;
    }
    return nullptr;
  }
  std::vector<const ActionSpec*> All() const override {
    std::vector<const ActionSpec*> all;
    for (const ActionSpec& spec : specs_) all.push_back(&spec);
    return all;
  }

 private:
  std::vector<ActionSpec> specs_;
};

}  // namespace

const ActionCatalogue& Actions() {
  static const Catalogue catalogue;
  return catalogue;
}

definition::Loaded LoadFrom(std::string_view yaml, const Library& others) {
  const auto find = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = others.find(name);
    if (found == others.end()) return std::nullopt;
    return found->second;
  };
  return definition::LoadWorkflow(yaml, &Actions(), find);
}

}  // namespace recourse::simulation

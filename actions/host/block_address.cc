#include <algorithm>

#include "actions/host/family.h"
#include "actions/host/firewall.h"
#include "actions/inputs.h"
#include "engine/base/text.h"
#include "engine/definition/checked_resources.h"

namespace recourse::host {
namespace {

constexpr int kShortestPrefix4 = 16, kShortestPrefix6 = 48;

constexpr std::string_view kBlockInputs = R"({
  "type": "object", "additionalProperties": false, "required": ["address"],
  "properties": {
    "address": {"type": "string", "minLength": 1,
      "description": "203.0.113.7, or a network: at most a /16, of IPv6 a /48"},
    "timeout": {"type": "string",
      "description": "how long; default: what the firewall says, else until it is unblocked or the machine boots"}
  }
})";

constexpr std::string_view kBlockOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "address": {"type": "string"},
    "until": {"type": "string", "description": "empty: until it is unblocked, or the machine boots"},
    "was_blocked": {"type": "boolean", "description": "it was blocked before, and is left as it was"},
    "dropped_packets": {"type": "integer", "description": "so far"}
  }
})";

constexpr std::string_view kUnblockInputs = R"({
  "type": "object", "additionalProperties": false, "required": ["address"],
  "properties": {
    "address": {"type": "string", "minLength": 1, "description": "as it was blocked"}
  }
})";

constexpr std::string_view kUnblockOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {"address": {"type": "string"}, "was_blocked": {"type": "boolean"}}
})";

struct Wish {
  Network network;
  std::optional<std::chrono::seconds> timeout;
};

Error Refuse(const Network& network, const std::string& why) {
  return FailedPrecondition(network.ToString() + " is not blocked: " + why +
                            ". Nothing was changed");
}

// What is never blocked: `other` lies in `network`, or the other way round.
bool Touches(const Network& network, const Network& other) {
  return network.Holds(other) || other.Holds(network);
}

Result<void> CheckMayBlock(const Network& network, const Value& firewall) {
  if (network.prefix < (network.v6 ? kShortestPrefix6 : kShortestPrefix4)) {
    return Refuse(network, "it has too many addresses; at most a /" +
                               std::to_string(network.v6 ? kShortestPrefix6 : kShortestPrefix4) +
                               " is blocked at once");
  }
  static constexpr const char* kReserved[] = {"127.0.0.0/8", "0.0.0.0/8", "224.0.0.0/3",
                                              "::1",         "::",        "ff00::/8"};
  for (const char* text : kReserved) {
    const auto reserved = ParseNetwork(text);
    if (reserved && Touches(network, *reserved)) {
      return Refuse(network, std::string(text) + " is this machine itself, or no machine at all");
    }
  }
  const auto own = OwnAddresses();
  if (!own) return own.error();
  for (const Network& address : *own) {
    if (network.Holds(address)) {
      return Refuse(network, "this machine has the address " + address.ToString());
    }
  }
  const Value& never = firewall["never_block"];
  if (!never.is_list()) return {};
  for (const Value& text : never.as_list()) {
    const auto kept = ParseNetwork(text.as_string());
    if (!kept) return kept.error().In("never_block");
    if (Touches(network, *kept)) {
      return Refuse(network, "the firewall's never_block has " + text.as_string());
    }
  }
  return {};
}

Result<Wish> WishOf(const Value& inputs) {
  const auto network = ParseNetwork(inputs.StringOr("address", ""));
  if (!network) return network.error().In("address");
  const Value& from = inputs.Find("timeout") != nullptr ? inputs : inputs["firewall"];
  const auto timeout = DurationInput(from, "timeout", std::chrono::microseconds(0));
  if (!timeout) return timeout.error();
  Wish wish{*network, std::nullopt};
  if (from.Find("timeout") == nullptr) return wish;
  wish.timeout = std::chrono::duration_cast<std::chrono::seconds>(*timeout);
  if (wish.timeout->count() < 1 || *wish.timeout > std::chrono::days(365)) {
    return InvalidArgument("timeout: expected 1s to 365d, found " + FormatDuration(*timeout));
  }
  return wish;
}

// The entry that blocks all of `network`.
const Blocked* Covering(const std::vector<Blocked>& blocked, const Network& network) {
  const auto found = std::find_if(blocked.begin(), blocked.end(),
                                  [&](const Blocked& one) { return one.network.Holds(network); });
  return found == blocked.end() ? nullptr : &*found;
}

class BlockAddress final : public Action {
 public:
  BlockAddress() {
    spec_.name = "host.block_address";
    spec_.summary = "Drop all packets that come from an address, with nftables";
    const Value inputs = Schema(kBlockInputs);
    spec_.inputs =
        inputs.With("properties", inputs["properties"].With("firewall", FirewallSchema()));
    spec_.output = Schema(kBlockOutput);
    spec_.repeat = RepeatClass::kIdempotent;
    spec_.has_plan = true;
    spec_.has_prepare = true;
    spec_.has_verify = true;
    spec_.can_compensate = true;
    spec_.timeout = std::chrono::seconds(60);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Result<ActionPlan> Plan(const Context& context) const override {
    const auto wish = WishOf(context.inputs);
    if (!wish) return wish.error();
    auto may = CheckMayBlock(wish->network, context.inputs["firewall"]);
    if (!may) return std::move(may).error();
    const std::string time =
        wish->timeout ? "for " + HumanDuration(*wish->timeout)
                      : "until it is unblocked (host.unblock_address) or the machine boots";
    return ActionPlan{{"drop all packets from " + wish->network.ToString() + ", " + time +
                       "; its open connections hang from then on"},
                      0,
                      {}};
  }

  Outcome Prepare(const Context& context) const override {
    const auto wish = WishOf(context.inputs);
    if (!wish) return wish.error();
    auto may = CheckMayBlock(wish->network, context.inputs["firewall"]);
    if (!may) return std::move(may).error();
    const auto blocked = Firewall(context).List();
    if (!blocked) return blocked.error();
    const bool was_blocked = Covering(*blocked, wish->network) != nullptr;
    for (const Blocked& one : *blocked) {
      if (was_blocked || !wish->network.Holds(one.network)) continue;
      return Refuse(wish->network,
                    one.network.ToString() + " of it is blocked already; unblock that first");
    }
    return Value::Object({{"address", wish->network.ToString()}, {"was_blocked", was_blocked}});
  }

  Outcome Apply(const Context& context) const override {
    const auto wish = WishOf(context.inputs);
    if (!wish) return wish.error();
    const Firewall firewall(context);
    auto blocked = firewall.List();
    if (!blocked) return std::move(blocked).error();
    if (Covering(*blocked, wish->network) == nullptr) {
      if (auto done = firewall.Block(wish->network, wish->timeout); !done) {
        return Failure{std::move(done).error(), {}, LeftBehind::kPartial};
      }
      blocked = firewall.List();
      if (!blocked) return Failure{std::move(blocked).error(), {}, LeftBehind::kPartial};
    }
    const Blocked* now = Covering(*blocked, wish->network);
    if (now == nullptr) {
      return Failure{Internal("nft took " + wish->network.ToString() + ", but does not list it"),
                     {},
                     LeftBehind::kPartial};
    }
    return Value::Object(
        {{"address", wish->network.ToString()},
         {"until", now->left ? FormatTimestamp(ToTimestamp(context.clock.Now() + *now->left)) : ""},
         {"was_blocked", context.undo.BoolOr("was_blocked", false)},
         {"dropped_packets", now->packets}});
  }

  Verification Verify(const Context& context, const Value& output) const override {
    using Verdict = Verification::Verdict;
    const auto network = ParseNetwork(output.StringOr("address", ""));
    const auto blocked = Firewall(context).List();
    if (!network || !blocked) {
      return {Verdict::kInconclusive, "nft does not tell what is blocked", {}};
    }
    if (Covering(*blocked, *network) != nullptr) return {};
    return {Verdict::kFailed, network->ToString() + " is not blocked", {}};
  }

  Outcome Compensate(const Context& context, const Value&) const override {
    const auto network = ParseNetwork(context.undo.StringOr("address", ""));
    if (!network) return network.error();
    if (context.undo.BoolOr("was_blocked", false)) return Value();
    return Remove(context, *network);
  }

  // Unblocks exactly that; answers whether it was blocked.
  static Outcome Remove(const Context& context, const Network& network) {
    const Firewall firewall(context);
    const auto blocked = firewall.List();
    if (!blocked) return blocked.error();
    const bool there = std::any_of(blocked->begin(), blocked->end(),
                                   [&](const Blocked& one) { return one.network == network; });
    if (there) {
      if (auto done = firewall.Unblock(network); !done) return std::move(done).error();
    } else if (const Blocked* wider = Covering(*blocked, network)) {
      return FailedPrecondition(network.ToString() + " is blocked as a part of " +
                                wider->network.ToString() +
                                "; nothing was changed. Unblock that, if that is meant");
    }
    return Value::Object({{"address", network.ToString()}, {"was_blocked", there}});
  }

 private:
  ActionSpec spec_;
};

class UnblockAddress final : public Action {
 public:
  UnblockAddress() {
    spec_.name = "host.unblock_address";
    spec_.summary = "Let packets in again from an address that was blocked";
    spec_.inputs = Schema(kUnblockInputs);
    spec_.output = Schema(kUnblockOutput);
    spec_.repeat = RepeatClass::kIdempotent;
    spec_.without_compensation = "host.block_address blocks it again";
    spec_.timeout = std::chrono::seconds(60);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    const auto network = ParseNetwork(context.inputs.StringOr("address", ""));
    if (!network) return network.error().In("address");
    return BlockAddress::Remove(context, *network);
  }

 private:
  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeBlockAddress() { return std::make_unique<BlockAddress>(); }

std::unique_ptr<const Action> MakeUnblockAddress() { return std::make_unique<UnblockAddress>(); }

}  // namespace recourse::host

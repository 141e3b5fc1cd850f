#include "actions/host/firewall.h"

#include "actions/process/child.h"
#include "engine/base/fail_point.h"
#include "engine/base/json.h"

namespace recourse::host {
namespace {

// Made and renewed in one transaction, whatever is there of it.
constexpr const char* kSetUp =
    "add table inet recourse; "
    "add set inet recourse blocked4 { type ipv4_addr; flags interval, timeout; counter; }; "
    "add set inet recourse blocked6 { type ipv6_addr; flags interval, timeout; counter; }; "
    "add chain inet recourse drop_blocked { type filter hook prerouting priority raw; policy "
    "accept; }; "
    "flush chain inet recourse drop_blocked; "
    "add rule inet recourse drop_blocked ip saddr @blocked4 drop; "
    "add rule inet recourse drop_blocked ip6 saddr @blocked6 drop; ";

std::string SetOf(const Network& network) { return network.v6 ? "blocked6" : "blocked4"; }

// An element of a set in nft's JSON: "203.0.113.7", {"prefix": {"addr", "len"}}, or one of them as
// the "val" of {"elem": {...}} beside its time and counter. Nothing for what we never put there.
std::optional<Blocked> BlockedOf(const Value& element) {
  const Value& facts = element["elem"];
  const Value& value = facts.is_map() ? facts["val"] : element;
  std::string text = value.is_string() ? value.as_string() : "";
  if (const Value& prefix = value["prefix"]; prefix.is_map()) {
    text = prefix.StringOr("addr", "") + "/" + std::to_string(prefix.IntOr("len", -1));
  }
  const auto network = ParseNetwork(text);
  if (!network) return std::nullopt;
  Blocked blocked{*network, std::nullopt, facts["counter"].IntOr("packets", 0)};
  if (facts.Find("expires") != nullptr) {
    blocked.left = std::chrono::seconds(facts.IntOr("expires", 0));
  }
  return blocked;
}

}  // namespace

Result<std::string> Firewall::Nft(std::vector<std::string> arguments) const {
  process::Program program;
  program.arguments = std::move(arguments);
  program.arguments.insert(program.arguments.begin(), "nft");
  program.environment = {{"LC_ALL", "C"}};
  process::ChildOptions options;
  options.output_max = 1024 * 1024;
  auto finished = process::RunChild(program, options, context_);
  if (!finished) {
    Error error = std::move(finished).error();
    if (error.code == Code::kNotFound) error.message += "; on Debian it is in the package nftables";
    return error;
  }
  if (finished->stopped) return context_.StopError().In("run nft");
  if (finished->exit_code == 0 && finished->signal == 0) return std::move(finished->output.text);
  const std::string said = finished->errors.text.substr(0, finished->errors.text.find('\n'));
  if (said.find("Operation not permitted") != std::string::npos) {
    return Error{Code::kPermissionDenied,
                 "nft: " + said + "; the server needs to be root, or the capability NET_ADMIN"};
  }
  const bool missing = said.find("No such file or directory") != std::string::npos;
  return Error{missing ? Code::kOutOfRange : Code::kFailedPrecondition, "nft: " + said};
}

Result<void> Firewall::AddSet(const std::string& set, std::vector<Blocked>& blocked) const {
  auto text = Nft({"-j", "list", "set", "inet", "recourse", set});
  if (!text && text.error().code == Code::kOutOfRange) return {};  // nothing was ever blocked
  if (!text) return std::move(text).error();
  const auto json = ParseJson(*text);
  if (!json) return Internal("nft answers what is no JSON: " + json.error().message);
  if (!(*json)["nftables"].is_list()) return Internal("nft answers no list");
  for (const Value& object : (*json)["nftables"].as_list()) {
    const Value& elements = object["set"]["elem"];
    if (!elements.is_list()) continue;
    for (const Value& element : elements.as_list()) {
      if (auto one = BlockedOf(element)) blocked.push_back(*one);
    }
  }
  return {};
}

Result<std::vector<Blocked>> Firewall::List() const {
  std::vector<Blocked> blocked;
  for (const char* set : {"blocked4", "blocked6"}) {
    if (auto added = AddSet(set, blocked); !added) return std::move(added).error();
  }
  return blocked;
}

Result<void> Firewall::Block(const Network& network,
                             std::optional<std::chrono::seconds> timeout) const {
  const std::string until = timeout ? " timeout " + std::to_string(timeout->count()) + "s" : "";
  auto added = Nft({std::string(kSetUp) + "add element inet recourse " + SetOf(network) + " { " +
                    network.ToString() + until + " }"});
  RECOURSE_FAIL_POINT("address_blocked");
  if (!added) return std::move(added).error();
  return {};
}

Result<void> Firewall::Unblock(const Network& network) const {
  auto deleted =
      Nft({"delete element inet recourse " + SetOf(network) + " { " + network.ToString() + " }"});
  RECOURSE_FAIL_POINT("address_unblocked");
  if (!deleted) return std::move(deleted).error();
  return {};
}

}  // namespace recourse::host

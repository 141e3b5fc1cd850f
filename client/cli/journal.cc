// journal head, public-key, export, prune: the record, and what is kept of it elsewhere.
#include <cstdio>
#include <filesystem>

#include "client/cli/verbs.h"
#include "engine/base/file.h"
#include "engine/base/text.h"

namespace recourse::cli {
namespace {

// What a call takes with it; a file with more is checked with --file.
constexpr std::size_t kHeadsMax = 10'000;
constexpr std::int64_t kHeadsFileMax = 256 << 20;  // bytes
constexpr std::int64_t kKeyMax = 4096;             // bytes

std::string Absolute(const std::string& path) {
  // The server's current directory is not the caller's.
  return std::filesystem::absolute(path).lexically_normal().string();
}

}  // namespace

Result<Kept> ReadKept(const VerifyArguments& arguments) {
  Kept kept;
  if (!arguments.heads.empty() && arguments.public_key.empty()) {
    return InvalidArgument(
        "--heads needs --public-key: without the key anybody could have made them");
  }
  if (!arguments.public_key.empty()) {
    auto key = ReadFile(arguments.public_key, kKeyMax);
    if (!key) return std::move(key).error().In("--public-key");
    kept.public_key = *std::move(key);
  }
  if (!arguments.heads.empty()) {
    auto heads = ReadFile(arguments.heads, kHeadsFileMax);
    if (!heads) return std::move(heads).error().In("--heads");
    kept.heads = *std::move(heads);
    if (kept.heads.find('{') == std::string::npos) {
      return InvalidArgument("--heads " + arguments.heads +
                             ": no signed head is in it, so that it proves nothing");
    }
  }
  return kept;
}

int VerifyJournal(const Common& common, const VerifyArguments& arguments) {
  if (!arguments.exported.empty()) {
    return Tell(InvalidArgument("--exported needs --file: the journal's file, or a backup of it"),
                kUsage);
  }
  auto kept = ReadKept(arguments);
  if (!kept) return Tell(kept.error(), kUsage);
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    v1::VerifyJournalRequest request;
    request.set_public_key(kept->public_key);
    std::vector<std::string> lines;
    for (std::string_view rest = kept->heads; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      if (line.ends_with('}')) lines.emplace_back(line);  // others were cut off by a crash
    }
    const std::size_t passed_over = lines.size() - std::min(lines.size(), kHeadsMax);
    for (std::size_t i = passed_over; i < lines.size(); ++i) request.add_heads(lines[i]);
    // As long as the journal is large.
    auto verified = Unary(server, &v1::AdminService::Stub::VerifyJournal, server.admin(), request,
                          common.server.timeout);
    if (!verified) return std::move(verified).error();
    auto info =
        Unary(server, &v1::AdminService::Stub::GetInfo, server.admin(), v1::GetInfoRequest());
    const std::string file = info ? info->journal_path() : "FILE";
    if (passed_over > 0) {
      std::fprintf(stderr,
                   "only the %zu newest heads were checked; all: recourse journal verify "
                   "--heads %s --public-key %s --file %s\n",
                   kHeadsMax, ShellWord(arguments.heads).c_str(),
                   ShellWord(arguments.public_key).c_str(), ShellWord(OneLine(file)).c_str());
    }
    return PrintVerification(common, *verified, file);
  });
}

int ShowHead(const Common& common) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    auto head =
        Unary(server, &v1::AdminService::Stub::GetHead, server.admin(), v1::GetHeadRequest());
    if (!head) return std::move(head).error();
    if (common.json) return PrintJson(*head);
    std::printf("%s\n", OneLine(head->line()).c_str());
    return kOk;
  });
}

int ShowPublicKey(const Common& common) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    auto key = Unary(server, &v1::AdminService::Stub::GetJournalKey, server.admin(),
                     v1::GetJournalKeyRequest());
    if (!key) return std::move(key).error();
    if (common.json) return PrintJson(*key);
    std::printf("%s", Clean(key->public_key()).c_str());
    return kOk;
  });
}

int ExportRuns(const Common& common, const ExportArguments& arguments) {
  const auto age = ParseDuration(arguments.older_than);
  if (!age) {
    return Tell(
        InvalidArgument("--older-than " + arguments.older_than + ": write it as 90d or 12h"),
        kUsage);
  }
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    v1::ExportRunsRequest request;
    request.set_path(Absolute(arguments.to));
    request.mutable_older_than()->set_seconds(
        std::chrono::duration_cast<std::chrono::seconds>(*age).count());
    auto made = Unary(server, &v1::AdminService::Stub::ExportRuns, server.admin(), request,
                      common.server.timeout);
    if (!made) return std::move(made).error();
    return PrintExport(common, *made);
  });
}

int PrintExport(const Common& common, const v1::ExportRunsResponse& made) {
  if (common.json) return PrintJson(made);
  std::printf(
      "%s: %lld runs with %lld events; nothing was removed\nsha256 %s\n"
      "remove them from the journal: %s journal prune --exported %s\n",
      OneLine(made.path()).c_str(), static_cast<long long>(made.runs()),
      static_cast<long long>(made.events()), made.sha256().c_str(), Prefix(common).c_str(),
      ShellWord(OneLine(made.path())).c_str());
  return kOk;
}

int PruneRuns(const Common& common, const std::string& exported) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    v1::PruneRunsRequest request;
    request.set_path(Absolute(exported));
    auto pruned = Unary(server, &v1::AdminService::Stub::PruneRuns, server.admin(), request,
                        common.server.timeout);
    if (!pruned) return std::move(pruned).error();
    if (common.json) return PrintJson(*pruned);
    std::printf("removed %lld runs with %lld events; each has a tombstone in the journal\n",
                static_cast<long long>(pruned->runs()), static_cast<long long>(pruned->events()));
    for (const std::string& sentence : pruned->left()) {
      std::printf("left: %s\n", OneLine(sentence).c_str());
    }
    return kOk;
  });
}

}  // namespace recourse::cli

// The names of the fields in log lines, so that every line of the server can be searched alike.
#pragma once

namespace recourse::server::log_field {

inline constexpr char kRun[] = "run";
inline constexpr char kWorkflow[] = "workflow";
inline constexpr char kStep[] = "step";
inline constexpr char kEvents[] = "events";
inline constexpr char kFrom[] = "from";
inline constexpr char kTo[] = "to";
inline constexpr char kBy[] = "by";
inline constexpr char kPosition[] = "position";
inline constexpr char kCode[] = "code";
inline constexpr char kPeer[] = "peer";
inline constexpr char kRpc[] = "rpc";
inline constexpr char kCount[] = "count";
inline constexpr char kToken[] = "token";
inline constexpr char kPrincipal[] = "principal";
inline constexpr char kAlert[] = "alert";
inline constexpr char kKey[] = "key";
inline constexpr char kStatus[] = "status";
inline constexpr char kOutcome[] = "outcome";
inline constexpr char kGroup[] = "group";

}  // namespace recourse::server::log_field

// The servers that somebody works with, by name, so that a command says which one it means in a
// word. They stand in $XDG_CONFIG_HOME/recourse/contexts.yaml, else
// ~/.config/recourse/contexts.yaml.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/connection.h"
#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::cli {

// The name that stands for no context: the server of this host.
inline constexpr const char* kDefaultContext = "default";

// One of data, address and socket says where the server is; paths are absolute.
struct Context {
  std::string name;
  std::string data;        // its data directory, on this host
  std::string address;     // "db1.example:7373"
  std::string socket;      // a socket of another place than the data directory
  std::string token_file;  // where the token is; never the token
  std::string principal;   // whose token of the data directory, as --as
  std::string tls_ca;      // what its certificate is checked with
  std::string tls_cert;    // what this side shows, and the key of it
  std::string tls_key;

  // "10.0.0.7:7373", "/srv/recourse/recourse.sock".
  std::string Where() const;
  Value ToValue() const;
};

struct Contexts {
  std::string path;     // the file
  std::string current;  // the one that is used when nobody says which; empty: none
  std::vector<Context> all;

  const Context* Find(const std::string& name) const;
  // kNotFound: there is none of that name; the message has the nearest.
  Result<Context> Get(const std::string& name) const;
};

// Where the file is, whether it exists or not.
std::string ContextsPath();

// No file is the same as one without contexts. kInvalidArgument: it is not as it must be; the
// message says what is wrong, with file, line and column. Otherwise the system's error.
Result<Contexts> ReadContexts(const std::string& path);
// Replaces the file, which only its owner can read.
Result<void> WriteContexts(const Contexts& contexts);

// The context of a call, and what named it: "--context", "RECOURSE_CONTEXT", "recourse context
// use".
struct ChosenContext {
  Context context;
  std::string named_by;
  std::string file;
};

// The context that a call goes to: the one that --context names, else RECOURSE_CONTEXT, else the
// current one; none when flags or environment say a server themselves. The file is read only when
// it may matter.
// kInvalidArgument: two flags, or two variables, say a server each. kNotFound: there is no such
// context. Otherwise see ReadContexts.
Result<std::optional<ChosenContext>> ChooseContext(const client::Options& flags,
                                                   const std::string& flag);

// The settings of a call to that context: flags win over the environment, which wins over the
// context, but where --context names it: then the environment says nothing of that server.
client::Options OptionsFor(const ChosenContext& chosen, client::Options flags);

// "the context prod (10.0.0.7:7373), which RECOURSE_CONTEXT names; it stands in FILE".
std::string Described(const ChosenContext& chosen);

}  // namespace recourse::cli

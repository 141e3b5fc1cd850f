// Reads a YAML file of settings: gathers every mistake with its place, and takes nothing unknown.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace YAML {
class Node;
struct Mark;
}  // namespace YAML

namespace recourse {

class YamlReader {
 public:
  // Takes a value; `name` is how messages call it: "limits.workers".
  using Reader = std::function<void(const std::string& name, const YAML::Node&)>;
  using Members = std::map<std::string, Reader, std::less<>>;

  // `whole` is what messages call the file's content: "the configuration".
  YamlReader(std::string_view file, std::string_view whole) : file_(file), whole_(whole) {}

  // Gives the root of `text`, unless it is empty, to `read`. kInvalidArgument: every mistake, a
  // line each, as "file:line:column: message".
  Result<void> Read(std::string_view text, const std::function<void(const YAML::Node&)>& read);

  // Gives each member of `node` to its reader. Mistakes: no map, an unknown member, one twice.
  void Map(const YAML::Node& node, const std::string& prefix, const Members& members);

  // Gives each item of a list to `take`.
  void Each(const std::string& name, const YAML::Node& node,
            const std::function<void(const YAML::Node&)>& take);

  // The text of a value that is one, else empty after a mistake is reported.
  std::string Scalar(const std::string& name, const YAML::Node& node);
  std::string AbsolutePath(const std::string& name, const YAML::Node& node);

  // Readers into variables that outlive the reading.
  Reader Text(std::string& into);
  Reader Texts(std::vector<std::string>& into);
  Reader Path(std::string& into);
  Reader Paths(std::vector<std::string>& into);
  Reader Flag(bool& into);

  const std::string& file() const { return file_; }

  void Report(const YAML::Mark& mark, const std::string& message);

 private:
  const std::string file_;
  const std::string whole_;
  std::string problems_;
};

}  // namespace recourse

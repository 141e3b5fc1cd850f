#include "engine/settings/yaml_reader.h"

#include <yaml-cpp/yaml.h>

#include <set>

#include "engine/base/text.h"

namespace recourse {

Result<void> YamlReader::Read(std::string_view text,
                              const std::function<void(const YAML::Node&)>& read) {
  if (!IsUtf8(text)) return InvalidArgument(file_ + ": not UTF-8");
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    read(root);
  } catch (const YAML::Exception& e) {
    Report(e.mark, e.msg);
  }
  if (!problems_.empty()) return InvalidArgument(problems_);
  return {};
}

void YamlReader::Map(const YAML::Node& node, const std::string& prefix, const Members& members) {
  if (!node.IsMap()) {
    return Report(node.Mark(),
                  (prefix.empty() ? whole_ : prefix) + ": expected settings as \"name: value\"");
  }
  std::vector<std::string> known;
  for (const auto& [name, reader] : members) known.push_back(name);
  std::set<std::string> seen;
  for (const auto& entry : node) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    const std::string full = prefix.empty() ? key : prefix + "." + key;
    const auto member = members.find(key);
    if (member == members.end()) {
      const std::string nearest = Nearest(key, known);
      Report(entry.first.Mark(),
             "unknown setting \"" + full + "\"" +
                 (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?"));
    } else if (!seen.insert(key).second) {
      Report(entry.first.Mark(), full + " is set twice");
    } else {
      member->second(full, entry.second);
    }
  }
}

void YamlReader::Each(const std::string& name, const YAML::Node& node,
                      const std::function<void(const YAML::Node&)>& take) {
  if (!node.IsSequence()) return Report(node.Mark(), name + ": expected a list");
  for (const YAML::Node& item : node) take(item);
}

std::string YamlReader::Scalar(const std::string& name, const YAML::Node& node) {
  if (node.IsScalar() && !node.Scalar().empty()) return node.Scalar();
  Report(node.Mark(), name + ": expected a value");
  return "";
}

std::string YamlReader::AbsolutePath(const std::string& name, const YAML::Node& node) {
  std::string path = Scalar(name, node);
  if (!path.empty() && path.front() != '/') {
    Report(node.Mark(), name + ": \"" + path + "\" is not an absolute path");
  }
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

YamlReader::Reader YamlReader::Text(std::string& into) {
  return
      [this, &into](const std::string& name, const YAML::Node& node) { into = Scalar(name, node); };
}

YamlReader::Reader YamlReader::Texts(std::vector<std::string>& into) {
  return [this, &into](const std::string& name, const YAML::Node& node) {
    Each(name, node, [&](const auto& item) { into.push_back(Scalar(name, item)); });
  };
}

YamlReader::Reader YamlReader::Path(std::string& into) {
  return [this, &into](const std::string& name, const YAML::Node& node) {
    into = AbsolutePath(name, node);
  };
}

YamlReader::Reader YamlReader::Paths(std::vector<std::string>& into) {
  return [this, &into](const std::string& name, const YAML::Node& node) {
    Each(name, node, [&](const auto& item) { into.push_back(AbsolutePath(name, item)); });
  };
}

YamlReader::Reader YamlReader::Flag(bool& into) {
  return [this, &into](const std::string& name, const YAML::Node& node) {
    const std::string text = Scalar(name, node);
    if (text != "true" && text != "false") {
      Report(node.Mark(), name + ": \"" + text + "\" is neither true nor false");
    }
    into = text == "true";
  };
}

void YamlReader::Report(const YAML::Mark& mark, const std::string& message) {
  if (!problems_.empty()) problems_ += '\n';
  problems_ += file_ + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1) +
               ": " + message;
}

}  // namespace recourse

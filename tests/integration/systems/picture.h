// What a scratch system looks like: its files, its services, the keys of its cache. Taken before a
// run and after its rollback, two pictures must be the same.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace recourse::integration {

// One line of facts for each thing, by its name: "data/health.db" is "file 0664 daemon:daemon, 8192
// bytes, mtime ..., SHA-256 ...".
class Picture {
 public:
  // Every file, directory and link below `directory`, which itself is named in no line. Left out:
  // whatever has one of `ignore` in its path, and "-shm" of SQLite, which holds nothing that lasts.
  // Of what has one of `changing` in its path the content and the time do not count.
  static Picture Of(const std::string& directory, const std::vector<std::string>& ignore = {},
                    const std::vector<std::string>& changing = {});

  // Adds a fact of another kind: the state of a service, the keys of a cache.
  Picture& With(const std::string& name, const std::string& fact);

  const std::map<std::string, std::string>& facts() const { return facts_; }
  bool operator==(const Picture&) const = default;

 private:
  std::map<std::string, std::string> facts_;
};

// What was there and is not, what is new, and what is otherwise, a line each; empty when they are
// the same.
std::string Difference(const Picture& before, const Picture& after);

}  // namespace recourse::integration

// A server on a folder of its own, and the command that talks to it: the real programs.
//
// Workflows: "echo" succeeds; "ask" waits for a dba who is not its requester; "stuck" fails once
// and then asks an operator; "gate" waits until the test opens it, then appends its key to
// `effects`; "slow" works for two seconds; "escape" asks with control characters in its question.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/value.h"
#include "tests/integration/program.h"

namespace recourse::integration {

// Removed with all that is in it.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  // Writes a file, and the directories above it, and answers its path.
  std::string Write(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

class Scene {
 public:
  // Starts the server; `start` false: writes the workflows only.
  explicit Scene(bool start = true);
  // Stops the server and checks what the rule for every journal asks: chain, fold and indexes
  // agree.
  ~Scene();

  // Ready to serve afterwards. In two parts, so that several servers can start beside each other.
  void StartServer() {
    LaunchServer();
    AwaitServer();
  }
  void LaunchServer();
  void AwaitServer();
  // A server on the same data that must not come up: answers how it ended.
  Finished StartSecondServer() const;
  // SIGTERM; the test fails unless it exits with 0.
  void StopServer();
  // SIGTERM alone: several can end beside each other. That it exits with 0 is checked with the
  // scene.
  void EndServer();
  // SIGKILL.
  void KillServer();
  // The server has ended by itself.
  void DropServer() { server_.reset(); }
  bool serving() const { return server_ != nullptr; }
  Program& server() { return *server_; }

  // The command, on this server.
  Finished Recourse(std::vector<std::string> arguments, const Environment& environment = {}) const;
  // The same in the background; its output can be read while it works.
  std::unique_ptr<Program> Background(std::vector<std::string> arguments) const;
  // The command with `--output json`; the test fails unless it succeeds and prints JSON.
  Value Json(std::vector<std::string> arguments) const;

  // Starts a run and answers its id without waiting for anything.
  std::string Start(const std::string& workflow) const;
  std::string StatusOf(const std::string& run) const;  // "RUN_STATUS_WAITING"
  void WaitForStatus(const std::string& run, const std::string& status) const;
  // The position of the journal's last event.
  std::string Position() const;
  // Lets the attempt of "gate" that waits, or will, succeed.
  void OpenGate() const;
  std::string Effects() const;

  // `journal verify --file`, which needs no server.
  Finished VerifyOffline() const;

  Folder folder;
  const std::string data = folder / "data";
  std::string listen = "127.0.0.1:0";
  std::vector<std::string> server_arguments;  // for the next StartServer()
  std::vector<std::string> server_starter;    // a program that starts it, with its arguments
  Environment server_environment;

 private:
  std::vector<std::string> ServerCommand() const;
  std::unique_ptr<Program> server_;
  bool ending_ = false;  // it has been told to
  mutable int commands_ = 0;
};

}  // namespace recourse::integration

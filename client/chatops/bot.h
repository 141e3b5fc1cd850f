// The bot: surfaces on one side, the server on the other.
#pragma once

#include <memory>
#include <vector>

#include "client/chatops/answers.h"
#include "client/chatops/board.h"
#include "client/chatops/config.h"
#include "client/chatops/watch.h"

namespace recourse::chatops {

class Bot : public Listener {
 public:
  // `server` outlives this.
  Bot(const client::Connection& server, Config config,
      std::vector<std::unique_ptr<Surface>> surfaces, Report report);
  ~Bot() override;

  // Errors are those of Surface::Start. The server need not be there yet.
  Result<void> Start();
  void Stop();

  ChatAnswer OnCommand(const ChatCommand& command) override;
  ChatAnswer OnClick(const ChatClick& click) override;

 private:
  const Config config_;
  const Report report_;
  Shown shown_;
  Answers answers_;
  std::vector<std::unique_ptr<Surface>> surfaces_;
  std::vector<std::unique_ptr<Board>> boards_;  // one for each of the surfaces, in their order
  Watch watch_;
};

}  // namespace recourse::chatops

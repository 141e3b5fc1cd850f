// The hooks by which other programs tell the server of alerts: POST /hooks/alertmanager and POST
// /hooks/alert. docs/alerts.md tells what they take and answer.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/web/server/listener.h"
#include "server/alerts/intake.h"
#include "server/principals.h"
#include "server/tls.h"

namespace recourse::server::http {

// Answered once what follows from the alerts is durable. Both outlive the server.
void AddHooks(httplib::Server& server, const Principals& principals, alerts::Intake& intake);

// Serves them at `listen` (see CheckListenAddress), with the server's TLS files where it has them.
// Errors as web::Listener::Start and CheckTls.
Result<std::unique_ptr<web::Listener>> StartHooks(const std::string& listen,
                                                  const std::optional<TlsFiles>& tls,
                                                  const Principals& principals,
                                                  alerts::Intake& intake);

// What a request shows to prove who makes it.
Presented PresentedBy(const httplib::Request& request);

}  // namespace recourse::server::http

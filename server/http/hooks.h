// The hooks by which other programs tell the server of alerts: POST /hooks/alertmanager and POST
// /hooks/alert. docs/alerts.md tells what they take and answer.
#pragma once

#include <httplib.h>

#include "server/alerts/intake.h"
#include "server/principals.h"

namespace recourse::server::http {

// Answered once what follows from the alerts is durable. Both outlive the server.
void AddHooks(httplib::Server& server, const Principals& principals, alerts::Intake& intake);

// What a request shows to prove who makes it.
Presented PresentedBy(const httplib::Request& request);

}  // namespace recourse::server::http

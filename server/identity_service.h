// The API's IdentityService: who calls, and created tokens.
#pragma once

#include "recourse/v1/identity.grpc.pb.h"
#include "server/core.h"

namespace recourse::server {

class IdentityService final : public v1::IdentityService::CallbackService {
 public:
  explicit IdentityService(Core& core) : core_(core) {}

  grpc::ServerUnaryReactor* WhoAmI(grpc::CallbackServerContext* context,
                                   const v1::WhoAmIRequest* request,
                                   v1::WhoAmIResponse* response) override;
  grpc::ServerUnaryReactor* CreateToken(grpc::CallbackServerContext* context,
                                        const v1::CreateTokenRequest* request,
                                        v1::CreateTokenResponse* response) override;
  grpc::ServerUnaryReactor* ListTokens(grpc::CallbackServerContext* context,
                                       const v1::ListTokensRequest* request,
                                       v1::ListTokensResponse* response) override;
  grpc::ServerUnaryReactor* RevokeToken(grpc::CallbackServerContext* context,
                                        const v1::RevokeTokenRequest* request,
                                        v1::Token* response) override;

 private:
  Result<v1::CreateTokenResponse> Create(const v1::CreateTokenRequest& request,
                                         const std::string& by);
  Result<v1::ListTokensResponse> List(const v1::ListTokensRequest& request);
  Result<v1::Token> Revoke(const v1::RevokeTokenRequest& request, const std::string& by);

  Core& core_;
};

}  // namespace recourse::server

#include "api/cross_origin.h"

namespace runstone::api {

void allow_any_origin(http::Response& response) {
  response.headers.set("Access-Control-Allow-Origin", "*");
}

void add_preflight(http::Router& router, const Services& services, std::string_view pattern) {
  router.add(http::Method::kOptions, pattern, http::on_pool(services.pool, [](http::Request) {
               http::Response response = http::text_response(200, "");
               allow_any_origin(response);
               response.headers.add("Access-Control-Allow-Methods", "GET, HEAD, PUT");
               response.headers.add("Access-Control-Allow-Headers",
                                    "Content-MD5, Content-Type, Range");
               response.headers.add("Access-Control-Max-Age", "3600");
               return response;
             }));
}

}  // namespace runstone::api

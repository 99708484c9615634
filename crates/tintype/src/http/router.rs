//! Every route on one screen. The router, the authorization table and `openapi.json` are made from this list.

use super::auth::Permission::{
    self, ManageClusters, ManageRepositories, ManageUsers, ManageWebhooks, Own, Public, ReadAudit,
    ReadClusters, ReadRepositories, ReadRepositoryContents, ReadUsers,
};
use super::guard::{self, Guard};
use super::native::{
    attest_keys, audit, events, operations, registrations, repositories, server, snapshots, totp,
    verification_schedule, verifications, webhooks,
};
use super::route::Route;
use super::route::Surface::{Global, Native, Regional, Root};
use super::{Http, count, ece, extract, native, problem, trace};
use crate::app::App;
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use http::Method;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

/// A line of the table: the module has the handler and its description.
macro_rules! route {
    ($method:ident $surface:ident $path:literal $permission:ident $module:path) => {{
        use $module as endpoint;
        Route::new(
            Method::$method,
            $surface,
            $path,
            $permission,
            endpoint::handle,
            endpoint::doc(),
        )
    }};
}

/// The table.
#[rustfmt::skip]
pub fn routes() -> Vec<Route> {
    vec![
        route!(GET    Regional "/clusters/elasticsearch"                        ReadClusters       ece::clusters::list),
        route!(POST   Regional "/clusters/elasticsearch"                        ManageClusters     ece::clusters::create),
        route!(GET    Regional "/clusters/elasticsearch/{cluster_id}"           ReadClusters       ece::clusters::get),
        route!(DELETE Regional "/clusters/elasticsearch/{cluster_id}"           ManageClusters     ece::clusters::delete),
        route!(POST   Regional "/clusters/elasticsearch/{cluster_id}/_snapshot" ManageClusters     ece::clusters::snapshot),
        route!(POST   Regional "/clusters/elasticsearch/_search"                ReadClusters       ece::clusters::search),
        route!(PUT    Regional "/clusters/elasticsearch/{cluster_id}/metadata/name/{new_name}" ManageClusters ece::clusters::metadata::rename),
        route!(GET    Regional "/clusters/elasticsearch/{cluster_id}/metadata/settings" ReadClusters   ece::clusters::metadata::get),
        route!(PATCH  Regional "/clusters/elasticsearch/{cluster_id}/metadata/settings" ManageClusters ece::clusters::metadata::patch),
        route!(GET    Regional "/clusters/elasticsearch/{cluster_id}/snapshot/settings" ReadClusters   ece::clusters::snapshot_settings::get),
        route!(PATCH  Regional "/clusters/elasticsearch/{cluster_id}/snapshot/settings" ManageClusters ece::clusters::snapshot_settings::patch),
        route!(GET    Regional "/platform"                                      ReadClusters       ece::platform::get),
        route!(GET    Regional "/platform/configuration/snapshots/repositories" ReadRepositories   ece::repositories::list),
        route!(GET    Regional "/platform/configuration/snapshots/repositories/{repository_name}" ReadRepositories   ece::repositories::get),
        route!(PUT    Regional "/platform/configuration/snapshots/repositories/{repository_name}" ManageRepositories ece::repositories::put),
        route!(DELETE Regional "/platform/configuration/snapshots/repositories/{repository_name}" ManageRepositories ece::repositories::delete),
        route!(GET    Global   "/users/auth/methods"                            Public             ece::auth::methods),
        route!(GET    Global   "/users/auth"                                    Own                ece::auth::info),
        route!(POST   Global   "/users/auth/_login"                             Public             ece::auth::login),
        route!(POST   Global   "/users/auth/_logout"                            Own                ece::auth::logout),
        route!(POST   Global   "/users/auth/_refresh"                           Own                ece::auth::refresh),
        route!(POST   Global   "/users/auth/_elevate"                           Own                ece::auth::elevate),
        route!(DELETE Global   "/users/auth/_elevate"                           Own                ece::auth::lower),
        route!(POST   Global   "/users/auth/reauthenticate"                     Own                ece::auth::reauthenticate),
        route!(GET    Global   "/users/auth/keys"                               Own                ece::keys::list),
        route!(POST   Global   "/users/auth/keys"                               Own                ece::keys::create),
        route!(DELETE Global   "/users/auth/keys"                               Own                ece::keys::delete_many),
        route!(GET    Global   "/users/auth/keys/{api_key_id}"                  Own                ece::keys::get),
        route!(DELETE Global   "/users/auth/keys/{api_key_id}"                  Own                ece::keys::delete),
        route!(GET    Global   "/users/auth/keys/_all"                          ReadUsers          ece::keys::all::list),
        route!(DELETE Global   "/users/auth/keys/_all"                          ManageUsers        ece::keys::all::delete),
        route!(GET    Global   "/users/{user_id}/auth/keys"                     ReadUsers          ece::keys::of_user::list),
        route!(DELETE Global   "/users/{user_id}/auth/keys"                     ManageUsers        ece::keys::of_user::delete_all),
        route!(GET    Global   "/users/{user_id}/auth/keys/{api_key_id}"        ReadUsers          ece::keys::of_user::get),
        route!(DELETE Global   "/users/{user_id}/auth/keys/{api_key_id}"        ManageUsers        ece::keys::of_user::delete),
        route!(GET    Global   "/user"                                          Own                ece::user::get),
        route!(PATCH  Global   "/user"                                          Own                ece::user::change),
        route!(GET    Global   "/users"                                         ReadUsers          ece::users::list),
        route!(POST   Global   "/users"                                         ManageUsers        ece::users::create),
        route!(GET    Global   "/users/{user_name}"                             ReadUsers          ece::users::get),
        route!(PATCH  Global   "/users/{user_name}"                             ManageUsers        ece::users::change),
        route!(DELETE Global   "/users/{user_name}"                             ManageUsers        ece::users::delete),

        route!(GET    Native   "/version"                                       Public             server::version),
        route!(GET    Native   "/user/totp"                                     Own                totp::get),
        route!(POST   Native   "/user/totp"                                     Own                totp::enrol),
        route!(POST   Native   "/user/totp/_confirm"                            Own                totp::confirm),
        route!(DELETE Native   "/user/totp"                                     Own                totp::remove),
        route!(DELETE Native   "/users/{user_name}/totp"                        ManageUsers        totp::remove_for),
        route!(GET    Native   "/roles"                                         Own                server::roles),
        route!(GET    Native   "/status"                                        ReadClusters       server::status),
        route!(GET    Native   "/doctor"                                        ReadRepositoryContents server::doctor),
        route!(GET    Native   "/clusters"                                      ReadClusters       native::clusters::list),
        route!(POST   Native   "/clusters"                                      ManageClusters     native::clusters::attach),
        route!(GET    Native   "/clusters/{cluster_id}"                         ReadClusters       native::clusters::get),
        route!(PATCH  Native   "/clusters/{cluster_id}"                         ManageClusters     native::clusters::change),
        route!(DELETE Native   "/clusters/{cluster_id}"                         ManageClusters     native::clusters::detach),
        route!(GET    Native   "/clusters/{cluster_id}/alert"                   ReadClusters       native::clusters::alert),
        route!(PUT    Native   "/clusters/{cluster_id}/alert"                   ManageClusters     native::clusters::set_alert),
        route!(GET    Native   "/clusters/{cluster_id}/_doctor"                 ReadClusters       native::clusters::doctor),
        route!(POST   Native   "/clusters/{cluster_id}/_doctor"                 ManageClusters     native::clusters::doctor_verify),
        route!(GET    Native   "/clusters/{cluster_id}/registrations"           ReadClusters       registrations::list),
        route!(POST   Native   "/clusters/{cluster_id}/registrations"           ManageClusters     registrations::create),
        route!(GET    Native   "/clusters/{cluster_id}/snapshots"               ReadClusters       snapshots::list),
        route!(POST   Native   "/clusters/{cluster_id}/snapshots"               ManageClusters     snapshots::take),
        route!(GET    Native   "/clusters/{cluster_id}/snapshots/{repository_name}/{snapshot_name}"          ReadClusters   snapshots::get),
        route!(DELETE Native   "/clusters/{cluster_id}/snapshots/{repository_name}/{snapshot_name}"          ManageClusters snapshots::delete),
        route!(GET    Native   "/clusters/{cluster_id}/snapshots/{repository_name}/{snapshot_name}/runbook"  ReadRepositoryContents snapshots::runbook),
        route!(GET    Native   "/clusters/{cluster_id}/snapshots/{repository_name}/{snapshot_name}/attestation" ReadRepositoryContents snapshots::attestation),
        route!(POST   Native   "/clusters/{cluster_id}/snapshots/{repository_name}/{snapshot_name}/_restore" ManageClusters snapshots::restore),
        route!(GET    Native   "/repositories"                                  ReadRepositories   repositories::list),
        route!(GET    Native   "/repositories/{repository_name}"                ReadRepositories   repositories::get),
        route!(PUT    Native   "/repositories/{repository_name}"                ManageRepositories repositories::put),
        route!(DELETE Native   "/repositories/{repository_name}"                ManageRepositories repositories::delete),
        route!(PUT    Native   "/repositories/{repository_name}/reader"         ManageRepositories repositories::put_reader),
        route!(DELETE Native   "/repositories/{repository_name}/reader"         ManageRepositories repositories::delete_reader),
        route!(GET    Native   "/repositories/{repository_name}/verifications"  ReadClusters       verifications::list),
        route!(POST   Native   "/repositories/{repository_name}/verifications"  ManageClusters     verifications::start),
        route!(GET    Native   "/repositories/{repository_name}/verifications/{operation_id}" ReadClusters verifications::get),
        route!(GET    Native   "/repositories/{repository_name}/verification-schedule" ReadRepositories   verification_schedule::get),
        route!(PUT    Native   "/repositories/{repository_name}/verification-schedule" ManageRepositories verification_schedule::put),
        route!(DELETE Native   "/repositories/{repository_name}/verification-schedule" ManageRepositories verification_schedule::delete),
        route!(GET    Native   "/attest-keys"                                   Public             attest_keys::list),
        route!(POST   Native   "/attest-keys"                                   ManageRepositories attest_keys::create),
        route!(POST   Native   "/attest-keys/_rotate"                           ManageRepositories attest_keys::rotate),
        route!(GET    Native   "/operations"                                    ReadClusters       operations::list),
        route!(GET    Native   "/operations/{operation_id}"                     ReadClusters       operations::get),
        route!(GET    Native   "/operations/{operation_id}/events"              ReadClusters       operations::events),
        route!(POST   Native   "/operations/{operation_id}/_cancel"             ManageClusters     operations::cancel),
        route!(GET    Native   "/audit"                                         ReadAudit          audit::list),
        route!(GET    Native   "/events"                                        ReadClusters       events),
        route!(GET    Native   "/webhooks"                                      ManageWebhooks     webhooks::list),
        route!(POST   Native   "/webhooks"                                      ManageWebhooks     webhooks::create),
        route!(GET    Native   "/webhooks/{webhook_id}"                         ManageWebhooks     webhooks::get),
        route!(PATCH  Native   "/webhooks/{webhook_id}"                         ManageWebhooks     webhooks::change),
        route!(DELETE Native   "/webhooks/{webhook_id}"                         ManageWebhooks     webhooks::delete),
        route!(POST   Native   "/webhooks/{webhook_id}/_test"                   ManageWebhooks     webhooks::test),

        route!(GET    Root     "/metrics"                                       ReadClusters       server::metrics),
        route!(GET    Root     "/healthz"                                       Public             server::healthz),
        route!(GET    Root     "/readyz"                                        Public             server::readyz),
    ]
}

/// The table's, unless the configuration opens the figures to everybody.
fn permission(http: &Http, route: &Route) -> Permission {
    match route.surface {
        Root if http.app.config.metrics.public => Public,
        _ => route.permission,
    }
}

/// The API over these parts.
pub fn router(app: App) -> Router {
    let http = Http::new(app);
    let mut router = Router::new();
    for route in routes() {
        let guard = Guard {
            http: http.clone(),
            permission: permission(&http, &route),
            elevated: route.needs_elevation(),
            unauthenticated: route.doc.unauthenticated_code(),
            query: route.doc.query,
        };
        let endpoint = route
            .endpoint
            .clone()
            .route_layer(from_fn_with_state(guard, guard::check));
        for path in route.paths() {
            router = router.route(&path, endpoint.clone());
        }
    }
    router
        .fallback(ece::unserved::no_such_path)
        .method_not_allowed_fallback(ece::unserved::no_such_method)
        .layer(from_fn(extract::too_large))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(http.clone(), count::answers))
        .layer(from_fn(trace::span))
        .with_state(http)
}

//! Every route on one screen. The router, the authorization table and `openapi.json` are made from this list.

use super::auth::Permission::{
    ManageClusters, ManageRepositories, Own, Public, ReadAudit, ReadClusters, ReadRepositories,
};
use super::guard::{self, Guard};
use super::native::{audit, operations, registrations, repositories, server, snapshots};
use super::route::Route;
use super::route::Surface::{Global, Native, Regional};
use super::{Http, ece, extract, native, problem, trace};
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
        route!(GET    Regional "/platform/configuration/snapshots/repositories" ReadRepositories   ece::repositories::list),
        route!(GET    Regional "/platform/configuration/snapshots/repositories/{repository_name}" ReadRepositories   ece::repositories::get),
        route!(PUT    Regional "/platform/configuration/snapshots/repositories/{repository_name}" ManageRepositories ece::repositories::put),
        route!(DELETE Regional "/platform/configuration/snapshots/repositories/{repository_name}" ManageRepositories ece::repositories::delete),
        route!(GET    Global   "/users/auth/methods"                            Public             ece::auth::methods),
        route!(GET    Global   "/users/auth/keys"                               Own                ece::keys::list),
        route!(POST   Global   "/users/auth/keys"                               Own                ece::keys::create),
        route!(DELETE Global   "/users/auth/keys"                               Own                ece::keys::delete_many),
        route!(GET    Global   "/users/auth/keys/{api_key_id}"                  Own                ece::keys::get),
        route!(DELETE Global   "/users/auth/keys/{api_key_id}"                  Own                ece::keys::delete),

        route!(GET    Native   "/version"                                       Public             server::version),
        route!(GET    Native   "/roles"                                         Own                server::roles),
        route!(GET    Native   "/clusters"                                      ReadClusters       native::clusters::list),
        route!(POST   Native   "/clusters"                                      ManageClusters     native::clusters::attach),
        route!(GET    Native   "/clusters/{cluster_id}"                         ReadClusters       native::clusters::get),
        route!(PATCH  Native   "/clusters/{cluster_id}"                         ManageClusters     native::clusters::change),
        route!(DELETE Native   "/clusters/{cluster_id}"                         ManageClusters     native::clusters::detach),
        route!(GET    Native   "/clusters/{cluster_id}/registrations"           ReadClusters       registrations::list),
        route!(POST   Native   "/clusters/{cluster_id}/registrations"           ManageClusters     registrations::create),
        route!(GET    Native   "/clusters/{cluster_id}/snapshots"               ReadClusters       snapshots::list),
        route!(POST   Native   "/clusters/{cluster_id}/snapshots"               ManageClusters     snapshots::take),
        route!(GET    Native   "/clusters/{cluster_id}/snapshots/{repository_name}/{snapshot_name}"          ReadClusters   snapshots::get),
        route!(POST   Native   "/clusters/{cluster_id}/snapshots/{repository_name}/{snapshot_name}/_restore" ManageClusters snapshots::restore),
        route!(GET    Native   "/repositories"                                  ReadRepositories   repositories::list),
        route!(GET    Native   "/repositories/{repository_name}"                ReadRepositories   repositories::get),
        route!(PUT    Native   "/repositories/{repository_name}"                ManageRepositories repositories::put),
        route!(DELETE Native   "/repositories/{repository_name}"                ManageRepositories repositories::delete),
        route!(PUT    Native   "/repositories/{repository_name}/reader"         ManageRepositories repositories::put_reader),
        route!(DELETE Native   "/repositories/{repository_name}/reader"         ManageRepositories repositories::delete_reader),
        route!(GET    Native   "/operations"                                    ReadClusters       operations::list),
        route!(GET    Native   "/operations/{operation_id}"                     ReadClusters       operations::get),
        route!(GET    Native   "/operations/{operation_id}/events"              ReadClusters       operations::events),
        route!(POST   Native   "/operations/{operation_id}/_cancel"             ManageClusters     operations::cancel),
        route!(GET    Native   "/audit"                                         ReadAudit          audit::list),
    ]
}

/// The API over these parts.
pub fn router(app: App) -> Router {
    let http = Http::new(app);
    let mut router = Router::new();
    for route in routes() {
        let guard = Guard {
            http: http.clone(),
            permission: route.permission,
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
        .fallback(problem::no_such_path)
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(from_fn(extract::too_large))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(CompressionLayer::new())
        .layer(from_fn(trace::span))
        .with_state(http)
}

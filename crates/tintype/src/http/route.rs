//! One route: what the router, the authorization table and the OpenAPI document are all made from.

use super::Http;
use super::auth::Permission;
use super::openapi::Doc;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};
use http::Method;

/// Where a path hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// ECE's, under `/api/v1` and `/api/v1/regions/{region}`.
    Regional,
    /// ECE's, under `/api/v1` only.
    Global,
    /// Ours, under `/api/tintype/v1`.
    Native,
    /// Where monitoring looks for it: under no prefix.
    Root,
}

/// The beginning of every path of ECE's API.
pub const ECE: &str = "/api/v1";
/// The beginning of ECE's paths that name a region.
pub const REGIONS: &str = "/api/v1/regions/";
/// The beginning of every path of ours.
pub const NATIVE: &str = "/api/tintype/v1";

/// One route of the API.
#[derive(Debug)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// Where the path hangs.
    pub surface: Surface,
    /// The path below the surface's prefix, with `{parameters}`.
    pub path: &'static str,
    /// Who may.
    pub permission: Permission,
    /// What it takes and answers.
    pub doc: Doc,
    /// What answers it.
    pub endpoint: MethodRouter<Http>,
}

impl Route {
    /// A line of the router's table.
    pub fn new<H, T>(
        method: Method,
        surface: Surface,
        path: &'static str,
        permission: Permission,
        handler: H,
        doc: Doc,
    ) -> Self
    where
        H: Handler<T, Http>,
        T: 'static,
    {
        let filter = match method {
            Method::GET => MethodFilter::GET,
            Method::PUT => MethodFilter::PUT,
            Method::PATCH => MethodFilter::PATCH,
            Method::DELETE => MethodFilter::DELETE,
            _ => MethodFilter::POST,
        };
        Self {
            method,
            surface,
            path,
            permission,
            doc,
            endpoint: on(filter, handler),
        }
    }

    /// The caller must be elevated: it changes what others see, as ECE's description has it for its own routes. The
    /// same for native ones, or they would be the way around it.
    pub fn needs_elevation(&self) -> bool {
        self.doc.elevated || (self.permission.changes() && self.method != Method::GET)
    }

    /// The full paths under which it is served, the canonical one first.
    pub fn paths(&self) -> Vec<String> {
        match self.surface {
            Surface::Regional => {
                vec![
                    format!("{ECE}{}", self.path),
                    format!("{REGIONS}{{region}}{}", self.path),
                ]
            }
            Surface::Global => vec![format!("{ECE}{}", self.path)],
            Surface::Native => vec![format!("{NATIVE}{}", self.path)],
            Surface::Root => vec![self.path.to_owned()],
        }
    }
}

//! `GET /user/totp`.

use super::TotpView;
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-totp", "Your TOTP device").answer::<TotpView>(200, "Whether there is one.")
}

/// The handler.
pub async fn handle(State(http): State<Http>, principal: Principal) -> Result<Response> {
    let device = http.app.store.totp_device(&principal.name).await?;
    Ok(ok(&TotpView::of(device.as_ref())))
}

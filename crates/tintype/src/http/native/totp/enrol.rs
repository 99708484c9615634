//! `POST /user/totp`: the only answer that has the device's secret.

use crate::clock::to_millis;
use crate::http::Http;
use crate::http::auth::{ClientAddress, Credential, Principal, exposed};
use crate::http::extract::Body;
use crate::http::openapi::Doc;
use crate::http::problem::{Problem, Result, json};
use crate::ids;
use crate::model::TotpSecret;
use crate::secrets::{totp_secret, totp_uri};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// A device to enrol.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolTotp {
    /// The caller's password; not needed when the request itself came with it.
    #[schema(value_type = String, required = false)]
    pub password: Option<SecretString>,
}

/// A device that waits for its first code.
#[derive(Serialize, utoipa::ToSchema)]
pub struct EnrolledTotp {
    /// For an authenticator app, often as a QR code.
    #[schema(value_type = String)]
    #[serde(serialize_with = "exposed")]
    pub uri: SecretString,
    /// The same secret, for typing: base32.
    #[schema(value_type = String)]
    #[serde(serialize_with = "exposed")]
    pub secret: SecretString,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "enrol-totp",
        "Enrol a TOTP device; it counts once it is confirmed",
    )
    .optional_body::<EnrolTotp>()
    .answer::<EnrolledTotp>(201, "The device's secret, shown this once.")
    .fails(409, &["root.conflict"])
}

/// The handler. A stolen key or session alone must not choose the second factor.
pub async fn handle(
    State(http): State<Http>,
    principal: Principal,
    from: ClientAddress,
    body: Result<Body<EnrolTotp>>,
) -> Result<Response> {
    let Body(body) = body?;
    match body.password {
        Some(password) => {
            let signed_in = http
                .authenticator
                .sign_in(&http.app, &principal.name, password, from);
            signed_in.await.map_err(wrong)?;
        }
        None if principal.by == Credential::Password => {}
        None => {
            let message = "password is missing: a session or a key alone cannot enrol a second factor";
            return Err(Problem::invalid("password", message));
        }
    }
    let now = to_millis(http.app.clock.now());
    let device = TotpSecret {
        id: ids::time_ordered(now),
        secret: totp_secret(),
        confirmed: false,
    };
    http.app.store.enrol_totp(&principal.name, &device, now).await?;
    let uri = totp_uri(&principal.name, &device.secret);
    let secret = device.secret;
    Ok(json(StatusCode::CREATED, &EnrolledTotp { uri, secret }))
}

fn wrong(problem: Problem) -> Problem {
    if problem.status() == StatusCode::UNAUTHORIZED {
        Problem::invalid("password", "the password is not yours")
    } else {
        problem
    }
}

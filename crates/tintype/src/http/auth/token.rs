//! Signed tokens: HS256 alone, with a key of our own, for one audience each.

use crate::clock::Clock;
use crate::secrets::Sealer;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// Who signs.
const ISSUER: &str = "tintype";
/// Seconds that the clocks of two servers on one store may differ.
const SKEW: i64 = 30;

/// What a token is for: one of another audience is as wrong as one with another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// `Authorization: Bearer`.
    Session,
    /// The `security_token` of a re-authentication.
    Reauthentication,
}

impl Audience {
    fn as_str(self) -> &'static str {
        match self {
            Self::Session => "tintype:session",
            Self::Reauthentication => "tintype:reauthentication",
        }
    }
}

/// What a token says. Every member must be there, with its type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// [`ISSUER`].
    pub iss: String,
    /// One of [`Audience`].
    pub aud: String,
    /// The user's name.
    pub sub: String,
    /// The session's id; empty in other tokens.
    pub sid: String,
    /// The session's secret; something random in other tokens.
    pub jti: String,
    /// Made at, seconds.
    pub iat: i64,
    /// Not good before.
    pub nbf: i64,
    /// Not good from then on.
    pub exp: i64,
}

/// Signs and checks tokens.
pub struct Tokens {
    sign: EncodingKey,
    check: DecodingKey,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

impl Tokens {
    /// With a key of its own, derived from the store's.
    pub fn new(sealer: &Sealer) -> Self {
        let key = zeroize::Zeroizing::new(sealer.mac("tintype/tokens/1", b""));
        Self {
            sign: EncodingKey::from_secret(&*key),
            check: DecodingKey::from_secret(&*key),
        }
    }

    /// A token that is good until `expires`, cut to whole seconds.
    ///
    /// # Errors
    /// When it cannot be signed, which nothing that a client sends can cause.
    pub fn make(
        &self,
        audience: Audience,
        (user, session, secret): (&str, &str, &str),
        now: Timestamp,
        expires: Timestamp,
    ) -> crate::error::Result<SecretString> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: audience.as_str().to_owned(),
            sub: user.to_owned(),
            sid: session.to_owned(),
            jti: secret.to_owned(),
            iat: now.as_second(),
            nbf: now.as_second(),
            exp: expires.as_second(),
        };
        let token = encode(&Header::new(Algorithm::HS256), &claims, &self.sign);
        token
            .map(SecretString::from)
            .map_err(|error| crate::error::Error::Internal(Box::new(error)))
    }

    /// What a good token says; `None` for every other.
    pub fn claims(&self, audience: Audience, token: &str, clock: &dyn Clock) -> Option<Claims> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "nbf", "exp"]);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[audience.as_str()]);
        // Below, by the clock that everything else goes by.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = decode::<Claims>(token, &self.check, &validation).ok()?.claims;
        let now = clock.now().as_second();
        (claims.nbf <= now + SKEW && now < claims.exp).then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::BASE64URL_NOPAD;
    use jsonwebtoken::EncodingKey;
    use secrecy::ExposeSecret;
    use serde_json::{Value, json};

    #[derive(Debug)]
    struct At(i64);

    impl Clock for At {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(self.0).unwrap()
        }
    }

    const NOW: i64 = 1_700_000_000;

    fn tokens() -> Tokens {
        Tokens::new(&Sealer::new(&[7; 32]))
    }

    fn good() -> Value {
        json!({"iss": "tintype", "aud": "tintype:session", "sub": "admin", "sid": "s", "jti": "j",
               "iat": NOW, "nbf": NOW, "exp": NOW + 60})
    }

    fn signed(header: &Header, claims: &Value, key: &EncodingKey) -> String {
        encode(header, claims, key).unwrap()
    }

    fn accepts(token: &str) -> bool {
        tokens().claims(Audience::Session, token, &At(NOW)).is_some()
    }

    #[test]
    fn a_token_says_what_it_was_made_with_until_it_expires() {
        let tokens = tokens();
        let (now, until) = (At(NOW).now(), At(NOW + 60).now());
        let token = tokens
            .make(Audience::Session, ("admin", "s", "j"), now, until)
            .unwrap();
        let token = token.expose_secret();
        let claims = tokens.claims(Audience::Session, token, &At(NOW)).unwrap();
        assert_eq!(serde_json::to_value(claims).unwrap(), good());
        assert!(tokens.claims(Audience::Session, token, &At(NOW + 59)).is_some());
        assert!(tokens.claims(Audience::Session, token, &At(NOW + 60)).is_none());
        assert!(tokens.claims(Audience::Session, token, &At(NOW - 31)).is_none());
        assert!(
            tokens
                .claims(Audience::Reauthentication, token, &At(NOW))
                .is_none()
        );
    }

    #[test]
    fn another_key_or_algorithm_is_wrong() {
        let own = &tokens().sign;
        assert!(accepts(&signed(&Header::new(Algorithm::HS256), &good(), own)));
        for algorithm in [Algorithm::HS384, Algorithm::HS512] {
            assert!(
                !accepts(&signed(&Header::new(algorithm), &good(), own)),
                "{algorithm:?}"
            );
        }
        for other in [
            Tokens::new(&Sealer::new(&[8; 32])).sign,
            EncodingKey::from_secret(b""),
            EncodingKey::from_secret(&[7; 32]),
        ] {
            assert!(!accepts(&signed(&Header::new(Algorithm::HS256), &good(), &other)));
        }
    }

    #[test]
    fn a_token_that_names_no_algorithm_or_has_no_signature_is_wrong() {
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let right = signed(&Header::new(Algorithm::HS256), &good(), &tokens().sign);
        let signature = right.rsplit('.').next().unwrap();
        for algorithm in ["none", "None", "nOnE", "RS256", "ES256", "HS256 "] {
            let header = part(&json!({"typ": "JWT", "alg": algorithm}));
            for end in ["", signature] {
                assert!(
                    !accepts(&format!("{header}.{}.{end}", part(&good()))),
                    "{algorithm}"
                );
            }
        }
        let (head, _) = right.rsplit_once('.').unwrap();
        for wrong in [
            head.to_owned(),
            format!("{head}."),
            format!("{right}."),
            String::new(),
            "..".into(),
        ] {
            assert!(!accepts(&wrong), "{wrong}");
        }
        let (header, rest) = right.split_once('.').unwrap();
        let mut other = good();
        other["sub"] = "eve".into();
        let (_, signature) = rest.split_once('.').unwrap();
        assert!(!accepts(&format!("{header}.{}.{signature}", part(&other))));
    }

    #[test]
    fn every_claim_must_be_there_and_of_its_type() {
        let sign = |claims: &Value| signed(&Header::new(Algorithm::HS256), claims, &tokens().sign);
        for name in ["iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp"] {
            let mut claims = good();
            claims.as_object_mut().unwrap().remove(name);
            assert!(!accepts(&sign(&claims)), "without {name}");
            for confused in [
                Value::Null,
                json!([good()[name]]),
                json!({"0": good()[name]}),
                json!(true),
            ] {
                let mut claims = good();
                claims[name] = confused.clone();
                assert!(!accepts(&sign(&claims)), "{name} = {confused}");
            }
        }
        for (name, wrong) in [
            ("exp", json!((NOW + 60).to_string())),
            ("exp", json!(NOW)),
            ("nbf", json!(NOW + 31)),
            ("nbf", json!(NOW.to_string())),
            ("aud", json!("tintype:reauthentication")),
            ("aud", json!("tintype")),
            ("iss", json!("somebody")),
            ("sub", json!(7)),
        ] {
            let mut claims = good();
            claims[name] = wrong.clone();
            assert!(!accepts(&sign(&claims)), "{name} = {wrong}");
        }
    }
}

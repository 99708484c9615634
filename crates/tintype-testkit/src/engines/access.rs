//! Security of a real Elasticsearch: file-realm users, roles, TLS for HTTP, client certificates and bearer tokens.

use std::{fs, num::NonZeroU32, path::Path};

use aws_lc_rs::{
    pbkdf2,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::json;

use crate::{
    certs::{CertPair, TestCa},
    client::basic,
};

/// A user of the file realm.
#[derive(Debug, Clone, Copy)]
pub struct Login {
    /// The user's name.
    pub name: &'static str,
    /// The user's password: unmistakable, so that a test can look for it where it must not be.
    pub password: &'static str,
}

impl Login {
    /// The `Authorization` header.
    pub fn basic(&self) -> String {
        basic(self.name, self.password)
    }
}

/// The users that a secured engine is started with: a superuser, and one for each access level of Tintype.
#[derive(Debug, Clone, Copy)]
pub struct Users {
    /// `superuser`.
    pub admin: Login,
    /// `monitor` and `monitor_snapshot`.
    pub observe: Login,
    /// And `create_snapshot`.
    pub take: Login,
    /// And `cluster:admin/snapshot/*`, `cluster:admin/repository/*`.
    pub operate: Login,
}

pub(super) const USERS: Users = Users {
    admin: Login {
        name: "kit-admin",
        password: "engine-password-of-admin",
    },
    observe: Login {
        name: "kit-observe",
        password: "engine-password-of-observe",
    },
    take: Login {
        name: "kit-take",
        password: "engine-password-of-take",
    },
    operate: Login {
        name: "kit-operate",
        password: "engine-password-of-operate",
    },
};

const ROLES: &str = r#"observe:
  cluster: [monitor, monitor_snapshot]
take:
  cluster: [monitor, monitor_snapshot, create_snapshot]
operate:
  cluster: [monitor, monitor_snapshot, create_snapshot, "cluster:admin/snapshot/*", "cluster:admin/repository/*"]
"#;

/// The trial licence opens the realms of client certificates and tokens; `optional` lets passwords work beside them.
const SETTINGS: &str = r#"xpack.license.self_generated.type: trial
xpack.security.enabled: true
xpack.security.http.ssl.enabled: true
xpack.security.http.ssl.certificate: http.crt
xpack.security.http.ssl.key: http.key
xpack.security.http.ssl.certificate_authorities: [ca.crt]
xpack.security.http.ssl.client_authentication: optional
xpack.security.authc.realms.file.file1.order: 0
xpack.security.authc.realms.pki.pki1.order: 1
xpack.security.authc.realms.pki.pki1.certificate_authorities: [ca.crt]
"#;

const JWT_SETTINGS: &str = r#"xpack.security.authc.realms.jwt.jwt1:
  order: 2
  client_authentication.type: none
  allowed_issuer: tintype-testkit
  allowed_audiences: [engine]
  allowed_signature_algorithms: [ES256]
  claims.principal: sub
  pkc_jwkset_path: jwkset.json
  authorization_realms: [file1]
"#;

/// What was put in front of one engine, with the keys to get in.
pub(super) struct Access {
    pub ca: TestCa,
    pub server: CertPair,
    pub client: CertPair,
    signer: EcdsaKeyPair,
}

impl Access {
    /// Writes certificates, users, roles and settings for an engine of this major version into `overlay`.
    pub fn install(overlay: &Path, major: u32, roles: Option<&str>) -> anyhow::Result<Self> {
        let ca = TestCa::new()?;
        let (server, client) = (ca.server()?, ca.client("kit-client")?);
        let signer = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        let mut settings = SETTINGS.to_owned();
        if major >= 8 {
            settings.push_str(JWT_SETTINGS);
            fs::write(overlay.join("jwkset.json"), jwk_set(&signer))?;
        }
        fs::write(overlay.join("settings.yml"), settings)?;
        fs::write(overlay.join("http.crt"), &server.cert_pem)?;
        fs::write(overlay.join("http.key"), &server.key_pem)?;
        fs::write(overlay.join("ca.crt"), ca.pem())?;
        fs::write(overlay.join("roles.yml"), roles.unwrap_or(ROLES))?;
        fs::write(overlay.join("role_mapping.yml"), "operate: [\"CN=kit-client\"]\n")?;
        let all = [
            (USERS.admin, "superuser"),
            (USERS.observe, "observe"),
            (USERS.take, "take"),
            (USERS.operate, "operate"),
        ];
        let users: String = all
            .iter()
            .map(|(user, _)| format!("{}:{}\n", user.name, hash(user.password)))
            .collect();
        let granted: String = all
            .iter()
            .map(|(user, role)| format!("{role}:{}\n", user.name))
            .collect();
        fs::write(overlay.join("users"), users)?;
        fs::write(overlay.join("users_roles"), granted)?;
        Ok(Self {
            ca,
            server,
            client,
            signer,
        })
    }

    /// A bearer token (JWT) that lets its holder in as a file-realm user.
    pub fn token(&self, user: &str) -> anyhow::Result<String> {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)?
            .as_secs();
        let head = json!({"alg": "ES256", "typ": "JWT", "kid": "kit"});
        let claims =
            json!({"iss": "tintype-testkit", "aud": "engine", "sub": user, "iat": now, "exp": now + 86_400});
        let encode = |value: serde_json::Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", encode(head), encode(claims));
        let signature = self.signer.sign(&SystemRandom::new(), signed.as_bytes())?;
        Ok(format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref())))
    }
}

/// What `elasticsearch-users useradd` writes with `password_hashing.algorithm: pbkdf2`, without starting a JVM for
/// each user: prefix, iterations, salt and PBKDF2-HMAC-SHA512 of 32 bytes.
fn hash(password: &str) -> String {
    const ITERATIONS: NonZeroU32 = NonZeroU32::new(1_000).unwrap();
    let salt = [7_u8; 32];
    let mut key = [0_u8; 32];
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA512,
        ITERATIONS,
        &salt,
        password.as_bytes(),
        &mut key,
    );
    format!(
        "{{PBKDF2}}{ITERATIONS}${}${}",
        BASE64.encode(&salt),
        BASE64.encode(&key)
    )
}

/// The public key as a JWK set; an uncompressed point is 4, then x and y of 32 bytes each.
fn jwk_set(signer: &EcdsaKeyPair) -> String {
    let point = signer.public_key().as_ref();
    let coordinate = |range: std::ops::Range<usize>| BASE64URL_NOPAD.encode(&point[range]);
    let key = json!({"kty": "EC", "crv": "P-256", "kid": "kit", "use": "sig", "alg": "ES256",
        "x": coordinate(1..33), "y": coordinate(33..65)});
    json!({"keys": [key]}).to_string()
}

//! How a cluster is attached: an address, whom to trust, and how to prove oneself.

use serde_json::{Value, json};
use tintype_testkit::{
    client::basic,
    proxy::{FaultProxy, ProxyOptions},
};

use crate::rig::Rig;

/// An access level of Tintype, which is also the role of an engine's user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Observe,
    Take,
    Operate,
}

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Take => "take",
            Self::Operate => "operate",
        }
    }
}

/// A way into an engine. The proxy, where there is one, lives as long as the door.
pub struct Door {
    pub url: String,
    pub ca: String,
    pub fingerprint: String,
    pub auth: Value,
    proxy: Option<FaultProxy>,
}

impl Door {
    /// What an attach says of it, trusting the authority.
    pub fn body(&self, level: Level) -> Value {
        json!({"url": self.url, "ca": self.ca, "auth": self.auth, "access": level.name()})
    }

    /// The proxy of a watched door.
    pub fn proxy(&self) -> &FaultProxy {
        self.proxy.as_ref().unwrap()
    }
}

impl Rig {
    /// Straight to the engine as the user of this level; where a distribution has no security of its own, through a
    /// proxy that asks for a password over TLS.
    pub fn door(&self, level: Level) -> Door {
        if !self.engine.row().has_security {
            return self.watched(level);
        }
        let (name, password) = self.login(level);
        self.straight(json!({"type": "basic", "username": name, "password": password}))
    }

    fn straight(&self, auth: Value) -> Door {
        Door {
            url: self.engine.url().to_owned(),
            ca: self.engine.ca_pem().unwrap(),
            fingerprint: self.engine.server_cert().fingerprint(),
            auth,
            proxy: None,
        }
    }

    /// Through a proxy with TLS that records every request, and breaks what it is told to.
    pub fn watched(&self, level: Level) -> Door {
        let (name, password) = self.login(level);
        let auth = json!({"type": "basic", "username": name, "password": password});
        self.behind_proxy(auth, &basic(&name, &password), self)
    }

    /// A watched door to this engine that looks like one to `other`: the same certificate, the same password.
    pub fn disguised_as(&self, other: &Rig, level: Level) -> Door {
        let (name, password) = self.login(level);
        let auth = json!({"type": "basic", "username": name, "password": password});
        self.behind_proxy(auth, &basic(&name, &password), other)
    }

    /// The proxy shows the certificate of `face`, and asks for `header` where the engine cannot.
    fn behind_proxy(&self, auth: Value, header: &str, face: &Rig) -> Door {
        let options = ProxyOptions {
            upstream_ca: self.engine.ca_pem(),
            certificate: Some(face.front.clone()),
            require: (!self.engine.row().has_security).then(|| header.to_owned()),
        };
        let proxy = FaultProxy::with(self.engine.url(), options).unwrap();
        Door {
            url: proxy.url(),
            ca: face.front_ca.clone(),
            fingerprint: face.front.fingerprint(),
            auth,
            proxy: Some(proxy),
        }
    }

    /// Every kind of authentication that this engine can be asked with, at level operate.
    pub fn every_door(&self) -> Vec<Door> {
        let mut doors = vec![self.door(Level::Operate)];
        if self.engine.row().has_security {
            let pair = self.engine.client_cert();
            // The realm of tokens came with 8.2.
            if !self.engine.row().version.starts_with('7') {
                let token = self.engine.bearer_token(&self.login(Level::Operate).0).unwrap();
                doors.push(self.straight(json!({"type": "bearer", "token": token})));
            }
            doors.push(
                self.straight(
                    json!({"type": "certificate", "certificate": pair.cert_pem, "key": pair.key_pem}),
                ),
            );
        } else {
            let bearer = json!({"type": "bearer", "token": "a-bearer-token"});
            doors.push(self.behind_proxy(bearer, "Bearer a-bearer-token", self));
            let key = json!({"type": "api_key", "api_key": "aWQ6c2VjcmV0"});
            doors.push(self.behind_proxy(key, "ApiKey aWQ6c2VjcmV0", self));
        }
        doors
    }

    /// Name and password of a level's user: the file realm's, also where a proxy asks for them.
    pub fn login(&self, level: Level) -> (String, String) {
        let level = level.name();
        (format!("kit-{level}"), format!("engine-password-of-{level}"))
    }
}

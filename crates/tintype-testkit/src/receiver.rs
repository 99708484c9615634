//! A webhook's receiver: a real HTTP server that accepts everything, unless its script says otherwise.

use std::{pin::Pin, sync::Arc};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Response, StatusCode};

use crate::{
    faults::{Faults, Recorded},
    server::{Answer, Backend, Server},
};

/// Answers 204 to everything and keeps it.
pub struct Receiver {
    server: Server,
    faults: Faults,
}

struct Accepting(Faults);

impl Backend for Accepting {
    fn faults(&self, _request: &Recorded) -> Faults {
        self.0.clone()
    }

    fn handle(self: Arc<Self>, _request: Recorded) -> Pin<Box<dyn Future<Output = Option<Answer>> + Send>> {
        Box::pin(async move {
            let mut answer = Response::new(Full::new(Bytes::new()));
            *answer.status_mut() = StatusCode::NO_CONTENT;
            Some(answer)
        })
    }
}

impl Receiver {
    /// Listens on a free loopback port.
    ///
    /// # Errors
    /// When there is none.
    pub fn start() -> anyhow::Result<Self> {
        let faults = Faults::default();
        let server = Server::start(Arc::new(Accepting(faults.clone())), None)?;
        Ok(Self { server, faults })
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Its script and its record.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }
}

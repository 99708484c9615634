//! An address behind which another server can be put.

use std::net::SocketAddr;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Passes bytes on to its target; turning it cuts what was connected before.
pub struct Switch {
    address: SocketAddr,
    target: watch::Sender<String>,
}

impl Switch {
    /// Towards `https://HOST:PORT`.
    pub async fn to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (target, targets) = watch::channel(host(url));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass(stream, targets.clone()));
            }
        });
        Self { address, target }
    }

    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// From now on another server is behind the address.
    pub fn turn(&self, url: &str) {
        self.target.send_replace(host(url));
    }
}

fn host(url: &str) -> String {
    url.trim_start_matches("https://").to_owned()
}

async fn pass(mut stream: TcpStream, mut targets: watch::Receiver<String>) {
    let target = targets.borrow_and_update().clone();
    let Ok(mut upstream) = TcpStream::connect(&target).await else {
        return;
    };
    tokio::select! {
        _ = copy_bidirectional(&mut stream, &mut upstream) => {}
        _ = targets.changed() => {}
    }
}

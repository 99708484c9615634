//! The stores, and how each is filled and opened.

use crate::truth::join;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::path::PathBuf;
use tintype_repository::source::{Access, Source, SourceError};
use tintype_testkit::s3::S3Server;
use tintype_testkit::stores::{Azurite, BUCKET, FakeGcs, Moto};
use tintype_testkit::workdir::WorkDir;
use tokio::sync::OnceCell;

/// A store that all tests share. Each test has a prefix of its own.
pub enum Ground {
    Directory(WorkDir),
    Versitygw(S3Server),
    Moto(Moto),
    Azurite(Azurite),
    FakeGcs(FakeGcs),
}

macro_rules! shared {
    ($name:ident, $variant:ident, $start:expr) => {
        pub async fn $name() -> &'static Ground {
            static GROUND: OnceCell<Ground> = OnceCell::const_new();
            let start = || async { Ground::$variant($start.unwrap()) };
            GROUND.get_or_init(start).await
        }
    };
}

shared!(directory, Directory, WorkDir::new());
shared!(versitygw, Versitygw, S3Server::start().await);
shared!(moto, Moto, Moto::start().await);
shared!(azurite, Azurite, Azurite::start().await);
shared!(fake_gcs, FakeGcs, FakeGcs::start().await);

/// What opens a store of versitygw.
pub fn s3_access(endpoint: &str) -> Access {
    Access {
        endpoint: Some(endpoint.to_owned()),
        username: Some(S3Server::ACCESS_KEY.to_owned()),
        password: Some(S3Server::SECRET_KEY.into()),
        ..Access::default()
    }
}

/// What opens a store of Azurite.
pub fn azure_access(endpoint: &str) -> Access {
    Access {
        endpoint: Some(endpoint.to_owned()),
        username: Some(Azurite::ACCOUNT.to_owned()),
        password: Some(Azurite::KEY.into()),
        ..Access::default()
    }
}

impl Ground {
    pub fn s3(&self) -> &S3Server {
        let Self::Versitygw(server) = self else {
            panic!("this is not versitygw");
        };
        server
    }

    pub fn azure(&self) -> &Azurite {
        let Self::Azurite(server) = self else {
            panic!("this is not Azurite");
        };
        server
    }

    pub fn access(&self) -> Access {
        match self {
            Self::Directory(_) => Access::default(),
            Self::Versitygw(server) => s3_access(&server.endpoint()),
            Self::Moto(server) => s3_access(&server.endpoint()),
            Self::Azurite(server) => azure_access(&server.endpoint()),
            Self::FakeGcs(server) => Access {
                endpoint: Some(server.endpoint()),
                anonymous: true,
                ..Access::default()
            },
        }
    }

    /// The URL of a path from the bucket's root.
    pub fn url(&self, path: &str) -> String {
        self.url_in(BUCKET, path)
    }

    /// The URL of a path from a bucket's root.
    pub fn url_in(&self, bucket: &str, path: &str) -> String {
        match self {
            Self::Directory(dir) => format!("{}/{path}", root(dir, bucket).display()),
            Self::Versitygw(_) | Self::Moto(_) => format!("s3://{bucket}/{path}"),
            Self::Azurite(_) => format!("az://{bucket}/{path}"),
            Self::FakeGcs(_) => format!("gs://{bucket}/{path}"),
        }
    }

    /// Opens a path of the store so that the path is its root.
    pub fn open(&self, path: &str) -> Source {
        let access = Access {
            base_path: Some(String::new()),
            ..self.access()
        };
        Source::open(&self.url(path), &access).unwrap()
    }

    /// The same path in a bucket that is not there.
    pub fn elsewhere(&self) -> Result<Source, SourceError> {
        let url = self.url("x").replace(BUCKET, "no-such-bucket");
        Source::open(
            &url.replace("/tintype-test-", "/no-such-directory-"),
            &self.access(),
        )
    }

    /// Makes another bucket.
    pub async fn make_bucket(&self, bucket: &str) {
        match self {
            Self::Directory(dir) => std::fs::create_dir_all(root(dir, bucket)).unwrap(),
            Self::Versitygw(server) => std::fs::create_dir_all(server.data().join(bucket)).unwrap(),
            Self::Moto(server) => server.make_bucket(bucket).await.unwrap(),
            Self::Azurite(server) => server.make_container(bucket).await.unwrap(),
            Self::FakeGcs(server) => server.make_bucket(bucket).await.unwrap(),
        }
    }

    pub async fn put(&self, key: &str, bytes: &[u8]) {
        self.put_in(BUCKET, key, bytes).await;
    }

    async fn put_in(&self, bucket: &str, key: &str, bytes: &[u8]) {
        match self {
            Self::Directory(dir) => write(root(dir, bucket).join(key), bytes),
            Self::Versitygw(server) => write(server.data().join(bucket).join(key), bytes),
            Self::Moto(server) => server.put_in(bucket, key, bytes, "STANDARD").await.unwrap(),
            Self::Azurite(server) => server.put_in(bucket, key, bytes).await.unwrap(),
            Self::FakeGcs(server) => server.put_in(bucket, key, bytes).await.unwrap(),
        }
    }

    /// Puts what [`tree`](tintype_testkit::corpus::tree) gave below a path of a bucket; empty for its root.
    pub async fn put_tree(&self, bucket: &str, below: &str, tree: &[(String, Vec<u8>)]) {
        let puts = stream::iter(tree).map(|(path, bytes)| async move {
            let key = join(below, path);
            self.put_in(bucket, &key, bytes).await;
        });
        puts.buffer_unordered(16).collect::<()>().await;
    }

    pub async fn delete(&self, key: &str) {
        match self {
            Self::Directory(dir) => std::fs::remove_file(dir.path().join(key)).unwrap(),
            Self::Versitygw(server) => std::fs::remove_file(server.data().join(BUCKET).join(key)).unwrap(),
            Self::Moto(server) => server.delete(key).await.unwrap(),
            Self::Azurite(server) => server.delete(key).await.unwrap(),
            Self::FakeGcs(server) => server.delete(key).await.unwrap(),
        }
    }

    /// Puts many, each with its key as its content.
    pub async fn put_all(&self, keys: &[String]) {
        let puts = stream::iter(keys).map(|key| async {
            self.put(key, key.as_bytes()).await;
            Ok::<(), SourceError>(())
        });
        puts.buffer_unordered(16).try_collect::<()>().await.unwrap();
    }
}

/// A directory is one bucket; another one is a directory in it.
fn root(dir: &WorkDir, bucket: &str) -> PathBuf {
    match bucket {
        BUCKET => dir.path().to_owned(),
        other => dir.path().join(other),
    }
}

fn write(path: PathBuf, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

//! Domain types and their legal transitions: no I/O, nothing of the wire.

pub mod api_key;
pub mod audit;
pub mod cluster;
pub mod name;
pub mod observation;
pub mod operation;
pub mod operator;
pub mod progress;
pub mod register;
pub mod repository;
pub mod restore;
pub mod take;

pub use api_key::ApiKey;
pub use cluster::{AccessLevel, Cluster, ClusterSecrets, EngineAuth};
pub use name::{ClusterId, NameError, RepositoryName, SnapshotName};
pub use observation::Observation;
pub use operation::{Answer, Event, Failure, FailureKind, Operation, OperationKind, Status};
pub use operator::{Operator, Role};
pub use progress::Progress;
pub use repository::{PlatformRepository, Reader};

/// The version of the persisted states below; it is stored with each of them.
pub const STATE_VERSION: u32 = 1;

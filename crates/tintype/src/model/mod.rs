//! Domain types and their legal transitions: no I/O, nothing of the wire.

pub mod api_key;
pub mod attest;
pub mod audit;
pub mod change;
pub mod cluster;
pub mod delete;
pub mod health;
pub mod inventory;
pub mod name;
pub mod observation;
pub mod operation;
pub mod operator;
pub mod progress;
pub mod register;
pub mod repository;
pub mod restore;
pub mod search;
pub mod session;
pub mod take;
pub mod verdict;
pub mod verify;
pub mod webhook;

pub use api_key::ApiKey;
pub use attest::{AttestKey, Attestation};
pub use change::{Change, ChangeKind};
pub use cluster::{AccessLevel, Cluster, ClusterSecrets, EngineAuth};
pub use health::{Alert, Health};
pub use inventory::Inventory;
pub use name::{ClusterId, NameError, RepositoryName, SnapshotName, UserName};
pub use observation::Observation;
pub use operation::{Answer, Event, Failure, FailureKind, Operation, OperationKind, Status};
pub use operator::{Operator, Role, UserChange};
pub use progress::Progress;
pub use repository::{PlatformRepository, Reader};
pub use session::{Factor, Session, TotpDevice, TotpSecret};
pub use verdict::{Standing, Verdict};
pub use verify::{Proof, TakenSnapshot, VerifyOptions, VerifySchedule};
pub use webhook::{Webhook, WebhookEvent};

/// The version of the persisted states below; it is stored with each of them.
pub const STATE_VERSION: u32 = 1;

//! The calls, one file per resource, each with the parts of the answers that are read.

pub(crate) mod checks;
pub(crate) mod cluster;
pub(crate) mod indices;
pub(crate) mod lenient;
pub(crate) mod listing;
pub(crate) mod names;
pub(crate) mod policies;
pub(crate) mod recovery;
pub(crate) mod rename;
pub(crate) mod repositories;
pub(crate) mod restore;
pub(crate) mod snapshots;
pub(crate) mod status;
pub(crate) mod uses;

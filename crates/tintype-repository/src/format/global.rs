//! `meta-{uuid}.dat` at the root: the cluster's global metadata, read only by a restore with global state.

use super::FormatError;

/// Checks the envelope and that the body holds `meta-data`.
///
/// # Errors
/// Any damage that [`super::Problem`] names.
pub fn check(_bytes: &[u8]) -> Result<(), FormatError> {
    unimplemented!()
}

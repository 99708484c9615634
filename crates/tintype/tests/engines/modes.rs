//! Locations that cannot be written.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

/// Directories alone: whoever may not write them makes no file either.
pub fn set_mode(directory: &Path, mode: u32) {
    fs::set_permissions(directory, fs::Permissions::from_mode(mode)).unwrap();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            set_mode(&path, mode);
        }
    }
}

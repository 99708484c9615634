//! Copies of directories, and what lies in them.

use std::{fs, path::Path};

use anyhow::Context;

/// Copies a directory with everything in it into a new one; files get the usual permissions, so that the copy can be
/// changed and read by engines.
///
/// # Errors
/// When something cannot be read or written.
pub fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)
                .with_context(|| format!("cannot copy {}", entry.path().display()))?;
        }
    }
    Ok(())
}

/// Every file below a directory: its path from there with `/` between the parts, and its bytes.
///
/// # Errors
/// When something cannot be read, or a name is no UTF-8.
pub fn tree(directory: &Path) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut found = Vec::new();
    gather(directory, "", &mut found)?;
    Ok(found)
}

fn gather(directory: &Path, below: &str, found: &mut Vec<(String, Vec<u8>)>) -> anyhow::Result<()> {
    for entry in fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.with_context(|| format!("{} is no UTF-8", path.display()))?;
        if path.is_dir() {
            gather(&path, &format!("{below}{name}/"), found)?;
        } else {
            let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            found.push((format!("{below}{name}"), bytes));
        }
    }
    Ok(())
}

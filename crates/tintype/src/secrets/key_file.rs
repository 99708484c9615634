//! The file that holds the key: made at the first start, readable by its owner alone.

use super::SecretsError;
use crate::ids;
use data_encoding::{BASE64, HEXLOWER, HEXLOWER_PERMISSIVE};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use zeroize::Zeroizing;

pub(super) type Key = Zeroizing<[u8; 32]>;

const COMMENT: &str =
    "# The key that seals secrets in Tintype's database. Keep a copy apart from its backups.";

pub(super) fn open_or_create(path: &Path, store_is_new: bool) -> Result<Key, SecretsError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound && store_is_new => return create(path),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(SecretsError::KeyMissing(path.to_owned()));
        }
        Err(source) if source.kind() == ErrorKind::InvalidData => {
            return Err(SecretsError::KeyMalformed(path.to_owned()));
        }
        Err(source) => {
            return Err(SecretsError::KeyFile {
                path: path.to_owned(),
                action: "read",
                source,
            });
        }
    };
    let read = |source| SecretsError::KeyFile {
        path: path.to_owned(),
        action: "read",
        source,
    };
    let mode = std::fs::metadata(path).map_err(read)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SecretsError::KeyReadable {
            path: path.to_owned(),
            mode,
        });
    }
    parse(&text).ok_or_else(|| SecretsError::KeyMalformed(path.to_owned()))
}

fn parse(text: &str) -> Option<Key> {
    let mut lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let line = lines.next()?;
    if lines.next().is_some() {
        return None;
    }
    let encoding = if line.len() == 64 {
        HEXLOWER_PERMISSIVE
    } else {
        BASE64
    };
    let bytes = Zeroizing::new(encoding.decode(line.as_bytes()).ok()?);
    Some(Zeroizing::new(bytes.as_slice().try_into().ok()?))
}

/// Makes a key under another name first, so that a crash never leaves half of one behind.
fn create(path: &Path) -> Result<Key, SecretsError> {
    let key = Zeroizing::new(ids::random::<32>());
    let text = Zeroizing::new(format!("{COMMENT}\n{}\n", HEXLOWER.encode(key.as_slice())));
    match write(path, &text) {
        Ok(()) => Ok(key),
        // Another process made one meanwhile: that one counts.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => open_or_create(path, false),
        Err(source) => Err(SecretsError::KeyFile {
            path: path.to_owned(),
            action: "made",
            source,
        }),
    }
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let dir = path
        .parent()
        .filter(|dir| !dir.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)?;
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", ids::cluster_id()));
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    // A link fails when another process was first; a rename would replace its key.
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    linked?;
    std::fs::File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn put(path: &Path, text: &str, mode: u32) {
        std::fs::write(path, text).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_key_is_made_once_and_for_its_owner_alone() {
        let dir = dir();
        let path = dir.path().join("new/dir/tintype.key");
        let made = open_or_create(&path, true).unwrap();
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(
            std::fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1,
            "a draft was left behind"
        );
        assert_eq!(open_or_create(&path, true).unwrap(), made);
        assert_eq!(open_or_create(&path, false).unwrap(), made);
    }

    #[test]
    fn no_key_is_made_for_a_database_that_is_there() {
        let path = dir().path().join("tintype.key");
        let error = open_or_create(&path, false).unwrap_err();
        assert!(matches!(error, SecretsError::KeyMissing(_)));
        assert!(error.to_string().contains("secrets.key_file"));
        assert!(!path.exists());
    }

    #[test]
    fn a_key_that_others_may_read_is_refused_with_the_remedy() {
        let dir = dir();
        let path = dir.path().join("key");
        for mode in [0o640, 0o604, 0o644, 0o660] {
            put(&path, &"0".repeat(64), mode);
            let error = open_or_create(&path, false).unwrap_err().to_string();
            assert!(error.contains("chmod 600"), "{error}");
        }
        put(&path, &"0".repeat(64), 0o400);
        open_or_create(&path, false).unwrap();
    }

    #[test]
    fn hexadecimal_and_base64_with_comments_are_keys_and_nothing_else_is() {
        let zeros = "A".repeat(43) + "=";
        for good in [
            &"0".repeat(64),
            &format!("# a\n\n  {}  \n# b\n", "0".repeat(64)),
            &zeros,
        ] {
            assert_eq!(parse(good).unwrap().as_slice(), [0; 32]);
        }
        for bad in [
            "",
            "# only\n",
            "00",
            &"0".repeat(66),
            &"g".repeat(64),
            &format!("{zeros}\n{zeros}\n"),
        ] {
            assert!(parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_file_that_holds_no_key_is_refused() {
        let dir = dir();
        let path = dir.path().join("key");
        put(&path, "nonsense", 0o600);
        assert!(matches!(
            open_or_create(&path, true),
            Err(SecretsError::KeyMalformed(_))
        ));
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(matches!(
            open_or_create(&path, true),
            Err(SecretsError::KeyMalformed(_))
        ));
    }
}

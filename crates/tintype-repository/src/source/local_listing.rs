//! Listings of a directory of this machine.

use super::errors::SourceError;
use super::local::{Local, entry, in_words};
use super::{Entry, keys};
use rustix::fs::{AtFlags, Dir, FileType, statat};
use std::collections::HashSet;
use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::MetadataExt;

/// What lies in a directory under some name.
enum Found {
    Blob(Entry),
    /// `link`: it was reached over a link.
    Directory {
        name: String,
        link: bool,
    },
}

impl Local {
    pub(crate) fn list(&self, prefix: &str, each: &mut (dyn FnMut(Entry) + Send)) -> Result<(), SourceError> {
        keys::check_prefix(prefix)?;
        let mut waiting = vec![(prefix.to_owned(), false)];
        // A directory is entered once over links, so that those that go round in circles end.
        let mut entered = HashSet::new();
        while let Some((directory, link)) = waiting.pop() {
            let Some(handle) = self.open_directory(&directory)? else {
                continue;
            };
            if link {
                let found = handle.metadata().map_err(|error| in_words(&directory, &error))?;
                if !entered.insert((found.dev(), found.ino())) {
                    continue;
                }
            }
            self.look(&directory, handle, &mut |found| {
                match found {
                    Found::Blob(entry) => each(entry),
                    Found::Directory { name, link } => waiting.push((keys::join(&directory, &name), link)),
                }
                true
            })?;
        }
        Ok(())
    }

    pub(crate) fn directory(&self, prefix: &str) -> Result<(Vec<Entry>, Vec<String>), SourceError> {
        keys::check_prefix(prefix)?;
        let (mut entries, mut names) = (Vec::new(), Vec::new());
        if let Some(handle) = self.open_directory(prefix)? {
            if let Ok(again) = handle.try_clone() {
                self.entered(prefix, again);
            }
            self.look(prefix, handle, &mut |found| {
                match found {
                    Found::Blob(entry) => entries.push(entry),
                    Found::Directory { name, .. } => names.push(name),
                }
                true
            })?;
        }
        Ok((entries, names))
    }

    pub(crate) fn holds_anything(&self, prefix: &str) -> Result<bool, SourceError> {
        let mut any = false;
        if let Some(handle) = self.open_directory(prefix)? {
            self.look(prefix, handle, &mut |_| {
                any = true;
                false
            })?;
        }
        Ok(any)
    }

    /// `None` when it is not there, or is none.
    fn open_directory(&self, prefix: &str) -> Result<Option<File>, SourceError> {
        match self.beneath(prefix) {
            Ok(handle) => Ok(Some(handle)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(in_words(shown(prefix), &error)),
        }
    }

    /// Passes on what lies in a directory, until `each` has enough.
    fn look(
        &self,
        prefix: &str,
        handle: File,
        each: &mut dyn FnMut(Found) -> bool,
    ) -> Result<(), SourceError> {
        let wrong = |error: rustix::io::Errno| in_words(shown(prefix), &error.into());
        // A file where a directory should be holds nothing. Which call says so depends on the system.
        let nothing = |error| match error {
            rustix::io::Errno::NOTDIR => Ok(()),
            error => Err(wrong(error)),
        };
        let mut members = match Dir::new(handle) {
            Ok(members) => members,
            Err(error) => return nothing(error),
        };
        while let Some(member) = members.read() {
            let member = match member {
                Ok(member) => member,
                Err(error) => return nothing(error),
            };
            let handle = members.fd().map_err(wrong)?;
            let name = member.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let found = self.judge(prefix, handle, name, member.file_type());
            if let Some(found) = found.map_err(|error| in_words(shown(prefix), &error))?
                && !each(found)
            {
                break;
            }
        }
        Ok(())
    }

    /// `None`: gone meanwhile, a link that leads nowhere or out, or neither file nor directory.
    fn judge(
        &self,
        prefix: &str,
        handle: BorrowedFd<'_>,
        raw: &CStr,
        kind: FileType,
    ) -> io::Result<Option<Found>> {
        // A name that is no UTF-8 is seen, but nothing can be asked of it.
        let name = String::from_utf8_lossy(raw.to_bytes());
        if kind == FileType::Directory {
            let name = name.into_owned();
            return Ok(Some(Found::Directory { name, link: false }));
        }
        let key = keys::join(prefix, &name);
        let found = match statat(handle, raw, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => found,
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok(match FileType::from_raw_mode(found.st_mode) {
            FileType::RegularFile => {
                let length = u64::try_from(found.st_size).unwrap_or(0);
                let nanoseconds = i64::try_from(found.st_mtime_nsec).unwrap_or(0);
                Some(Found::Blob(entry(key, length, found.st_mtime, nanoseconds)))
            }
            FileType::Directory => Some(Found::Directory {
                name: name.into_owned(),
                link: false,
            }),
            FileType::Symlink => self.followed(key, name.into_owned()),
            _ => None,
        })
    }

    fn followed(&self, key: String, name: String) -> Option<Found> {
        let found = self.beneath(&key).and_then(|file| file.metadata()).ok()?;
        if found.is_dir() {
            return Some(Found::Directory { name, link: true });
        }
        let blob = || Found::Blob(entry(key, found.len(), found.mtime(), found.mtime_nsec()));
        found.is_file().then(blob)
    }
}

fn shown(prefix: &str) -> &str {
    if prefix.is_empty() { "." } else { prefix }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Cause;
    use std::fs;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    fn opened(dir: &tempfile::TempDir) -> Local {
        Local::open(dir.path().to_str().unwrap()).unwrap()
    }

    fn listed(local: &Local, prefix: &str) -> Vec<String> {
        let mut found = Vec::new();
        local.list(prefix, &mut |entry| found.push(entry.key)).unwrap();
        found.sort();
        found
    }

    #[test]
    fn links_inside_are_followed_and_end() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/b")).unwrap();
        fs::write(dir.path().join("a/b/x"), b"123").unwrap();
        symlink("..", dir.path().join("a/up")).unwrap();
        symlink(dir.path().join("a/b/x"), dir.path().join("y")).unwrap();
        symlink("nowhere", dir.path().join("z")).unwrap();
        let local = opened(&dir);
        assert_eq!(listed(&local, ""), ["a/b/x", "a/up/a/b/x", "a/up/y", "y"]);
        assert_eq!(local.get("y", 3).unwrap(), "123");
        assert_eq!(local.directory("a").unwrap().1.len(), 2);
    }

    #[test]
    fn what_lies_in_a_listed_directory_is_what_lies_there_now() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("x"), b"1").unwrap();
        symlink("x", path.join("link")).unwrap();
        symlink("/etc/passwd", path.join("out")).unwrap();
        let local = opened(&dir);
        assert_eq!(local.directory("a/b").unwrap().0.len(), 2);
        assert_eq!(
            (local.get("a/b/x", 9).unwrap(), local.get("a/b/link", 9).unwrap()),
            ("1".into(), "1".into())
        );
        assert_eq!(local.get("a/b/out", 9).unwrap_err().cause, Cause::Denied);
        fs::remove_dir_all(&path).unwrap();
        assert_eq!(local.get("a/b/x", 9).unwrap_err().cause, Cause::Missing);
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("x"), b"2").unwrap();
        assert_eq!(local.get("a/b/x", 9).unwrap(), "2");
        let other = tempfile::tempdir().unwrap();
        fs::create_dir_all(other.path().join("a/b")).unwrap();
        assert_eq!(opened(&other).get("a/b/x", 9).unwrap_err().cause, Cause::Missing);
    }

    #[test]
    fn links_that_lead_out_are_not_followed() {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(other.path().join("secret"), b"123").unwrap();
        symlink(other.path(), dir.path().join("out")).unwrap();
        symlink(other.path().join("secret"), dir.path().join("file")).unwrap();
        let local = opened(&dir);
        assert!(listed(&local, "").is_empty());
        for key in ["file", "out/secret"] {
            let error = local.get(key, 10).unwrap_err();
            assert_eq!(error.cause, Cause::Denied);
            assert!(error.message.contains("link out of"), "{error}");
        }
        assert_eq!(local.directory("out").unwrap_err().cause, Cause::Denied);
    }

    #[test]
    fn a_name_that_is_no_utf8_is_listed_and_a_pipe_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let name = std::ffi::OsStr::from_bytes(b"a\xff");
        fs::write(dir.path().join(name), b"1").unwrap();
        rustix::fs::mknodat(
            File::open(dir.path()).unwrap(),
            "pipe",
            FileType::Fifo,
            rustix::fs::Mode::RWXU,
            0,
        )
        .unwrap();
        let local = opened(&dir);
        assert_eq!(listed(&local, ""), ["a\u{fffd}"]);
        assert_eq!(local.get("a\u{fffd}", 1).unwrap_err().cause, Cause::Missing);
        assert_eq!(local.get("pipe", 1).unwrap_err().cause, Cause::Missing);
    }
}

//! Secrets from files, variables and prompts; none of them is ever printed.

use super::error::{CliError, Result};
use crate::ids;
use secrecy::SecretString;
use std::io::{IsTerminal, Read};
use std::path::Path;

/// Longer files are no secrets but mistakes.
const LONGEST: u64 = 64 * 1024;

/// A secret's file: its text without the newline at its end. `-` is standard input.
///
/// # Errors
/// Usage, naming `option`: the file is missing, unreadable, empty, no text, or longer than 64 KiB.
pub fn from_file(option: &str, path: &Path) -> Result<SecretString> {
    text_file(option, path).map(SecretString::from)
}

/// A file of text such as a certificate: as [`from_file`], but not secret.
///
/// # Errors
/// As [`from_file`].
pub fn text_file(option: &str, path: &Path) -> Result<String> {
    let bad = |why: &str| CliError::Usage(format!("{option}: {}: {why}", path.display()));
    let mut text = String::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin()
            .lock()
            .take(LONGEST + 1)
            .read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text))
    };
    read.map_err(|error| bad(&error.to_string()))?;
    if text.len() as u64 > LONGEST {
        return Err(bad("longer than 64 KiB"));
    }
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(bad("it is empty"));
    }
    Ok(line.to_owned())
}

/// Asks on the terminal without echo; `None` when there is none to ask on.
///
/// # Errors
/// Failed when the terminal cannot be read.
pub fn prompt(question: &str) -> Result<Option<SecretString>> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(None);
    }
    let answer = dialoguer::Password::new().with_prompt(question).interact();
    answer
        .map(|text| Some(SecretString::from(text)))
        .map_err(|error| CliError::Failed(error.to_string()))
}

/// A password that nobody has thought of: 144 random bits.
pub fn generate() -> SecretString {
    SecretString::from(ids::secret()[..24].to_owned())
}

/// Asks twice on the terminal for a secret that is new; `None` when there is none to ask on.
///
/// # Errors
/// Failed when the terminal cannot be read.
pub fn prompt_new(question: &str) -> Result<Option<SecretString>> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(None);
    }
    let asked = dialoguer::Password::new()
        .with_prompt(question)
        .with_confirmation("The same again", "they differ");
    let answer = asked.interact();
    answer
        .map(|text| Some(SecretString::from(text)))
        .map_err(|error| CliError::Failed(error.to_string()))
}

/// Asks before something that cannot be taken back, when there is a terminal to ask on; scripts are not asked.
///
/// # Errors
/// Failed when the answer is no.
pub fn confirm(question: &str, yes: bool) -> Result<()> {
    if yes || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(());
    }
    match dialoguer::Confirm::new()
        .with_prompt(question)
        .default(false)
        .interact()
    {
        Ok(true) => Ok(()),
        Ok(false) => Err(CliError::Failed("nothing was done".into())),
        Err(error) => Err(CliError::Failed(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn read(content: &[u8]) -> Result<SecretString> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        std::fs::write(&path, content).unwrap();
        from_file("--pass-file", &path)
    }

    #[test]
    fn only_the_newline_at_the_end_is_stripped() {
        for (content, secret) in [
            ("pass\n", "pass"),
            ("pass\r\n", "pass"),
            ("pa ss ", "pa ss "),
            ("a\n\n", "a\n"),
        ] {
            assert_eq!(read(content.as_bytes()).unwrap().expose_secret(), secret);
        }
    }

    #[test]
    fn bad_files_are_usage_errors_that_name_the_option() {
        let long = vec![b'x'; 70_000];
        for content in [&b""[..], b"\n", b"\xff\xfe", &long] {
            let error = read(content).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(error.to_string().starts_with("--pass-file: "), "{error}");
        }
        let missing = from_file("--pass-file", Path::new("not/here")).unwrap_err();
        assert!(missing.to_string().contains("not/here"), "{missing}");
    }
}

//! Foreign text made fit to show.

use secrecy::{ExposeSecret, SecretString};

/// At most `limit` bytes of `text`, cut at a character, with control characters turned into spaces.
pub(crate) fn clean(text: &str, limit: usize) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if out.len() + c.len_utf8() > limit {
            break;
        }
        let hidden = c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        out.push(if hidden { ' ' } else { c });
    }
    out
}

/// The credentials that must never be shown, even when an answer echoes them.
#[derive(Debug, Default)]
pub(crate) struct Secrets(Vec<SecretString>);

impl Secrets {
    pub(crate) fn add(&mut self, secret: impl Into<SecretString>) {
        let secret = secret.into();
        // Anything shorter occurs in ordinary words.
        if secret.expose_secret().len() >= 4 {
            self.0.push(secret);
        }
    }

    /// The text without any of the secrets.
    pub(crate) fn scrub(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.expose_secret(), "[redacted]")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_text_has_no_control_characters_and_is_cut_at_a_character() {
        assert_eq!(clean("a\r\nb\u{1b}[31mc\u{202e}", 100), "a  b [31mc ");
        assert_eq!(clean("ééé", 5), "éé");
    }

    #[test]
    fn secrets_are_scrubbed_from_what_an_answer_echoes() {
        let mut secrets = Secrets::default();
        secrets.add("hunter22".to_owned());
        assert_eq!(
            secrets.scrub("bad password hunter22!"),
            "bad password [redacted]!"
        );
    }
}

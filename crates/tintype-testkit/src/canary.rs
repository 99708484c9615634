//! Secrets that must turn up nowhere, and the forms in which they could.

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Every text under which a secret could hide: itself, in hexadecimal, percent-encoded, and what is always the same of its
/// base64 at each of the three places where it can begin within a longer text.
pub fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![
        secret.to_owned(),
        HEXLOWER.encode(secret.as_bytes()),
        HEXUPPER.encode(secret.as_bytes()),
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        BASE64.encode(secret.as_bytes()),
    ];
    for before in 0..3 {
        let text = [vec![0; before], secret.as_bytes().to_vec()].concat();
        for encoding in [BASE64_NOPAD, BASE64URL_NOPAD] {
            let encoded = encoding.encode(&text);
            // The first and the last characters depend on the neighbours.
            let inner = &encoded[(before * 8).div_ceil(6)..text.len() / 3 * 4];
            forms.push(inner.to_owned());
        }
    }
    forms.sort();
    forms.dedup();
    forms
}

/// Where in `haystack` the secret is, in whatever form; the form that was found.
pub fn find(haystack: &[u8], secret: &str) -> Option<String> {
    forms(secret)
        .into_iter()
        .find(|form| contains(haystack, form.as_bytes()))
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else {
        return false;
    };
    let mut rest = haystack;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        rest = &rest[at..];
        if rest.starts_with(needle) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_every_form_and_beside_any_neighbours() {
        let secret = "canary-17-b06fd1";
        for before in ["", "a", "ab", "abc"] {
            let text = format!("{before}{secret}!");
            for hidden in [
                text.clone(),
                BASE64.encode(text.as_bytes()),
                BASE64URL_NOPAD.encode(text.as_bytes()),
                HEXLOWER.encode(text.as_bytes()),
                HEXUPPER.encode(text.as_bytes()),
                utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string(),
            ] {
                let line = format!("level=TRACE value={hidden} and more");
                assert!(find(line.as_bytes(), secret).is_some(), "{hidden}");
            }
        }
        assert_eq!(find(b"canary-17-b06fd0 and Y2FuYXJ5", secret), None);
    }
}

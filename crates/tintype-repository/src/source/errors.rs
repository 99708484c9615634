//! What went wrong with a store, in words that say what to try and hold no secret.

use super::client::{NoCredentials, Refusal};
use crate::address::RefusedAddress;
use object_store::client::HttpError;
use secrecy::{ExposeSecret, SecretString};
use std::error::Error;

/// Why a blob or a listing could not be read. Its words hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SourceError {
    /// What kind of trouble.
    pub cause: Cause,
    /// The store's own words, with the key, and what to try.
    pub message: String,
}

impl SourceError {
    pub(crate) fn new(cause: Cause, message: String) -> Self {
        Self { cause, message }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Cause::Usage, message.into())
    }
}

/// Kinds of trouble with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The blob or directory is not there.
    Missing,
    /// The bucket or container itself is not there: nothing is known of the blob.
    NoStore,
    /// The store does not let us.
    Denied,
    /// The blob is archived and must be thawed first.
    Archived,
    /// Throttled, cut, timed out or unreachable, after all retries: nothing is known of the blob.
    Unavailable,
    /// Larger than the reader's cap.
    TooLarge,
    /// A URL, a region or an option that cannot be right.
    Usage,
}

/// A failed attempt.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: SourceError,
    /// Another attempt may go well.
    pub(crate) transient: bool,
    /// The store asks for patience.
    pub(crate) throttled: bool,
    /// The blob ends before the range begins.
    pub(crate) past_the_end: bool,
    /// A listing's prefix, not its bucket, is what is missing.
    pub(crate) no_such_key: bool,
}

impl Failure {
    pub(crate) fn lasting(error: SourceError) -> Self {
        Self {
            error,
            transient: false,
            throttled: false,
            past_the_end: false,
            no_such_key: false,
        }
    }

    pub(crate) fn passing(error: SourceError) -> Self {
        Self {
            transient: true,
            ..Self::lasting(error)
        }
    }

    /// The failure, saying how often it was tried again.
    pub(crate) fn after(mut self, retries: u32) -> Self {
        if retries > 0 {
            self.error.message += &format!(" (after {retries} more attempts)");
        }
        self
    }
}

/// What was asked of a store.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked<'a> {
    /// A blob, by its whole key.
    Blob(&'a str),
    /// A listing, by its whole prefix.
    Listing(&'a str),
}

/// The names and the secrets of one store, for its errors.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// `s3://bucket`.
    pub(crate) store: String,
    /// `bucket`, `container` or `web server`.
    pub(crate) noun: &'static str,
    /// The region that requests are signed for.
    pub(crate) region: Option<String>,
    /// What must never be repeated.
    pub(crate) secrets: Vec<SecretString>,
}

impl Names {
    /// Puts an error of the store into words, by what it refused or how it broke.
    pub(crate) fn explain(&self, asked: Asked<'_>, error: &object_store::Error) -> Failure {
        let mut failure = if let Some(refusal) = within::<Refusal>(error) {
            self.refused(asked, refusal)
        } else if let Some(refused) = within::<RefusedAddress>(error) {
            Failure::lasting(SourceError::usage(refused.to_string()))
        } else if let Some(none) = within::<NoCredentials>(error) {
            Failure::lasting(self.error(Cause::Denied, asked, &none.to_string()))
        } else if let Some(broken) = within::<HttpError>(error) {
            Failure::passing(self.error(Cause::Unavailable, asked, &words(broken)))
        } else if matches!(error, object_store::Error::NotSupported { .. }) {
            let why = "the web server does not serve ranges of files, which is needed";
            Failure::lasting(self.error(Cause::Usage, asked, why))
        } else {
            // An answer that makes no sense, like a range that was not asked for: nothing is known of the blob.
            Failure::passing(self.error(Cause::Unavailable, asked, &words(error)))
        };
        failure.error.message = self.clean(&failure.error.message);
        failure
    }

    fn refused(&self, asked: Asked<'_>, refusal: &Refusal) -> Failure {
        let (cause, hint) = self.judge(asked, refusal);
        let text = match hint {
            Some(hint) => format!("{refusal}; {hint}"),
            None => refusal.to_string(),
        };
        Failure {
            transient: cause == Cause::Unavailable,
            throttled: matches!(refusal.status, 429 | 503),
            past_the_end: refusal.status == 416,
            no_such_key: refusal.code == "NoSuchKey",
            ..Failure::lasting(self.error(cause, asked, &text))
        }
    }

    /// The codes are those of S3's, GCS's (XML) and Azure's error answers.
    fn judge(&self, asked: Asked<'_>, refusal: &Refusal) -> (Cause, Option<String>) {
        let noun = self.noun;
        let listing = matches!(asked, Asked::Listing(_));
        match (refusal.status, refusal.code.as_str()) {
            (_, "InvalidObjectState" | "BlobArchived" | "BlobBeingRehydrated") => {
                (Cause::Archived, Some("thaw it first".to_owned()))
            }
            (_, "NoSuchBucket" | "ContainerNotFound") => (
                Cause::NoStore,
                Some(format!(
                    "there is no such {noun}: check its name and the endpoint"
                )),
            ),
            (_, "ExpiredToken" | "TokenRefreshRequired") => (
                Cause::Denied,
                Some("the credentials have expired: renew them".to_owned()),
            ),
            (_, "RequestTimeTooSkewed") => (
                Cause::Denied,
                Some("this machine's clock is wrong: set it".to_owned()),
            ),
            (_, "InvalidAccessKeyId" | "XAdminUserNotFound" | "InvalidToken") => (
                Cause::Denied,
                Some("the store does not know the access key: check it and the endpoint".to_owned()),
            ),
            (_, "SignatureDoesNotMatch") => (
                Cause::Denied,
                Some("the secret key does not belong to the access key".to_owned()),
            ),
            (_, "AuthenticationFailed" | "AuthorizationFailure") => (
                Cause::Denied,
                Some("the key or token is wrong, has expired, or does not allow this: check it and the account, or renew it".to_owned()),
            ),
            (300..=399, _) | (400, "AuthorizationHeaderMalformed" | "PermanentRedirect") => {
                (Cause::Usage, Some(self.elsewhere(refusal)))
            }
            (400, "RequestTimeout") | (408 | 429 | 500 | 502..=504 | 506..=599, _) => {
                (Cause::Unavailable, None)
            }
            (401 | 403, _) if listing => (
                Cause::Denied,
                Some(format!(
                    "the credentials need permission to list the {noun} (S3: s3:ListBucket on it)"
                )),
            ),
            (401 | 403, _) if noun == "web server" => {
                (Cause::Denied, Some("a web server is read without credentials, and this one wants some".to_owned()))
            }
            (401 | 403, _) => (
                Cause::Denied,
                Some("the credentials need permission to read it (S3: s3:GetObject)".to_owned()),
            ),
            (404, _) if listing => (
                Cause::NoStore,
                Some(format!(
                    "there may be no such {noun}: check its name and the endpoint"
                )),
            ),
            (404, _) => (Cause::Missing, None),
            _ => (Cause::Usage, Some("check the URL and the endpoint".to_owned())),
        }
    }

    fn elsewhere(&self, refusal: &Refusal) -> String {
        let used = self
            .region
            .as_ref()
            .map_or_else(String::new, |region| format!(", not {region}"));
        match &refusal.region {
            Some(region) => format!("the {} is in region {region}{used}: give that region", self.noun),
            None => format!(
                "the {} is elsewhere{used}: give its region or its endpoint",
                self.noun
            ),
        }
    }

    /// An error about what was asked.
    pub(crate) fn error(&self, cause: Cause, asked: Asked<'_>, text: &str) -> SourceError {
        let what = match asked {
            Asked::Blob(key) => format!("{}/{key}", self.store),
            Asked::Listing("") => format!("listing {}", self.store),
            Asked::Listing(prefix) => format!("listing {}/{}", self.store, prefix.trim_end_matches('/')),
        };
        SourceError::new(cause, self.clean(&format!("{what}: {text}")))
    }

    /// In one line, without control characters and secrets, and not longer than a reader wants.
    pub(crate) fn clean(&self, text: &str) -> String {
        let secrets = self.secrets.iter().map(ExposeSecret::expose_secret);
        let text = secrets
            .filter(|secret| !secret.is_empty())
            .fold(text.to_owned(), |text, secret| text.replace(secret, "***"));
        text.chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(500)
            .collect()
    }
}

/// The cause of this type in an error's chain.
fn within<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// An error with its causes, in one line.
pub(crate) fn words(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names {
            store: "s3://bucket".into(),
            noun: "bucket",
            region: Some("us-east-1".into()),
            secrets: vec!["s3cr3t".into()],
        }
    }

    fn judged(status: u16, code: &str) -> Failure {
        names().refused(
            Asked::Blob("a/b"),
            &Refusal {
                status,
                code: code.into(),
                message: "its words".into(),
                region: None,
            },
        )
    }

    #[test]
    fn what_the_store_says_decides_the_cause() {
        let cases = [
            (404, "NoSuchKey", Cause::Missing),
            (404, "NoSuchBucket", Cause::NoStore),
            (404, "ContainerNotFound", Cause::NoStore),
            (403, "AccessDenied", Cause::Denied),
            (400, "ExpiredToken", Cause::Denied),
            (404, "XAdminUserNotFound", Cause::Denied),
            (403, "InvalidObjectState", Cause::Archived),
            (409, "BlobArchived", Cause::Archived),
            (301, "", Cause::Usage),
            (503, "SlowDown", Cause::Unavailable),
            (429, "", Cause::Unavailable),
            (400, "InvalidBucketName", Cause::Usage),
        ];
        for (status, code, cause) in cases {
            let failure = judged(status, code);
            assert_eq!(failure.error.cause, cause, "{status} {code}");
            assert_eq!(failure.transient, cause == Cause::Unavailable, "{status} {code}");
            assert!(
                failure.error.message.starts_with("s3://bucket/a/b: "),
                "{}",
                failure.error
            );
        }
    }

    #[test]
    fn another_region_is_named() {
        let refusal = Refusal {
            status: 400,
            code: "AuthorizationHeaderMalformed".into(),
            message: String::new(),
            region: Some("eu-central-1".into()),
        };
        let failure = names().refused(Asked::Listing("base/"), &refusal);
        assert!(
            failure.error.message.starts_with("listing s3://bucket/base: "),
            "{}",
            failure.error
        );
        assert!(
            failure
                .error
                .message
                .contains("in region eu-central-1, not us-east-1"),
            "{}",
            failure.error
        );
    }

    #[test]
    fn secrets_and_control_characters_do_not_get_out() {
        assert_eq!(names().clean("a\nb s3cr3t c"), "a b *** c");
    }
}

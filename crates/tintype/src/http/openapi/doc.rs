//! What a route takes and answers, told beside its handler.

use crate::http::auth::Permission;
use crate::http::problem::NOT_ELEVATED;
use crate::http::route::{Route, Surface};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

type Schemas = Vec<(String, RefOr<Schema>)>;

/// A type with a schema.
#[derive(Debug, Clone)]
pub struct Shape {
    /// Its name among the schemas.
    pub name: String,
    collect: fn() -> Schemas,
}

impl Shape {
    /// The shape of a type.
    pub fn of<T: ToSchema + 'static>() -> Self {
        fn collect<T: ToSchema>() -> Schemas {
            let mut schemas = vec![(T::name().into_owned(), <T as PartialSchema>::schema())];
            T::schemas(&mut schemas);
            schemas
        }
        Self {
            name: T::name().into_owned(),
            collect: collect::<T>,
        }
    }

    /// Its schema and those that it refers to.
    pub fn schemas(&self) -> Schemas {
        (self.collect)()
    }
}

/// The type of a query parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A 32-bit integer.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// Anything.
    Text,
}

impl Kind {
    /// The word of JSON Schema.
    pub fn word(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::Text => "string",
        }
    }
}

/// A query parameter that a route knows.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// What it does.
    pub about: &'static str,
}

impl Parameter {
    /// An integer.
    pub const fn integer(name: &'static str, about: &'static str) -> Self {
        Self {
            name,
            kind: Kind::Integer,
            about,
        }
    }

    /// A truth.
    pub const fn boolean(name: &'static str, about: &'static str) -> Self {
        Self {
            name,
            kind: Kind::Boolean,
            about,
        }
    }

    /// A text.
    pub const fn text(name: &'static str, about: &'static str) -> Self {
        Self {
            name,
            kind: Kind::Text,
            about,
        }
    }
}

/// One status that a route answers with.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// When.
    pub about: &'static str,
    /// The body of a success.
    pub shape: Option<Shape>,
    /// The content type of a success that is text.
    pub media: Option<&'static str>,
    /// The headers of a success.
    pub headers: &'static [&'static str],
    /// The codes of a failure.
    pub codes: &'static [&'static str],
}

/// What a route takes and answers.
#[derive(Debug, Clone)]
pub struct Doc {
    /// The operation's id; ECE's own where ECE has the route.
    pub id: &'static str,
    /// One line.
    pub summary: &'static str,
    /// The query parameters.
    pub query: &'static [Parameter],
    /// The request headers, besides `Authorization`, with what they do.
    pub request_headers: &'static [(&'static str, &'static str)],
    /// The body.
    pub body: Option<Shape>,
    /// The body has members that must be there.
    pub body_required: bool,
    /// Needs elevation, whatever permission it needs.
    pub elevated: bool,
    /// What comes back, besides what every such route answers.
    pub answers: Vec<Answer>,
}

impl Doc {
    /// A route's description.
    pub fn new(id: &'static str, summary: &'static str) -> Self {
        Self {
            id,
            summary,
            query: &[],
            request_headers: &[],
            body: None,
            body_required: false,
            elevated: false,
            answers: Vec::new(),
        }
    }

    /// Takes these query parameters.
    pub fn query(self, query: &'static [Parameter]) -> Self {
        Self { query, ..self }
    }

    /// Takes this header.
    pub fn request_headers(self, request_headers: &'static [(&'static str, &'static str)]) -> Self {
        Self {
            request_headers,
            ..self
        }
    }

    /// Takes a body that may be absent.
    pub fn optional_body<T: ToSchema + 'static>(self) -> Self {
        Self {
            body: Some(Shape::of::<T>()),
            ..self
        }
    }

    /// Takes a body.
    pub fn body<T: ToSchema + 'static>(self) -> Self {
        Self {
            body: Some(Shape::of::<T>()),
            body_required: true,
            ..self
        }
    }

    /// Answers with this.
    pub fn answer<T: ToSchema + 'static>(self, status: u16, about: &'static str) -> Self {
        self.answer_with::<T>(status, about, &[])
    }

    /// Answers with this and these headers.
    pub fn answer_with<T: ToSchema + 'static>(
        mut self,
        status: u16,
        about: &'static str,
        headers: &'static [&'static str],
    ) -> Self {
        self.answers.push(Answer {
            status,
            about,
            shape: Some(Shape::of::<T>()),
            media: None,
            headers,
            codes: &[],
        });
        self
    }

    /// Answers with text of this content type.
    pub fn text(mut self, status: u16, about: &'static str, media: &'static str) -> Self {
        self.answers.push(Answer {
            status,
            about,
            shape: None,
            media: Some(media),
            headers: &[],
            codes: &[],
        });
        self
    }

    /// Fails with these codes.
    pub fn fails(mut self, status: u16, codes: &'static [&'static str]) -> Self {
        self.answers.push(Answer {
            status,
            about: "",
            shape: None,
            media: None,
            headers: &[],
            codes,
        });
        self
    }

    /// Needs elevation, though it concerns only the caller.
    pub fn elevated(self) -> Self {
        Self {
            elevated: true,
            ..self
        }
    }

    /// The code of a 401 about credentials: ECE's routes about tokens have one of their own.
    pub fn unauthenticated_code(&self) -> &'static str {
        const TOKEN: &str = "root.unauthorized";
        let own = |answer: &Answer| answer.status == 401 && answer.codes.contains(&TOKEN);
        if self.answers.iter().any(own) {
            TOKEN
        } else {
            "root.unauthenticated"
        }
    }

    /// Every type in it.
    pub fn shapes(&self) -> impl Iterator<Item = &Shape> {
        self.body
            .iter()
            .chain(self.answers.iter().filter_map(|answer| answer.shape.as_ref()))
    }
}

impl Route {
    /// Its failures: its own, and those that follow from what it takes and needs.
    pub fn error_codes(&self) -> BTreeMap<u16, Vec<&'static str>> {
        let mut codes: BTreeMap<u16, BTreeSet<&'static str>> = BTreeMap::new();
        for answer in self.doc.answers.iter().filter(|answer| answer.status >= 400) {
            codes.entry(answer.status).or_default().extend(answer.codes);
        }
        let mut add = |status, code| {
            codes.entry(status).or_default().insert(code);
        };
        add(500, "root.internal_server_error");
        if self.permission != Permission::Public {
            add(401, self.doc.unauthenticated_code());
            add(429, "root.too_many_requests");
            add(503, "root.busy");
        }
        if !matches!(self.permission, Permission::Public | Permission::Own) {
            add(403, "root.unauthorized.rbac");
        }
        if self.needs_elevation() {
            add(449, NOT_ELEVATED);
        }
        if self.surface == Surface::Regional {
            add(404, "root.region_not_found");
        }
        if self.doc.body.is_some() {
            add(408, "root.request_timeout");
            add(413, "root.body_too_large");
        }
        let own_code = self.doc.answers.iter().any(|answer| answer.status == 400);
        let malformed = self.doc.body.is_some() || !self.doc.query.is_empty() || self.path.contains('{');
        if malformed && !own_code {
            add(400, "root.invalid_request");
        }
        codes
            .into_iter()
            .map(|(status, codes)| (status, codes.into_iter().collect()))
            .collect()
    }
}

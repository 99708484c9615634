//! Clients that were written for ECE, as their vendor published them, against the real server: its Go SDK, its CLI, the
//! calls of its Terraform resource. And schemathesis, which holds every route to `openapi.json`. The engines are fakes:
//! what is looked at here is Tintype's side of the wire.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod ecctl;
mod resource;
mod schemathesis;
mod sdk;
mod stage;

//! Verification: a plan (what to read, in which order) and an execution (bounded streams), with typed findings.

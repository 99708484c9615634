//! `tintype repository attest URL SNAPSHOT`.

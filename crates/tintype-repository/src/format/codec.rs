//! The envelope of every `.dat` blob and of shard generations: header, body, footer with a CRC-32.

//! The shapes of what stands in a root. It has no checksum, so that a shape that no engine writes is what betrays damage.

/// `UUIDs.randomBase64UUID` (22 letters) or `UUIDs.base64UUID` (20), URL-safe base 64 without padding. The last letter of
/// 22 carries only two bits.
pub(super) fn is_uuid(text: &str) -> bool {
    let letters = text
        .bytes()
        .all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_');
    let whole = match text.len() {
        22 => matches!(text.as_bytes().last(), Some(b'A' | b'Q' | b'g' | b'w')),
        // Sixty bits of time and place are one letter short of 21.
        20 => true,
        _ => false,
    };
    letters && whole
}

/// `{index uuid}-{history uuid or _na_}-{settings}-{mapping}-{aliases}`: `IndexMetaDataGenerations.buildUniqueIdentifier`.
pub(super) fn is_identifier(text: &str) -> bool {
    let mut parts = text.rsplitn(4, '-');
    let numbers = parts.by_ref().take(3).filter(|part| is_number(part)).count() == 3;
    let uuids = parts.next().unwrap_or_default();
    let (index, rest) = uuids.split_at_checked(22).unwrap_or_default();
    let history = rest.strip_prefix('-').unwrap_or_default();
    numbers && is_uuid(index) && (history == "_na_" || is_uuid(history))
}

/// A decimal number as it is printed: no sign, no leading zero.
pub(super) fn is_number(text: &str) -> bool {
    let digits = !text.is_empty() && text.len() <= 19 && text.bytes().all(|c| c.is_ascii_digit());
    digits && (text == "0" || !text.starts_with('0'))
}

/// `8.11.0`, `7.0.0-rc1`, and `8.5.0-SNAPSHOT` of an unreleased build.
pub(super) fn is_version(text: &str) -> bool {
    let (numbers, label) = match text.split_once('-') {
        Some((numbers, label)) => (numbers, Some(label)),
        None => (text, None),
    };
    let mut count = 0;
    let shape = numbers.split('.').all(|part| {
        count += 1;
        part.len() <= 2 && is_number(part)
    });
    let label = label.is_none_or(|label| {
        let label = label.trim_end_matches(|c: char| c.is_ascii_digit());
        matches!(label, "alpha" | "beta" | "rc" | "SNAPSHOT")
    });
    shape && count == 3 && label
}

/// As Java sees it: a letter that has no lower case is none of the upper.
fn is_lower_case(text: &str) -> bool {
    text.chars().all(|c| c.to_lowercase().eq([c]))
}

fn has_forbidden(text: &str) -> bool {
    text.contains(|c: char| c.is_whitespace() || "\\/*?\"<>|,#".contains(c))
}

/// `MetadataCreateIndexService.validateIndexOrAliasName`; old names may have a colon.
pub(super) fn is_index_name(name: &str) -> bool {
    let start = name.is_empty() || name.starts_with(['_', '-', '+']) || name == "." || name == "..";
    !start && name.len() <= 255 && is_lower_case(name) && !has_forbidden(name)
}

/// `SnapshotsService.validate`.
pub(super) fn is_snapshot_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('_') && is_lower_case(name) && !has_forbidden(name)
}

/// A shard generation: a uuid, a number (before 7.6), or `_new`.
pub(super) fn is_generation(text: &str) -> bool {
    text == "_new" || is_number(text) || is_uuid(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_have_the_shape_of_sixteen_or_fifteen_bytes() {
        for uuid in [
            "-KQKQKwfQ8-nhYQ8JfijxQ",
            "_OTK5BR2SbSi_1vb0FhIgQ",
            "ch2ETJEBYtH88U0SDeag",
        ] {
            assert!(is_uuid(uuid), "{uuid}");
        }
        for not in [
            "",
            "KQKQKwfQ8-nhYQ8JfijxQ",
            "-KQKQKwfQ8-nhYQ8JfijxR",
            "-KQKQKwfQ8.nhYQ8JfijxQ",
        ] {
            assert!(!is_uuid(not), "{not}");
        }
    }

    #[test]
    fn identifiers_end_with_three_numbers() {
        for identifier in [
            "ndSIWVDSQpuC8xY2DieX7g-_na_-1-1-1",
            "-dSIWVDSQpuC8xY2DieX-g-_na_-12-1-0",
            "ndSIWVDSQpuC8xY2DieX7g-CsS2Nx5QQ9ObYacB1k-vDg-1-2-3",
        ] {
            assert!(is_identifier(identifier), "{identifier}");
        }
        for not in [
            "ndSIWVDSQpuC8xY2DieX7g-_na_-1-1",
            "ndSIWVDSQpuC8xY2DieX7g-_nb_-1-1-1",
            "",
            "----",
            "ndSIWVDSQpuC8xY2DieX7g-_na_-1-01-1",
        ] {
            assert!(!is_identifier(not), "{not}");
        }
    }

    #[test]
    fn versions_have_three_numbers() {
        for version in ["7.10.2", "8.0.0-rc1", "9.9.99-SNAPSHOT", "7.0.0-alpha2"] {
            assert!(is_version(version), "{version}");
        }
        for not in ["7.10", "7.10.2.1", "7.a.2", "7.10.2-x", "07.1.1", ""] {
            assert!(!is_version(not), "{not}");
        }
    }

    #[test]
    fn names_are_those_that_engines_allow() {
        assert!(is_index_name(".ds-logs-2024.01.01-000001") && is_index_name("größe"));
        assert!(
            !is_index_name("Logs") && !is_index_name("_a") && !is_index_name("a/b") && !is_index_name("..")
        );
        assert!(is_snapshot_name("nightly-2024.01.01") && !is_snapshot_name("a b"));
    }
}

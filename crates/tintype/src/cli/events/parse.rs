//! Server-sent events, as HTML's standard has them: lines of `field: value`, an empty line at the end of each.

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// The place behind it; an event may be nothing but that.
    pub id: Option<String>,
    /// Its kind.
    pub kind: String,
    /// Its data; empty when it is only a place.
    pub data: String,
}

/// Puts chunks together, wherever they were cut.
#[derive(Debug, Default)]
pub struct Parser {
    rest: Vec<u8>,
    event: Event,
}

impl Parser {
    /// The events that are complete with this chunk.
    pub fn feed(&mut self, chunk: &[u8]) -> Vec<Event> {
        self.rest.extend_from_slice(chunk);
        let mut complete = Vec::new();
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\n', '\r']);
            if line.is_empty() {
                let event = std::mem::take(&mut self.event);
                complete.extend((event != Event::default()).then_some(event));
            } else {
                self.line(line);
            }
        }
        complete
    }

    fn line(&mut self, line: &str) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.event.id = Some(value.to_owned()),
            "event" => value.clone_into(&mut self.event.kind),
            "data" => {
                if !self.event.data.is_empty() {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            // A comment, or a field that does not concern us.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_out_whole_wherever_they_were_cut() {
        let text = ": changes\nretry: 2000\nid: 4\n\nid: 5\nevent: a.b\ndata: {\"x\":\ndata: \"ä\"}\n\n: still here\n\n";
        let all = Parser::default().feed(text.as_bytes());
        let place = Event {
            id: Some("4".into()),
            ..Event::default()
        };
        let event = Event {
            id: Some("5".into()),
            kind: "a.b".into(),
            data: "{\"x\":\n\"ä\"}".into(),
        };
        assert_eq!(all, [place, event]);
        let mut parser = Parser::default();
        let bytewise: Vec<_> = text.bytes().flat_map(|byte| parser.feed(&[byte])).collect();
        assert_eq!(bytewise, all);
    }
}

//! Data on standard output, in the format asked for. The server's answers pass through whole, so that `json`, `yaml`
//! and `ndjson` show members that this version does not know.

use super::error::{CliError, Result};
use comfy_table::{Table, presets};
use serde_json::Value;
use std::io::{ErrorKind, Write};

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people: columns without borders.
    #[default]
    Table,
    /// One document; a list is an array.
    Json,
    /// One object per line; with `--wait`, a line per change.
    Ndjson,
    /// One document.
    Yaml,
    /// Only the ids, one per line.
    Name,
}

impl Format {
    /// Errors are JSON on standard error.
    pub fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Ndjson)
    }
}

/// A column: its title, and the cell that it shows of a row.
pub struct Column {
    /// In upper case.
    pub title: &'static str,
    /// The cell's text.
    pub cell: fn(&Value) -> String,
}

/// How one kind of thing is shown.
pub struct View {
    /// What `-o name` prints.
    pub name: fn(&Value) -> String,
    /// What a list's table shows.
    pub columns: &'static [Column],
    /// What a single one shows besides.
    pub details: &'static [Column],
}

impl View {
    /// A list in the format, ending with a newline unless it is empty.
    pub fn list(&self, format: Format, rows: &[Value]) -> Result<String> {
        Ok(match format {
            Format::Table => self.table(rows),
            Format::Name => rows.iter().map(|row| (self.name)(row) + "\n").collect(),
            Format::Ndjson => rows.iter().map(|row| format!("{row}\n")).collect(),
            Format::Json | Format::Yaml => document(format, &Value::Array(rows.to_vec()))?,
        })
    }

    /// One thing in the format.
    pub fn one(&self, format: Format, row: &Value) -> Result<String> {
        match format {
            Format::Table => Ok(pairs(
                self.columns
                    .iter()
                    .chain(self.details)
                    .map(|c| (c.title, (c.cell)(row))),
            )),
            Format::Name => Ok((self.name)(row) + "\n"),
            Format::Json | Format::Ndjson | Format::Yaml => document(format, row),
        }
    }

    fn table(&self, rows: &[Value]) -> String {
        let titles: Vec<&str> = self.columns.iter().map(|column| column.title).collect();
        let cells = |row| self.columns.iter().map(|column| (column.cell)(row)).collect();
        table(&titles, rows.iter().map(cells))
    }
}

/// Columns under their titles.
pub fn table(titles: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = bare();
    table.set_header(titles);
    for row in rows {
        table.add_row(row);
    }
    lines(&table)
}

/// Any value as a document.
pub fn document(format: Format, value: &Value) -> Result<String> {
    let text = match format {
        Format::Yaml => serde_yaml_ng::to_string(value).map_err(|e| CliError::Failed(e.to_string()))?,
        Format::Ndjson => value.to_string(),
        _ => serde_json::to_string_pretty(value).map_err(|e| CliError::Failed(e.to_string()))?,
    };
    Ok(if text.ends_with('\n') { text } else { text + "\n" })
}

/// Title and value, one pair per line.
pub fn pairs<'a>(pairs: impl Iterator<Item = (&'a str, String)>) -> String {
    let mut table = bare();
    for (title, value) in pairs {
        table.add_row([title.to_owned(), value]);
    }
    lines(&table)
}

fn bare() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}

/// Comfy-table pads both sides of a cell: the left one and the trailing blanks would only be in the way of scripts.
fn lines(table: &Table) -> String {
    table
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned() + "\n")
        .collect()
}

/// Prints to standard output. A reader that left (`| head`) is no error.
pub fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(CliError::Failed(format!(
            "cannot write to standard output: {error}"
        ))),
        _ => Ok(()),
    }
}

/// A line for the person at the terminal, on standard error. Lost when nobody reads it.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", super::cells::plain(text));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::cells;
    use serde_json::json;

    const VIEW: View = View {
        name: |row| cells::text(row, "/id"),
        columns: &[
            Column {
                title: "ID",
                cell: |row| cells::text(row, "/id"),
            },
            Column {
                title: "SIZE",
                cell: |row| cells::text(row, "/size"),
            },
        ],
        details: &[Column {
            title: "NOTE",
            cell: |row| cells::text(row, "/note"),
        }],
    };

    fn rows() -> Vec<Value> {
        vec![
            json!({"id": "a", "size": 1, "other": [1]}),
            json!({"id": "bbb", "size": null}),
        ]
    }

    #[test]
    fn a_table_has_a_header_and_no_borders() {
        assert_eq!(
            VIEW.list(Format::Table, &rows()).unwrap(),
            "ID   SIZE\na    1\nbbb  -\n"
        );
        assert_eq!(VIEW.list(Format::Table, &[]).unwrap(), "ID  SIZE\n");
    }

    #[test]
    fn names_are_ids_only_and_ndjson_is_one_object_per_line() {
        assert_eq!(VIEW.list(Format::Name, &rows()).unwrap(), "a\nbbb\n");
        let ndjson = VIEW.list(Format::Ndjson, &rows()).unwrap();
        let parsed: Vec<Value> = ndjson
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(parsed, rows());
    }

    #[test]
    fn json_and_yaml_pass_unknown_members_through() {
        let json: Value = serde_json::from_str(&VIEW.list(Format::Json, &rows()).unwrap()).unwrap();
        assert_eq!(json, Value::Array(rows()));
        let yaml: Value = serde_yaml_ng::from_str(&VIEW.one(Format::Yaml, &rows()[0]).unwrap()).unwrap();
        assert_eq!(yaml, rows()[0]);
    }

    #[test]
    fn one_thing_is_a_list_of_pairs_with_its_details() {
        assert_eq!(
            VIEW.one(Format::Table, &rows()[0]).unwrap(),
            "ID    a\nSIZE  1\nNOTE  -\n"
        );
    }
}

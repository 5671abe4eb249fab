//! Tables as lines of text: in columns for a terminal, or as Markdown. It owns how
//! they are drawn and what Markdown must not take for markup; the words in them are
//! others' business.

use std::iter::{once, repeat};

/// How lines are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Columns parted by spaces.
    Text,
    /// A Markdown table.
    Markdown,
}

/// What a terminal shows in a line.
const COLUMNS: usize = 80;

/// How far what belongs to a line of a turned table is moved to the right.
const INDENT: &str = "    ";

impl Style {
    /// A table; its first `numbers` columns are laid to the right, and its first `keys`
    /// say what each line is of. As text that is wider than a terminal it is turned:
    /// below its keys each line has a line of its own for every other column.
    pub(crate) fn table(
        self,
        header: &[String],
        lines: &[Vec<String>],
        numbers: usize,
        keys: usize,
    ) -> String {
        match self {
            Style::Text if fits(header, lines) => in_columns(header, lines, numbers),
            Style::Text => turned(header, lines, numbers, keys),
            Style::Markdown => {
                let rule = (0..header.len()).map(|column| if column < numbers { "---:|" } else { "---|" });
                let line = |words: &[String]| {
                    format!("| {} |\n", words.iter().map(|word| plain(word)).collect::<Vec<_>>().join(" | "))
                };
                let lines: String = lines.iter().map(|words| line(words)).collect();
                format!("{}|{}\n{lines}", line(header), rule.collect::<String>())
            }
        }
    }
}

/// Whether a terminal shows the table as it is.
pub(crate) fn fits(header: &[String], lines: &[Vec<String>]) -> bool {
    in_columns(header, lines, 0).lines().all(|line| line.chars().count() <= COLUMNS)
}

fn in_columns(header: &[String], lines: &[Vec<String>], numbers: usize) -> String {
    let all = || once(header).chain(lines.iter().map(Vec::as_slice));
    let lengths = |column: usize| all().map(move |line| line[column].chars().count());
    let widths: Vec<usize> = (0..header.len()).map(|column| lengths(column).max().unwrap_or(0)).collect();
    let padded = |(column, word): (usize, &String)| match widths[column] {
        width if column < numbers => format!("{word:>width$}"),
        width => format!("{word:<width$}"),
    };
    let line = |words: &[String]| words.iter().enumerate().map(padded).collect::<Vec<_>>().join("  ");
    all().map(|words| format!("{}\n", line(words).trim_end())).collect()
}

fn turned(header: &[String], lines: &[Vec<String>], numbers: usize, keys: usize) -> String {
    let (keys_header, names) = header.split_at(keys);
    let of_keys: Vec<Vec<String>> = lines.iter().map(|words| words[..keys].to_vec()).collect();
    let above = in_columns(keys_header, &of_keys, numbers);
    let mut above = above.lines();
    let mut text = format!("{}\n", above.next().unwrap_or_default());
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let room = COLUMNS.saturating_sub(INDENT.len() + width + 2);
    for (above, words) in above.zip(lines) {
        text += &format!("{above}\n");
        for (name, words) in names.iter().zip(&words[keys..]) {
            let names = once(name.as_str()).chain(repeat(""));
            for (name, part) in names.zip(broken(words, room)) {
                text += &format!("{INDENT}{name:<width$}  {part}\n");
            }
        }
    }
    text
}

/// `words` in lines of `room` columns at most; a longer word has a line of its own.
fn broken(words: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => *line = word.to_string(),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines
}

/// Words from a record in running Markdown: nothing in them may begin markup.
pub(crate) fn plain(words: &str) -> String {
    let mut text = String::new();
    for letter in words.chars() {
        match letter {
            '\r' | '\n' => text.push(' '),
            '|' | '*' | '<' | '\\' => {
                text.push('\\');
                text.push(letter);
            }
            '(' if text.ends_with(']') => text += "\\(",
            other => text.push(other),
        }
    }
    text
}

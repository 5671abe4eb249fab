//! Tables as lines of text: in columns for a terminal, or as Markdown. It owns how
//! they are drawn and what Markdown must not take for markup; the words in them are
//! others' business.

use std::iter::once;

/// How lines are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Columns parted by spaces.
    Text,
    /// A Markdown table.
    Markdown,
}

impl Style {
    /// A table; its first `numbers` columns are laid to the right.
    pub(crate) fn table(self, header: &[String], lines: &[Vec<String>], numbers: usize) -> String {
        let all = || once(header).chain(lines.iter().map(Vec::as_slice));
        match self {
            Style::Text => {
                let lengths = |column: usize| all().map(move |line| line[column].chars().count());
                let widths: Vec<usize> =
                    (0..header.len()).map(|column| lengths(column).max().unwrap_or(0)).collect();
                let padded = |(column, word): (usize, &String)| match widths[column] {
                    width if column < numbers => format!("{word:>width$}"),
                    width => format!("{word:<width$}"),
                };
                let line =
                    |words: &[String]| words.iter().enumerate().map(padded).collect::<Vec<_>>().join("  ");
                all().map(|words| format!("{}\n", line(words).trim_end())).collect()
            }
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

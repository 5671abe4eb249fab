//! A table that scrolls by itself where it is wider than the page, so that the
//! page never does. It owns nothing but that frame.

use maud::{Markup, html};

/// A table with its caption; `first` columns of each line are headings of it.
pub(super) fn draw(caption: &str, header: &[String], lines: &[Vec<Markup>], first: usize) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr { @for word in header { th scope="col" { (word) } } } }
                tbody {
                    @for line in lines {
                        tr {
                            @for (number, word) in line.iter().enumerate() {
                                @if number < first { th scope="row" { (word) } } @else { td { (word) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The same behind a line that opens it.
pub(super) fn behind(
    summary: &str,
    caption: &str,
    header: &[String],
    lines: &[Vec<Markup>],
    first: usize,
) -> Markup {
    html! {
        details { summary { (summary) } (draw(caption, header, lines, first)) }
    }
}

/// Plain words.
pub(super) fn text(word: impl AsRef<str>) -> Markup {
    html! { (word.as_ref()) }
}

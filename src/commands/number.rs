//! Numbers on the command line: whatever is out of bounds, negative or no number
//! at all gets one message, which says what is allowed.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// A parser for clap of numbers in `allowed`. The argument needs
/// `allow_negative_numbers` too, or a negative one is taken for a flag.
pub(crate) fn within<T>(
    allowed: RangeInclusive<T>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: FromStr + PartialOrd + Display + Clone + Send + Sync + 'static,
{
    move |word| {
        let number = word.parse().ok().filter(|number| allowed.contains(number));
        number.ok_or_else(|| format!("must be a number from {} to {}", allowed.start(), allowed.end()))
    }
}

//! What somebody may have meant.

/// The known name that is nearest to `unknown`, where one is near.
pub(super) fn nearest<'a>(
    unknown: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Long names are no slips of the keyboard, and the table below would be large.
    if unknown.len() > 64 {
        return None;
    }
    let near = |name: &&str| distance(unknown, name) <= name.len().max(4) / 3;
    known
        .into_iter()
        .filter(near)
        .min_by_key(|name| distance(unknown, name))
}

/// How many bytes must be put in, left out or replaced to make `b` of `a` (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_words_are_not() {
        let known = ["listen", "admin", "connections", "tls_key"];
        assert_eq!(nearest("lsten", known), Some("listen"));
        assert_eq!(nearest("conections", known), Some("connections"));
        assert_eq!(nearest("tls-key", known), Some("tls_key"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest(&"listen".repeat(100), known), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}

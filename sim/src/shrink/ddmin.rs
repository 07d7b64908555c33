//! Delta debugging: the least part of a list that still does what the whole does.

/// A part of `items` of which nothing more can be left out, one by one, so that `does` still holds; it holds for all.
pub(super) fn least<T: Clone>(items: Vec<T>, mut does: impl FnMut(&[T]) -> bool) -> Vec<T> {
    if items.is_empty() || does(&[]) {
        return Vec::new();
    }
    let (mut items, mut parts) = (items, 2);
    while items.len() > 1 {
        let size = items.len().div_ceil(parts);
        let without = |at: usize| [&items[..at], &items[(at + size).min(items.len())..]].concat();
        // From the back: what came last is needed least often.
        let starts = (0..items.len()).step_by(size).rev();
        match starts.map(without).find(|rest| does(rest)) {
            Some(rest) => (items, parts) = (rest, (parts - 1).max(2)),
            None if size == 1 => break,
            None => parts = (parts * 2).min(items.len()),
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_is_found_wherever_it_stands() {
        for needed in [vec![], vec![0], vec![99], vec![3, 50, 51], (0..100).collect()] {
            let mut tries = 0;
            let least = least((0..100).collect(), |part: &[u32]| {
                tries += 1;
                needed.iter().all(|item| part.contains(item))
            });
            assert_eq!(least, needed);
            assert!(tries < 400, "{tries}");
        }
    }
}

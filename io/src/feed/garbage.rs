//! Messages that are no event on any wire, and never one like another.

use crate::feed::draw::Draw;

/// The message number `number` of this sort.
pub(crate) fn garbage(number: u64, mut draw: Draw) -> String {
    let word = draw.bits();
    match draw.below(6) {
        0 => format!("upstream connect error {number} before headers {word}"),
        1 => format!(r#"{{"did":"did:plc:{word}","seq":{number},"ti"#),
        2 => format!(r#"{{"did":{number},"did":{word}}}"#),
        3 => format!("{number}{}", "[".repeat(300)),
        4 => format!(r#"[{number},"{word}"]"#),
        _ => format!(r#"{{"n":{number},"text":"\u12{word}"}}"#),
    }
}

#[cfg(test)]
mod tests {
    use highwater_core::dialect::{Dialect, Frame, Subscription};
    use highwater_core::event::Item;

    use super::*;

    #[test]
    fn no_wire_takes_it_for_an_event() {
        let all = Subscription::new(Vec::new(), Vec::new(), Vec::new()).unwrap();
        let mut seen = std::collections::HashSet::new();
        for number in 0..200 {
            let text = garbage(number, Draw::new(1, 2, number));
            for dialect in Dialect::ALL {
                let frame = dialect.decode(&all, text.clone().into());
                assert!(matches!(frame, Frame::Item(Item::Malformed(..))), "{dialect:?} {text}");
            }
            assert!(seen.insert(text));
        }
    }
}

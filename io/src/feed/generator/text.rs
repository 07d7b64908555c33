//! What people write: words of several scripts, emoji of several code points, and JSON's escapes.

use crate::feed::draw::Draw;

/// Words that go together.
pub(super) struct Script {
    pub(super) language: &'static str,
    words: &'static [&'static str],
}

const SCRIPTS: [Script; 6] = [
    Script {
        language: "en",
        words: &[
            "the", "high", "water", "mark", "is", "where", "we", "left", "off", "again", "tonight", "nobody",
            "reads", "this", "far", "honestly", "good", "morning", "cats", "I", "think", "so",
        ],
    },
    Script {
        language: "ja",
        words: &["今日は", "いい天気", "ですね", "猫が", "寝ている", "おはよう", "ございます", "！"],
    },
    Script {
        language: "pt",
        words: &["não", "acredito", "que", "já", "é", "amanhã", "ação", "coração", "bom", "dia"],
    },
    Script {
        language: "de",
        words: &["über", "Straße", "heute", "schön", "müde", "Kaffee", "größer", "nicht", "doch"],
    },
    Script {
        language: "uk", words: &["сьогодні", "добрий", "ранок", "їжак", "хвиля", "вода", "де", "ми"]
    },
    Script {
        language: "ar", words: &["صباح", "الخير", "اليوم", "ماء", "البحر", "نحن", "هنا"]
    },
];

/// JSON allows more ways to write a character than one; readers that compare or rewrite text must bear them all.
const ODDITIES: &[&str] = &[
    "👩‍👩‍👧‍👦",
    "🔞",
    "🇺🇦",
    r"\n\n",
    r#"\"quoted\""#,
    r"caf\u00e9",
    r"\ud83d\ude00",
    r"and\/or",
    r"back\\slash",
    "e\u{301}",
];

/// A script: more than half of what is said is in the first.
pub(super) fn script(draw: &mut Draw) -> &'static Script {
    let other = draw.below(SCRIPTS.len() as u64) as usize;
    &SCRIPTS[if draw.percent(60) { 0 } else { other }]
}

/// So many words, ready to stand between quotes in JSON.
pub(super) fn text(script: &Script, words: u64, draw: &mut Draw) -> String {
    let mut text = String::new();
    for word in 0..words {
        if word > 0 {
            text.push(' ');
        }
        let choices = if draw.percent(4) { ODDITIES } else { script.words };
        text.push_str(draw.one_of(choices));
    }
    text
}

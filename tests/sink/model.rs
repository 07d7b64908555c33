//! The SQLite sink against twenty lines that say what it should be, over random appends, restarts and rivals.

use std::ops::ControlFlow;

use highwater::sink::sqlite::{Reader, RowId, Sqlite};
use highwater::sink::stored::{StoredDeadLetter, StoredGap};
use highwater_core::cursor::Cursor;
use highwater_core::dialect::jetstream::{Jetstream, Key};
use highwater_core::event::{Event, Payload as _, Reason, Sample};
use highwater_core::gap::{Cause, Gap, GapState};
use highwater_core::number::{Fence, Version};
use highwater_core::sink::{Append, Appended, Content, DeadLetter, Sink};
use proptest::prelude::*;

use super::made::{self, append, commit, event, gap, origins};

/// What should be in the database.
#[derive(Default)]
struct Model {
    fence: Fence,
    version: Version,
    rows: Vec<(Key, Option<String>, Vec<u8>)>,
    gaps: Vec<Gap>,
    letters: Vec<(Option<Cursor>, Vec<u8>)>,
}

impl Model {
    fn append(&mut self, append: &Append<Jetstream>) -> Appended {
        if append.fence != self.fence {
            return Appended::Fenced;
        }
        if append.expect != self.version {
            return Appended::Conflict;
        }
        self.version = self.version.next();
        let before = self.rows.len();
        for event in append.events.iter() {
            let (key, cid) = (event.payload.key(), event.payload.cid().map(str::to_owned));
            match self.rows.iter().find(|row| row.0 == key) {
                None => self.rows.push((key, cid, event.payload.bytes().to_vec())),
                Some(row) if row.1 != cid => self.conflict(event),
                Some(_) => {}
            }
        }
        for letter in &append.dead_letters {
            let Content::Frame(sample) = &letter.content else { panic!("only frames are made here") };
            let letter = (letter.after, sample.head.to_vec());
            if !self.letters.contains(&letter) {
                self.letters.push(letter);
            }
        }
        append.gaps.iter().for_each(|gap| self.gap(*gap));
        let stored = (self.rows.len() - before) as u32;
        Appended::Stored { stored, duplicates: append.events.len() as u32 - stored }
    }

    /// The same key and content once; it stands at its own position.
    fn conflict(&mut self, event: &Event<Jetstream>) {
        let same = |letter: &(Option<Cursor>, Vec<u8>)| {
            let text = String::from_utf8_lossy(&letter.1).into_owned();
            let is_event = text.starts_with('{');
            is_event && self::event(text).payload.key() == event.payload.key()
        };
        let cid = |bytes: &[u8]| {
            self::event(String::from_utf8_lossy(bytes).into()).payload.cid().map(str::to_owned)
        };
        let own = event.payload.cid().map(str::to_owned);
        if !self.letters.iter().any(|letter| same(letter) && cid(&letter.1) == own) {
            let position = Cursor(event.time.as_micros());
            self.letters.push((Some(position), event.payload.bytes().to_vec()));
        }
    }

    fn gap(&mut self, gap: Gap) {
        let known =
            self.gaps.iter_mut().find(|it| it.cause == gap.cause && it.from.cursor == gap.from.cursor);
        match (known, gap.state) {
            (Some(known), GapState::Closed) => {
                *known = Gap { state: GapState::Closed, to: gap.to.or(known.to), ..*known };
            }
            (Some(known), GapState::Lost | GapState::Unproven) => *known = gap,
            (None, GapState::Closed) => {}
            (None, GapState::Lost | GapState::Unproven) => self.gaps.push(gap),
        }
    }
}

/// One thing that happens to a sink.
#[derive(Clone, Debug)]
enum Step {
    /// An append with the right fence and version, or with ones that are off by so much.
    Append {
        events: Vec<(u64, u64, u8)>,
        letters: Vec<(Option<u64>, u8)>,
        gaps: Vec<(usize, usize, u64, Option<u64>)>,
        off: (u64, u64),
    },
    /// It is opened anew, in the same process or in another.
    Open { again: bool },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let off = prop_oneof![8 => Just((0, 0)), 1 => Just((1, 0)), 1 => Just((0, 1))];
    let events = prop::collection::vec((0..12_u64, 0..5_u64, 0..6_u8), 0..9);
    let letters = prop::collection::vec((prop::option::of(0..2_u64), 0..2_u8), 0..3);
    let gaps = prop::collection::vec((0..2_usize, 0..3_usize, 0..3_u64, prop::option::of(5..7_u64)), 0..4);
    let append = (events, letters, gaps, off).prop_map(|(events, letters, gaps, off)| Step::Append {
        events,
        letters,
        gaps,
        off,
    });
    prop::collection::vec(
        prop_oneof![6 => append, 1 => any::<bool>().prop_map(|again| Step::Open { again })],
        1..14,
    )
}

/// An event with one of few keys, one of few contents, at one of few moments.
fn made((number, time, what): (u64, u64, u8)) -> Event<Jetstream> {
    let about = |kind: &str, rest: &str| {
        event(format!(r#"{{"did":"did:plc:{number}","time_us":{time},"kind":"{kind}"{rest}}}"#))
    };
    let upstream = |kind: &str| {
        about(
            kind,
            &format!(
                r#","{kind}":{{"active":true,"did":"did:plc:{number}","seq":{number},"time":"t{}"}}"#,
                number % 2
            ),
        )
    };
    match what {
        0 => commit(number, time, "bafy"),
        1 => commit(number, time, "other"),
        2 => upstream("identity"),
        3 => upstream("account"),
        4 => about("news", ""),
        _ => commit(number + 100, time, "bafy"),
    }
}

fn appended(fence: Fence, version: Version, step: &Step) -> Append<Jetstream> {
    let Step::Append { events, letters, gaps, off } = step else { panic!("only appends are asked for") };
    let events = events.iter().copied().map(made).collect();
    let mut append = append(Fence(fence.0 + off.0), version.0 + off.1, events);
    append.dead_letters = letters
        .iter()
        .map(|(after, byte)| DeadLetter {
            after: after.map(Cursor),
            reason: Reason::Undecodable,
            content: Content::Frame(Sample::of(&[*byte; 3])),
        })
        .collect();
    append.gaps = gaps
        .iter()
        .map(|(cause, state, from, to)| {
            let states = [GapState::Lost, GapState::Unproven, GapState::Closed];
            gap(Cause::ALL[*cause], states[*state], *from, *to)
        })
        .collect();
    append
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_appends_leave_what_the_model_says(steps in steps()) {
        let folder = made::folder();
        let path = folder.path().join("x.db");
        let mut sink = Some(Sqlite::at(&path, origins()).unwrap());
        let mut model = Model { fence: sink.as_mut().unwrap().open().unwrap().fence, ..Model::default() };
        let mut last = None;
        for step in &steps {
            if let Step::Open { again } = step {
                if *again {
                    drop(sink.take());
                    sink = Some(Sqlite::at(&path, origins()).unwrap());
                }
                let loaded = sink.as_mut().unwrap().open().unwrap();
                model.fence = model.fence.next();
                prop_assert_eq!(loaded.fence, model.fence);
                let checkpoints: Vec<_> = loaded.checkpoints.into_iter().map(|(_, checkpoint)| checkpoint).collect();
                prop_assert_eq!(checkpoints, last.clone().into_iter().collect::<Vec<_>>());
                continue;
            }
            let append = appended(model.fence, model.version, step);
            let expected = model.append(&append);
            prop_assert_eq!(sink.as_mut().unwrap().append(&append), expected.clone());
            if matches!(expected, Appended::Stored { .. }) {
                last = Some(append.checkpoint);
            }
        }
        prop_assert_eq!(contents(&Reader::open(&path).unwrap()), expected(&model));
    }
}

/// Keys with payloads, letters, gaps: all in the order in which they were written.
type Contents = (Vec<(Key, Vec<u8>)>, Vec<(Option<Cursor>, Vec<u8>)>, Vec<Gap>);

fn contents(reader: &Reader) -> Contents {
    let (mut rows, mut letters) = (Vec::new(), Vec::new());
    let visit = |_: RowId, key: &Key, payload: &[u8]| {
        rows.push((key.clone(), payload.to_vec()));
        ControlFlow::Continue(())
    };
    reader.keys(RowId(0), visit).unwrap();
    let visit = |_: RowId, letter: StoredDeadLetter| {
        letters.push((letter.after, letter.bytes));
        ControlFlow::Continue(())
    };
    reader.dead_letters(RowId(0), visit).unwrap();
    let gaps = reader.gaps().unwrap().into_iter();
    let gaps = gaps.map(|StoredGap { scope: _, cause, state, from, to }| Gap {
        scope: made::SCOPE,
        cause,
        state,
        from,
        to,
    });
    (rows, letters, gaps.collect())
}

fn expected(model: &Model) -> Contents {
    let rows = model.rows.iter().map(|(key, _, payload)| (key.clone(), payload.clone())).collect();
    (rows, model.letters.clone(), model.gaps.clone())
}

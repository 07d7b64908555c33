//! Traces are read as they were written, say nothing that is nobody's business, and mean tomorrow what they mean today.

#[path = "trace/words.rs"]
mod words;

use bytes::Bytes;
use highwater_core::config::Source;
use highwater_core::cursor::CursorKind;
use highwater_core::dialect::jetstream::Jetstream;
use highwater_core::dialect::{Dialect, Frame, Subscription};
use highwater_core::digest::Digest;
use highwater_core::event::{Item, Payload, Reason, Sample};
use highwater_core::number::{Epoch, Op};
use highwater_core::payload::{Digested as _, Redact as _, Shadow};
use highwater_core::sink::Appended;
use highwater_core::time::{Duration, Instant, Now, WallTime};
use highwater_core::trace::{Deed, End, Ended, Fault, Head, Kind, Line, LineError, Pen, Struck, Track};
use highwater_core::{Config, Input};
use proptest::prelude::*;

proptest! {
    #[test]
    fn every_input_is_read_as_it_was_written(input in words::inputs(), t: u32, wall: u32, print: Option<u64>) {
        let now = Now { monotonic: Instant::from_micros(t.into()), wall: WallTime::from_micros(wall.into()) };
        let mut pen = Pen::new(Now::default());
        pen.input(now, &input);
        let text = ended(&mut pen, print);
        let Ok(Line::Step(step)) = Line::read(&text) else { panic!("{text}") };
        prop_assert_eq!(Track::new(Now::default()).read(&step), now);
        prop_assert_eq!(step.h.is_some(), print.is_some());
        // Inputs have no equality: what is told of them in full stands for it.
        prop_assert_eq!(format!("{:?}", step.input), format!("{:?}", Some(input)));
        // What is written by hand is what a serializer would write.
        prop_assert_eq!(Line::Step(step).to_string() + "\n", text);
    }

    #[test]
    fn every_effect_is_read_as_it_was_written(effects in prop::collection::vec(words::effects(), 0..4)) {
        let mut pen = Pen::new(Now::default());
        pen.birth();
        for effect in &effects {
            pen.effect(effect);
        }
        let text = ended(&mut pen, None);
        let Ok(Line::Step(step)) = Line::read(&text) else { panic!("{text}") };
        prop_assert_eq!(step.out.as_ref(), Some(&effects.iter().map(Deed::of).collect()));
        prop_assert_eq!(Line::Step(step).to_string() + "\n", text);
    }
}

/// The line of the step that is under way.
fn ended(pen: &mut Pen, print: Option<u64>) -> String {
    let line = pen.end(print).expect("a step is under way").to_vec();
    String::from_utf8(line).expect("JSON is UTF-8")
}

#[test]
fn the_words_of_a_trace_are_these() {
    let source = Source { kind: CursorKind::Time, patience: Duration::from_secs(8) };
    let (wall, micros) = (WallTime::from_micros(1_760_000_000_000_000), Instant::from_micros);
    let now = Now { monotonic: Instant::ZERO, wall };
    let head = Head::new(Kind::Prod, Config::new(vec![source]), now);
    let head = Head { core: "0.1.0".to_owned(), ..head };
    let mut pen = Pen::new(now);
    pen.birth();
    let birth = ended(&mut pen, None);
    let mut step = |t, wall, input: Input<Shadow>, print| {
        pen.input(Now { monotonic: micros(t), wall }, &input);
        ended(&mut pen, print)
    };
    let (length, kept) = (12, Bytes::from_static(b"did:plc:secret"));
    let malformed = Reason::Malformed("did:plc:secret".to_owned());
    let sample = Sample { length, sha256: [7; 32], head: kept };
    let items = vec![Item::Info, Item::Malformed(malformed, sample)];
    let refused = Appended::Refused { index: 3, why: "did:plc:secret".to_owned() };
    let fault = Fault { name: "stall".to_owned(), text: "stall of connection 1".to_owned() };
    let lines = [
        format!("{}\n", Line::Head(Box::new(head))),
        birth,
        step(5, wall + Duration::from_micros(5), Input::Timeout, None),
        step(7, wall, Input::Received { epoch: Epoch(1), items }, Some(1)),
        step(9, wall + Duration::from_micros(2), Input::StopRequested, Some(2)),
        step(9, wall, Input::Appended { op: Op(4), appended: refused }, None),
        format!("{}\n", Line::Fault(Struck { n: 4, t: micros(9), fault })),
        format!("{}\n", Line::End(Ended { n: 4, t: micros(9), end: End { verdict: "Stopped".to_owned() } })),
    ];
    let text = lines.concat();
    assert_eq!(text, include_str!("../testdata/trace.jsonl"));
    for line in text.lines() {
        assert_eq!(Line::read(line).unwrap().to_string(), line);
    }
}

#[test]
fn what_is_not_known_is_ignored_in_a_line_and_refused_in_an_input() {
    let read = |text: &str| Line::read(text).map(|line| line.to_string());
    assert_eq!(read(r#"{"n":1,"new":[1],"t":5,"in":"Timeout"}"#).unwrap(), r#"{"n":1,"t":5,"in":"Timeout"}"#);
    for text in [
        r#"{"n":1,"t":5,"in":"Timein"}"#,
        r#"{"n":1,"t":5,"out":["Explode"]}"#,
        r#"{"n":1,"t":5,"in":{"Received":{"epoch":1,"items":["Inform"]}}}"#,
        r#"{"n":1,"t":5,"in":"Time"#,
        "",
        "[]",
    ] {
        assert!(matches!(read(text), Err(LineError::Text(_))), "{text}");
    }
    assert!(matches!(read(r#"{"trace":2}"#), Err(LineError::Version(2))));
}

/// The frames of the golden files, on the wires they are of.
fn golden() -> impl Iterator<Item = (Dialect, &'static str)> {
    let v1 = include_str!("../testdata/jetstream_v1.jsonl").lines().map(|line| (Dialect::JetstreamV1, line));
    v1.chain(include_str!("../testdata/jetstream_v2.jsonl").lines().map(|line| (Dialect::JetstreamV2, line)))
}

fn item(dialect: Dialect, line: &str) -> Item<Jetstream> {
    let frame = Bytes::copy_from_slice(line.as_bytes());
    match dialect.decode(&Subscription::default(), frame) {
        Frame::Item(item) => item,
        other @ Frame::Error { .. } => panic!("{other:?}"),
    }
}

#[test]
fn a_shadow_stands_for_the_key_and_no_other() {
    let mut seen = Vec::<(Digest, _)>::new();
    for (dialect, line) in golden() {
        let Item::Event(event) = item(dialect, line) else { continue };
        let (shadow, key) = (event.payload.shadow(), event.payload.key());
        assert_eq!((shadow.key, shadow.size), (key.digest(), event.payload.size()), "{line}");
        assert!(seen.iter().all(|(digest, other)| (*digest == shadow.key) == (*other == key)), "{line}");
        seen.push((shadow.key, key));
    }
    assert!(seen.len() > 15);
}

#[test]
fn nothing_that_an_event_says_is_in_a_trace() {
    let items: Vec<_> = golden().map(|(dialect, line)| item(dialect, line)).collect();
    let said: Vec<String> = golden().flat_map(|(_, line)| line.split('"')).map(str::to_owned).collect();
    let input = Input::Received { epoch: Epoch(1), items };
    let mut pen = Pen::new(Now::default());
    pen.input(Now::default(), &input);
    let text = ended(&mut pen, None);
    for word in said.iter().filter(|word| word.len() > 5 && word.contains(char::is_alphabetic)) {
        assert!(!text.contains(word.as_str()), "{word} is in {text}");
    }
}

//! Bytes from a stranger: nothing panics, nothing recurses, and every frame set aside says why.

use bytes::Bytes;
use highwater_core::closure::Closure;
use highwater_core::dialect::jetstream::{Jetstream, Key, Kind};
use highwater_core::dialect::{Dialect, Frame, Subscription};
use highwater_core::event::{EVENT_BYTES_MAX, Item, Payload, Reason, SAMPLE_BYTES_MAX};
use proptest::prelude::*;

const COMMIT: &str = r#"{"did":"did:plc:a","time_us":7,"kind":"commit","commit":{"rev":"r","operation":"create","collection":"c.d.e","rkey":"k","cid":"b","record":RECORD}}"#;
const MESSAGE: &str = r#"{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#commit","seq":7,"did":"did:plc:a","time":"2026-01-01T00:00:00.000000Z","rev":"r","operation":"create","collection":"c.d.e","rkey":"k","cid":"b","record":RECORD}}"#;

fn decode(dialect: Dialect, frame: impl Into<Bytes>) -> Item<Jetstream> {
    match dialect.decode(&Subscription::default(), frame.into()) {
        Frame::Item(item) => item,
        Frame::Error { said, .. } => panic!("an error frame: {said}"),
    }
}

/// Why `frame` is set aside.
fn malformed(dialect: Dialect, frame: impl Into<Bytes>) -> String {
    match decode(dialect, frame) {
        Item::Malformed(Reason::Malformed(why), _) => why,
        other => panic!("{other:?}"),
    }
}

fn with_record(frame: &str, record: &str) -> String {
    frame.replace("RECORD", record)
}

proptest! {
    #![proptest_config(crate::cases(256))]

    #[test]
    fn arbitrary_bytes_are_set_aside(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for dialect in Dialect::ALL {
            let item = decode(dialect, bytes.clone());
            prop_assert!(matches!(item, Item::Malformed(..)), "{:?}", item);
        }
    }

    #[test]
    fn json_like_bytes_never_panic(text in r#"[\{\}\[\]",:\\u0-9a-e.\-\$ ]{0,120}"#) {
        for dialect in Dialect::ALL {
            let _ = dialect.decode(&Subscription::default(), text.clone().into());
            let wrapped = format!(r#"{{"$type":"message","payload":{text}}}"#);
            let _ = dialect.decode(&Subscription::default(), wrapped.into());
        }
    }

    #[test]
    fn a_frame_cut_anywhere_is_set_aside(cut in 0..COMMIT.len()) {
        let whole = with_record(COMMIT, r#"{"text":"grüße"}"#);
        malformed(Dialect::JetstreamV1, whole.as_bytes()[..cut].to_vec());
        let whole = with_record(MESSAGE, r#"{"text":"grüße"}"#);
        malformed(Dialect::JetstreamV2, whole.as_bytes()[..cut].to_vec());
    }
}

#[test]
fn brackets_may_be_nested_to_a_limit() {
    for (dialect, frame) in [(Dialect::JetstreamV1, COMMIT), (Dialect::JetstreamV2, MESSAGE)] {
        let nested =
            |depth: usize| with_record(frame, &format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        assert!(matches!(decode(dialect, nested(126)), Item::Event(_)));
        assert!(malformed(dialect, nested(127)).starts_with("nested deeper than 128 at byte "));
        malformed(dialect, nested(1_000_000));
        malformed(dialect, "[".repeat(1_000_000));
        malformed(dialect, r#"{"a":"#.repeat(1_000_000));
        malformed(dialect, with_record(frame, &"[{\"\":".repeat(100_000)));
        let in_a_string = with_record(frame, &format!(r#""\"{}\\""#, "[{".repeat(10_000)));
        assert!(matches!(decode(dialect, in_a_string), Item::Event(_)), "only brackets count");
        let side_by_side = with_record(frame, &format!("[{}0]", "[],".repeat(1_000)));
        assert!(matches!(decode(dialect, side_by_side), Item::Event(_)));
    }
}

#[test]
fn nothing_of_an_envelope_is_said_twice() {
    let v1 = with_record(COMMIT, "{}");
    for (once, twice) in [
        (r#""did":"#, r#""did":"did:plc:b","did":"#),
        (r#""time_us":"#, r#""time_us":8,"time_us":"#),
        (r#""kind":"#, r#""\u006bind":"identity","kind":"#),
        (r#""commit":"#, r#""commit":null,"commit":"#),
        (r#""rkey":"#, r#""rkey":"l","rkey":"#),
        (r#""record":"#, r#""record":{},"record":"#),
    ] {
        assert!(
            malformed(Dialect::JetstreamV1, v1.replacen(once, twice, 1)).contains("duplicate field"),
            "{twice}"
        );
    }
    let v2 = with_record(MESSAGE, "{}");
    for (once, twice) in [
        (r#""$type":"message""#, r#""$type":"message","$type":"message""#),
        (r#""payload":"#, r#""payload":{},"payload":"#),
        (r#""seq":"#, r#""seq":8,"seq":"#),
        (r#""record":"#, r#""record":{},"record":"#),
    ] {
        assert!(
            malformed(Dialect::JetstreamV2, v2.replacen(once, twice, 1)).contains("duplicate field"),
            "{twice}"
        );
    }
    let inside = with_record(COMMIT, r#"{"a":1,"a":2}"#);
    assert!(
        matches!(decode(Dialect::JetstreamV1, inside), Item::Event(_)),
        "the record's inside is not ours"
    );
}

#[test]
fn a_reason_says_where() {
    let v1 = with_record(COMMIT, "{}");
    for (from, to, why) in [
        (r#""did:plc:a""#, "5", "invalid type: integer `5`, expected a string at line 1 column 8"),
        (r#""rkey":"k","#, "", "missing field `rkey` at line 1 column "),
        (r#""cid":"b","#, "", "no `commit.cid`"),
        ("create", "undo", "unknown operation `undo`"),
        ("\"commit\":{", "\"committed\":{", "no `commit`"),
        (r#""kind":"commit","#, "", "missing field `kind` at line 1 column "),
        (r#""time_us":7"#, r#""time_us":-7"#, "a negative number at line 1 column "),
        (r#""time_us":7"#, r#""time_us":7.0"#, "invalid type: floating point `7.0`"),
        (
            r#""time_us":7"#,
            r#""time_us":9223372036854775808"#,
            "invalid value: integer `9223372036854775808`",
        ),
        (r#""time_us":7"#, r#""time_us":7,"cursor":1000000000000000"#, "1000000000000000 is no seq"),
        ("{}}}", "{}}} x", "trailing characters at line 1 column "),
        ("{}", "{]", "key must be a string at line 1 column "),
        ("\"k\"", "\"\\ud800\"", "unexpected end of hex escape at line 1 column "),
        ("\"k\"", "\"a\u{1}\"", "control character (\\u0000-\\u001F) found while parsing a string"),
    ] {
        assert!(v1.contains(from), "{from}");
        let said = malformed(Dialect::JetstreamV1, v1.replacen(from, to, 1));
        assert!(said.starts_with(why), "{to}: {said}");
    }
    let invalid = [v1.as_bytes(), b"\xff"].concat();
    assert!(malformed(Dialect::JetstreamV1, invalid).starts_with("not UTF-8: "));
    let said = malformed(Dialect::JetstreamV1, format!(r#"{{"did":{{"{}":1}}}}"#, "x".repeat(5_000)));
    assert!(said.len() < 300, "{said}");
    let said = malformed(Dialect::JetstreamV2, with_record(MESSAGE, "{}").replace("\"seq\":7,", ""));
    assert_eq!(said, "payload: no `seq`");
}

#[test]
fn an_array_is_not_an_object() {
    malformed(Dialect::JetstreamV1, r#"["did:plc:a",7,null,"commit",["r","create","c","k","b"]]"#);
    malformed(Dialect::JetstreamV1, r#"{"did":"a","time_us":7,"kind":"identity","identity":[1,"t"]}"#);
    malformed(Dialect::JetstreamV2, r#"["message",{}]"#);
    let operation = with_record(COMMIT, "{}").replace(r#""create""#, r#"{"create":null}"#);
    malformed(Dialect::JetstreamV1, operation);
}

#[test]
fn white_space_is_what_json_says() {
    let (v1, v2) = (with_record(COMMIT, "{}"), with_record(MESSAGE, "{}"));
    let spaced = |space: &str| v2.replace("\"payload\":{", &format!("\"payload\":{space}{{{space}"));
    let Item::Event(event) = decode(Dialect::JetstreamV2, spaced(" \t\r\n")) else { panic!("an event") };
    assert!(event.payload.bytes().starts_with(b"{ \t\r\n\"$type\"") && event.payload.bytes().ends_with(b"}"));
    for space in ["\u{c}", "\u{b}", "\u{a0}", "\u{feff}", "\u{0}"] {
        malformed(Dialect::JetstreamV2, spaced(space));
        malformed(Dialect::JetstreamV2, v2.replace("\"payload\":", &format!("\"payload\":{space}")));
        malformed(Dialect::JetstreamV2, v2.replace("}}}", &format!("}}}}{space}}}")));
        malformed(Dialect::JetstreamV1, format!("{space}{v1}"));
        malformed(Dialect::JetstreamV1, format!("{v1}{space}"));
    }
}

#[test]
fn escapes_cost_a_copy_and_nothing_else() {
    let escaped =
        with_record(COMMIT, "{}").replace(r#""k""#, r#""\u006b\/\n""#).replace("\"rev\"", r#""r\u0065v""#);
    let Item::Event(event) = decode(Dialect::JetstreamV1, escaped.clone()) else { panic!("an event") };
    assert_eq!((event.payload.rkey(), event.payload.rev()), (Some("k/\n"), Some("r")));
    assert_eq!(event.payload.key().to_string(), r"commit r did:plc:a c.d.e k/\u{a} create");
    assert_eq!(event.payload.bytes(), escaped.as_bytes());
}

#[test]
fn what_a_newer_server_says_is_kept_by_v1_and_skipped_by_v2() {
    let new = r#"{"time_us":7,"kind":"label","commit":[1],"did":"did:plc:a","cursor":3}"#;
    let Item::Event(event) = decode(Dialect::JetstreamV1, new) else { panic!("an event") };
    assert_eq!((event.payload.kind(), event.payload.did()), (Kind::Other, "did:plc:a"));
    assert_eq!(event.payload.key(), Key::Other(new.into()));
    for frame in [
        r#"{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#label","seq":"x"}}"#,
        r#"{"$type":"message","payload":{"$type":"other"}}"#,
        r#"{"$type":"heartbeat","message":7,"payload":8}"#,
        r#"{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#info","name":"Hello"}}"#,
    ] {
        assert_eq!(decode(Dialect::JetstreamV2, frame), Item::Info, "{frame}");
    }
    for frame in [r#"{"payload":{}}"#, r#"{"$type":"message"}"#, r#"{"$type":"message","payload":7}"#] {
        malformed(Dialect::JetstreamV2, frame);
    }
}

#[test]
fn v2_says_what_is_outdated_and_why_it_ends() {
    use highwater_core::serve::{error, outdated_cursor};
    assert_eq!(decode(Dialect::JetstreamV2, outdated_cursor()), Item::Outdated);
    let ended = |frame| match Dialect::JetstreamV2.decode(&Subscription::default(), frame) {
        Frame::Error { closure, said } => (closure, said),
        Frame::Item(item) => panic!("{item:?}"),
    };
    let retry = Closure::Retry { after: None };
    assert_eq!(ended(error("ConsumerTooSlow", "lag 100001")), (retry, "ConsumerTooSlow: lag 100001".into()));
    assert_eq!(ended(Bytes::from_static(br#"{"$type":"error"}"#)), (retry, String::new()));
    assert_eq!(ended(Bytes::from_static(br#"{"error":["x"],"$type":"error"}"#)), (retry, r#"["x"]"#.into()));
}

#[test]
fn an_event_too_large_moves_the_cursor_and_lets_its_bytes_go() {
    for (dialect, frame) in [(Dialect::JetstreamV1, COMMIT), (Dialect::JetstreamV2, MESSAGE)] {
        let large = with_record(frame, &format!("\"{}\"", "x".repeat(EVENT_BYTES_MAX)));
        let small = match decode(dialect, with_record(frame, "0")) {
            Item::Event(event) => event,
            other => panic!("{other:?}"),
        };
        let Item::Oversize(event, sample) = decode(dialect, large.clone()) else {
            panic!("an oversize event")
        };
        assert_eq!((event.time, event.seq), (small.time, small.seq));
        assert_eq!(event.payload.key(), small.payload.key());
        assert_eq!(sample.head.len(), SAMPLE_BYTES_MAX);
        assert!(sample.length as usize > EVENT_BYTES_MAX && event.payload.size() < 2 * SAMPLE_BYTES_MAX);
        let kinds = Subscription::new(Vec::new(), Vec::new(), vec![Kind::Account]).expect("valid");
        let Frame::Item(Item::Filtered(event)) = dialect.decode(&kinds, large.into()) else {
            panic!("filtered")
        };
        assert!(event.payload.size() < 2 * SAMPLE_BYTES_MAX);
    }
}

#[test]
fn what_was_not_asked_for_is_filtered_and_keeps_its_place() {
    let subscription =
        Subscription::new(vec!["c.d.*".into()], Vec::new(), vec![Kind::Commit]).expect("valid");
    let decode = |frame: String| Dialect::JetstreamV1.decode(&subscription, frame.into());
    let commit = with_record(COMMIT, "{}");
    assert!(matches!(decode(commit.clone()), Frame::Item(Item::Event(_))));
    let identity = r#"{"did":"did:plc:a","time_us":9,"kind":"identity","identity":{"did":"did:plc:a","seq":1,"time":"t"}}"#;
    for unasked in [commit.replace("c.d.e", "c.f.e"), commit.replace("c.d.e", ""), identity.into()] {
        let Frame::Item(Item::Filtered(event)) = decode(unasked) else { panic!("filtered") };
        assert!(event.time.as_micros() >= 7);
    }
}

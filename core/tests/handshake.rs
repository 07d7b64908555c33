//! What a client asks for, and what a server makes of it: the two sides of the handshake against each other.

use highwater_core::cursor::{Cursor, Place};
use highwater_core::dialect::filter::Filter;
use highwater_core::dialect::jetstream::Kind;
use highwater_core::dialect::{Dialect, Subscription};
use highwater_core::effect::OpenOptions;
use highwater_core::serve::reply::Reply;
use highwater_core::serve::request::{Accepted, Answer, Handshake, answer};
use highwater_core::serve::{Host, V1_DICTIONARY, Wire};
use highwater_core::time::WallTime;

const PLAIN: OpenOptions = OpenOptions { compress: false, message_bytes_max: None };
const V2_PATH: &str = "/xrpc/network.bsky.jetstream.subscribeEvents";

fn subscription() -> Subscription {
    let collections = vec!["app.bsky.graph.*".into(), "app.bsky.feed.post".into()];
    let dids = vec!["did:plc:b".into(), "did:web:localhost%3A8080".into()];
    Subscription::new(collections, dids, vec![Kind::Commit, Kind::Identity]).expect("valid")
}

fn ask(host: Host, target: &str) -> Result<Accepted, Reply> {
    match answer(host, Some(20_260_811), Handshake { target, ..Handshake::default() }) {
        Answer::Subscribe(accepted) => Ok(accepted),
        Answer::Reply(reply) => Err(reply),
        Answer::Dictionary => panic!("{target} is not for a dictionary"),
    }
}

fn refused(host: Host, target: &str) -> (u16, String) {
    let reply = ask(host, target).expect_err(target);
    (reply.status, reply.body)
}

#[test]
fn a_server_understands_what_a_client_asks() {
    let time = WallTime::from_micros(1_725_911_162_329_308);
    let asked = subscription();
    for place in [Place::Tip, Place::Oldest, Place::Time(time), Place::Cursor(Cursor(4_711))] {
        let request = Dialect::JetstreamV1.request(&asked, place, PLAIN, None);
        let accepted = ask(Host::V2, &request.path_and_query()).expect("accepted");
        let filter = Filter::new(asked.collections(), asked.dids(), &[]);
        assert_eq!(accepted.wire, Wire::V1OnV2Host);
        assert_eq!((accepted.place, &accepted.filter), (place, &filter), "v1 cannot ask for kinds");

        let request = Dialect::JetstreamV2.request(&asked, place, PLAIN, Some(20_260_811));
        let accepted = ask(Host::V2, &request.path_and_query()).expect("accepted");
        let filter = Filter::new(asked.collections(), asked.dids(), asked.kinds());
        let oldest = Place::Time(WallTime::from_micros(1_000_000_000_000_000));
        let place = if place == Place::Oldest { oldest } else { place };
        assert_eq!((accepted.wire, accepted.place, accepted.filter), (Wire::V2, place, filter));
        assert_eq!((accepted.dictionary, accepted.message_bytes_max), (None, None));
    }
}

#[test]
fn requests_are_written_as_the_wires_have_them() {
    let options = OpenOptions { compress: true, message_bytes_max: Some(33_554_432) };
    let at = Place::Cursor(Cursor(1_725_911_162_329_308));
    let v1 = Dialect::JetstreamV1.request(&subscription(), at, options, None);
    assert_eq!(
        v1.path_and_query(),
        "/subscribe?wantedCollections=app.bsky.feed.post&wantedCollections=app.bsky.graph.*\
         &wantedDids=did:plc:b&wantedDids=did:web:localhost%253A8080\
         &maxMessageSizeBytes=33554432&compress=true&cursor=1725911162329308"
    );
    let v2 =
        Dialect::JetstreamV2.request(&subscription(), Place::Cursor(Cursor(7)), options, Some(20_260_811));
    assert_eq!(
        v2.path_and_query(),
        "/xrpc/network.bsky.jetstream.subscribeEvents?kinds=commit&kinds=identity\
         &dids=did:plc:b&dids=did:web:localhost%253A8080\
         &collections=app.bsky.feed.post&collections=app.bsky.graph.*\
         &maxMessageSizeBytes=33554432&zstdDictionary=20260811&cursor=7"
    );
    assert_eq!((v1.subprotocol, v2.subprotocol), (None, Some("xrpc.v1.json")));
    let bare = Dialect::JetstreamV1.request(&Subscription::default(), Place::Tip, PLAIN, None);
    assert_eq!(bare.path_and_query(), "/subscribe");
}

#[test]
fn a_client_asks_for_places_each_wire_can_tell_apart() {
    let cursor = |dialect: Dialect, place| {
        let query = dialect.request(&Subscription::default(), place, PLAIN, None).query;
        query.strip_prefix("cursor=").map(String::from)
    };
    let early = Place::Time(WallTime::from_micros(5));
    let [v1, v2] = Dialect::ALL;
    assert_eq!((cursor(v1, Place::Tip), cursor(v2, Place::Tip)), (None, None));
    assert_eq!(cursor(v1, Place::Oldest).as_deref(), Some("0"));
    assert_eq!(cursor(v2, Place::Oldest).as_deref(), Some("1000000000000000"));
    assert_eq!(cursor(v1, early).as_deref(), Some("5"));
    assert_eq!(cursor(v2, early).as_deref(), Some("1000000000000000"), "a moment, and never a seq");
    assert_eq!(v2.place_of_wire_integer(999_999_999_999_999), Place::Cursor(Cursor(999_999_999_999_999)));
    assert_eq!(
        v2.place_of_wire_integer(1_000_000_000_000_000),
        Place::Time(WallTime::from_micros(1_000_000_000_000_000))
    );
    assert_eq!(v1.place_of_wire_integer(1_000_000_000_000_000), Place::Cursor(Cursor(1_000_000_000_000_000)));
}

#[test]
fn v1_refuses_in_plain_text() {
    for host in [Host::Legacy, Host::V2] {
        let bad = |query: &str| refused(host, &format!("/subscribe?{query}"));
        let with = |why: &str| (400, why.to_string());
        assert_eq!(bad("cursor=soon"), with("invalid cursor: soon"));
        assert_eq!(bad("cursor=1.5"), with("invalid cursor: 1.5"));
        assert_eq!(
            bad("wantedCollections=app.bsky.fo*"),
            with("invalid subscriber options: invalid collection: app.bsky.fo*")
        );
        assert_eq!(bad("wantedDids=me"), with("invalid subscriber options"));
        let many = |name: &str, count: usize, value: &str| {
            (0..count).map(|i| format!("{name}={value}{i}")).collect::<Vec<_>>().join("&")
        };
        let collections = many("wantedCollections", 101, "app.bsky.c");
        assert_eq!(bad(&collections), with("invalid subscriber options: too many wanted collections"));
        let dids = many("wantedDids", 10_001, "did:plc:");
        assert_eq!(bad(&dids), with("invalid subscriber options: too many wanted DIDs"));
        let twice = format!("/subscribe?{0}&{0}", many("wantedCollections", 100, "app.bsky.c"));
        assert!(ask(host, &twice).is_ok(), "counted after repetition is gone");
    }
}

#[test]
fn v1_takes_what_it_cannot_read_for_nothing_asked() {
    let accepted = ask(
        Host::Legacy,
        "/subscribe?cursor=-7&maxMessageSizeBytes=-1&compress=True&requireHello=1&wantedCollections=*..*&x=y",
    );
    let accepted = accepted.expect("accepted");
    assert_eq!(accepted.place, Place::Oldest);
    assert_eq!((accepted.message_bytes_max, accepted.dictionary), (None, None));
    assert!(!accepted.waits_for_hello);
    assert_eq!(ask(Host::Legacy, "/subscribe?cursor=").map(|accepted| accepted.place), Ok(Place::Tip));
    let seq = ask(Host::Legacy, "/subscribe?cursor=4711").expect("accepted");
    assert_eq!(seq.place, Place::Time(WallTime::from_micros(4_711)), "a legacy host has no numbers");
}

#[test]
fn v1_compresses_for_a_parameter_or_a_header() {
    let target = "/subscribe?compress=true&maxMessageSizeBytes=100&requireHello=true";
    let by_query = ask(Host::Legacy, target).expect("accepted");
    assert_eq!((by_query.dictionary, by_query.waits_for_hello), (Some(V1_DICTIONARY), true));
    assert!(by_query.admits(101, Some(100)) && !by_query.admits(99, Some(101)), "measured as sent");
    let on_v2 = ask(Host::V2, target).expect("accepted");
    assert!(!on_v2.admits(101, Some(50)) && on_v2.admits(100, Some(50)), "measured as written");

    let handshake = Handshake { target: "/subscribe", socket_encoding: "zstd", ..Handshake::default() };
    let Answer::Subscribe(by_header) = answer(Host::Legacy, None, handshake) else { panic!("accepted") };
    assert_eq!(by_header.dictionary, Some(V1_DICTIONARY));
    let with_deflate = Handshake { extensions: "permessage-deflate; client_max_window_bits", ..handshake };
    assert!(matches!(answer(Host::Legacy, None, with_deflate), Answer::Subscribe(_)));
    assert!(matches!(answer(Host::V2, None, with_deflate), Answer::Reply(Reply { status: 400, .. })));
}

#[test]
fn v2_refuses_in_json_that_the_client_understands() {
    use highwater_core::closure::Closure;
    for (query, name, closure) in [
        ("cursor=-1", "InvalidRequest", Closure::Fatal),
        ("cursor=soon", "InvalidRequest", Closure::Fatal),
        ("kinds=commit&kinds=label", "InvalidRequest", Closure::Fatal),
        ("kinds=account&collections=app.bsky.feed.post", "InvalidRequest", Closure::Fatal),
        ("collections=app.bsky.fo*", "InvalidRequest", Closure::Fatal),
        ("collections=..*", "InvalidRequest", Closure::Fatal),
        ("dids=me", "InvalidRequest", Closure::Fatal),
        ("maxMessageSizeBytes=-1", "InvalidRequest", Closure::Fatal),
        ("maxMessageSizeBytes=4294967296", "InvalidRequest", Closure::Fatal),
        ("wantedDids=did:plc:a", "InvalidRequest", Closure::Fatal),
        ("wantedCollections=app.bsky.feed.post", "InvalidRequest", Closure::Fatal),
        ("requireHello=false", "InvalidRequest", Closure::Fatal),
        ("compress=true", "InvalidRequest", Closure::Fatal),
        ("zstdDictionary=1", "UnknownZstdDictionary", Closure::Renegotiate),
    ] {
        let (status, body) = refused(Host::V2, &format!("{V2_PATH}?{query}"));
        assert!(body.starts_with(&format!(r#"{{"error":"{name}","message":""#)), "{query}: {body}");
        assert_eq!(Dialect::JetstreamV2.refusal(status, body.as_bytes(), None), closure, "{query}");
    }
    let closure = |reply: &Reply| Dialect::JetstreamV2.refusal(reply.status, reply.body.as_bytes(), Some(3));
    assert_eq!(closure(&Reply::too_old(7)), Closure::TooOld);
    assert!(matches!(closure(&Reply::unavailable(Wire::V2)), Closure::Retry { after: Some(_) }));
    assert!(matches!(closure(&Reply::unavailable(Wire::V1)), Closure::Retry { after: Some(_) }));
    assert_eq!(closure(&Reply::not_found()), Closure::Fatal);
}

#[test]
fn v2_echoes_its_subprotocol_and_knows_its_dictionary() {
    let target = &format!("{V2_PATH}?zstdDictionary=20260811&maxMessageSizeBytes=0");
    for (offered, echoed) in [("", None), ("xrpc.v1.json", Some("xrpc.v1.json")), ("XRPC.v1.json", None)] {
        let handshake = Handshake { target, subprotocols: offered, ..Handshake::default() };
        let Answer::Subscribe(accepted) = answer(Host::V2, Some(20_260_811), handshake) else {
            panic!("accepted")
        };
        assert_eq!((accepted.subprotocol, accepted.dictionary), (echoed, Some(20_260_811)));
        assert_eq!(accepted.message_bytes_max, None);
    }
    let dictionary = |host, have, query: &str| {
        let path = Dialect::JetstreamV2.dictionary_path().unwrap_or_default();
        let target = &format!("{path}{query}");
        answer(host, have, Handshake { target, ..Handshake::default() })
    };
    assert_eq!(dictionary(Host::V2, Some(5), ""), Answer::Dictionary);
    assert_eq!(dictionary(Host::V2, Some(5), "?id=5"), Answer::Dictionary);
    assert_eq!(dictionary(Host::V2, Some(5), "?id=6"), Answer::Reply(Reply::unknown_dictionary()));
    assert_eq!(dictionary(Host::V2, None, ""), Answer::Reply(Reply::not_found()));
    assert_eq!(dictionary(Host::Legacy, Some(5), ""), Answer::Reply(Reply::not_found()));
}

#[test]
fn each_host_has_its_paths() {
    assert_eq!(refused(Host::Legacy, "/").0, 200);
    assert_eq!(refused(Host::Legacy, V2_PATH).0, 404);
    assert_eq!(refused(Host::V2, "/subscribe/more").0, 404);
    assert_eq!(ask(Host::Legacy, "/subscribe").map(|accepted| accepted.wire), Ok(Wire::V1));
    assert_eq!(ask(Host::V2, V2_PATH).map(|accepted| accepted.wire), Ok(Wire::V2));
}

//! The invariants of absence: what a part does not know, it cannot get wrong.

use super::tree::{Offence, Source, lines_of};
use super::{bites, passes, sweep};

/// A rule: none of `patterns`, each a bit of Rust, in the product code of the files that `is_meant` picks.
fn absent(is_meant: impl Fn(&Source) -> bool, patterns: &[&str]) -> impl Fn(&Source) -> Vec<Offence> {
    move |source| {
        let mut offences = Vec::new();
        for pattern in patterns.iter().filter(|_| is_meant(source)) {
            let lines = lines_of(&source.product, pattern).into_iter();
            offences.extend(lines.map(|line| Offence { line, what: format!("`{pattern}`") }));
        }
        offences
    }
}

fn is_core(source: &Source) -> bool {
    source.package() == "core"
}

fn is_io(source: &Source) -> bool {
    source.package() == "io"
}

#[test]
fn the_core_has_no_clock_no_chance_no_thread_no_file() {
    let rule = &absent(
        is_core,
        &["std ::", "SystemTime", "rand", "rand_chacha", "getrandom", "unsafe", "println !"],
    );
    bites(rule, "core/src/x.rs", "use std::time::Instant;");
    bites(rule, "core/src/x.rs", "fn f() { std::thread::spawn(g); }");
    bites(rule, "core/src/x.rs", "fn f() { let x = rand::random(); }");
    passes(
        rule,
        "core/src/x.rs",
        "use core::time::Duration;\n/// Like std::time.\nfn f() -> &str { \"std\" }",
    );
    passes(rule, "core/src/x.rs", "#[cfg(test)]\nmod tests { use std::thread; }\nfn g() {}");
    sweep(rule, "Time and chance come in by the door: as a field of an input, or from the seed.");
}

#[test]
fn the_core_decides_nothing_by_hash_order_or_float() {
    let rule = &absent(is_core, &["HashMap", "HashSet", "hashbrown", "f32", "f64"]);
    bites(rule, "core/src/x.rs", "use hashbrown::HashMap;");
    bites(rule, "core/src/x.rs", "fn f(x: f64) {}");
    sweep(
        rule,
        "Use an ordered map and whole numbers: the same inputs must give the same effects on every machine.",
    );
}

#[test]
fn one_file_of_the_consumer_assigns_its_state() {
    let is_meant = |source: &Source| is_core(source) && source.path != "core/src/consumer.rs";
    let rule = &absent(is_meant, &["self.state ="]);
    bites(
        rule,
        "core/src/consumer/silence.rs",
        "impl A { fn f(&mut self) { self.state = State::Stopped; } }",
    );
    passes(
        rule,
        "core/src/consumer/silence.rs",
        "impl A { fn f(&self) -> bool { self.state == State::Stopped } }",
    );
    sweep(rule, "Answer what should be, and let core/src/consumer.rs make it so.");
}

#[test]
fn only_the_driver_and_the_feed_select() {
    let is_meant = |source: &Source| {
        let is_feed = ["io/src/cli/feed.rs", "io/src/cli/demo.rs"].contains(&source.path.as_str());
        is_io(source) && !["driver", "feed"].contains(&source.room()) && !is_feed
    };
    let rule = &absent(is_meant, &["select !"]);
    bites(rule, "io/src/socket.rs", "async fn f() { tokio::select! { _ = g() => {} } }");
    passes(rule, "io/src/driver/ready.rs", "async fn f() { tokio::select! { _ = g() => {} } }");
    sweep(rule, "Whoever waits for two things at once decides which is first: that is the driver's to do.");
}

#[test]
fn only_the_socket_and_the_feed_know_websockets() {
    let is_meant = |source: &Source| is_io(source) && !["socket", "feed"].contains(&source.room());
    let rule = &absent(is_meant, &["tokio_tungstenite", "tungstenite"]);
    bites(rule, "io/src/driver.rs", "use tokio_tungstenite::tungstenite::Message;");
    passes(rule, "io/src/socket/zstd.rs", "use tokio_tungstenite::tungstenite::Message;");
    sweep(rule, "Ask for it in io/src/socket: another transport must not be felt elsewhere.");
}

#[test]
fn only_the_sqlite_sink_and_its_readers_know_sql() {
    let readers = ["io/src/cli/export.rs", "io/src/cli/status.rs"];
    let is_meant = |source: &Source| {
        let may = source.path.starts_with("io/src/sink/sqlite") || readers.contains(&source.path.as_str());
        (is_core(source) || is_io(source)) && !may
    };
    let rule = &absent(is_meant, &["rusqlite"]);
    bites(rule, "io/src/driver.rs", "use rusqlite::Connection;");
    bites(rule, "core/src/sink.rs", "fn f() -> rusqlite::Result<()> {}");
    passes(rule, "io/src/sink/sqlite/schema.rs", "use rusqlite::Connection;");
    sweep(rule, "Ask the sink for it: another database must not be felt elsewhere.");
}

#[test]
fn only_dialects_and_servers_know_the_wires_names() {
    let names = [
        "wantedCollections",
        "wantedDids",
        "maxMessageSizeBytes",
        "requireHello",
        "options_update",
        "zstdDictionary",
        "CursorTooOld",
        "OutdatedCursor",
        "$type",
    ];
    let rule = |source: &Source| {
        let mut offences = Vec::new();
        // A record has a `$type` of its own, which is no wire's affair.
        let makes_records = source.path == "io/src/feed/generator/record.rs";
        // The simulator says once more what dialects and servers say, so that a mistake of theirs is noticed.
        let says_again = source.path.starts_with("sim/src/carrier/letters/");
        let is_theirs = is_core(source) && ["dialect", "serve"].contains(&source.room());
        let may = is_theirs || makes_records || says_again;
        let literals = source.product.iter().filter(|token| !may && token.text.contains('"'));
        for literal in literals {
            let is_named = names.iter().any(|name| literal.text.contains(name));
            if is_named || (is_core(source) && literal.text == "\"time_us\"") {
                offences.push(Offence { line: literal.line, what: literal.text.clone() });
            }
        }
        offences
    };
    bites(rule, "io/src/socket.rs", "const A: &str = \"?wantedDids=\";");
    bites(rule, "core/src/consumer.rs", "const A: &str = \"time_us\";");
    passes(rule, "core/src/dialect/jetstream.rs", "const A: &str = \"time_us\";");
    passes(rule, "core/src/consumer.rs", "/// As `CursorTooOld`.\nconst A: u8 = 1;");
    sweep(rule, "Let core/src/dialect or core/src/serve say it: a wire's rules stand in one place.");
}

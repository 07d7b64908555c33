//! The machine of today says what was recorded, word for word.

use std::panic::{AssertUnwindSafe, catch_unwind};

use highwater_core::payload::Shadow;
use highwater_core::trace::{Deed, Step, Track};
use highwater_core::{Consumer, Input};

use super::difference::{Difference, of_effects};
use super::legal::Laws;
use super::lives::{Life, Lives};
use super::{At, Refusal, Replayed};

/// Replays the trace. Gives what it was, or the first thing that is not as it was or that the world cannot do.
pub fn strict(lives: &Lives) -> Result<Replayed, Refusal> {
    let mut replayed = Replayed::default();
    let mut laws = Laws::default();
    for life in &lives.lives {
        replayed.lives += 1;
        replayed.torn += u64::from(life.is_torn);
        replay(life, &mut laws, &mut replayed)?;
    }
    Ok(replayed)
}

/// The machine that a life begins with.
pub(super) fn machine(life: &Life) -> Result<Consumer<Shadow>, String> {
    match &life.head.machine {
        Some(machine) => serde_json::from_str(machine.get()).map_err(|error| error.to_string()),
        None => Ok(Consumer::new(life.head.config.clone(), life.head.now)),
    }
}

fn replay(life: &Life, laws: &mut Laws, replayed: &mut Replayed) -> Result<(), Refusal> {
    let mut at = At { life: replayed.lives, step: 0 };
    let different = |at, (field, recorded, now)| Refusal::Different(Difference { at, field, recorded, now });
    let machine = machine(life).map_err(|error| {
        different(at, ("machine".to_owned(), "a machine".to_owned(), format!("unreadable: {error}")))
    });
    let mut machine = machine?;
    let mut track = Track::new(life.head.now);
    laws.begin(life.head.machine.is_some());
    for (index, step) in life.steps.iter().enumerate() {
        let now = track.read(step);
        at.step = step.n;
        if let Some(input) = &step.input {
            laws.input(now, input).map_err(|what| Refusal::Illegal { at, what })?;
            count(replayed, input);
            let told = catch_unwind(AssertUnwindSafe(|| machine.handle(now, input.clone())));
            told.map_err(|_| different(at, ("in".to_owned(), "taken".to_owned(), "a panic".to_owned())))?;
        }
        let out = drain(&mut machine, laws);
        // A process that was killed may not have come to do all of it.
        let is_cut = index + 1 == life.steps.len() && !ends_well(life);
        if let Some(recorded) = &step.out {
            let said = if is_cut { &out[..out.len().min(recorded.len())] } else { &out[..] };
            of_effects(recorded, said).map_or(Ok(()), |fields| Err(different(at, fields)))?;
        }
        if let Some(recorded) = step.h {
            let now = track.fold(machine.fingerprint(now));
            if recorded != now {
                return Err(different(at, ("h".to_owned(), recorded.to_string(), now.to_string())));
            }
        }
    }
    Ok(())
}

/// Whether the last thing that the machine said was that it stops.
fn ends_well(life: &Life) -> bool {
    let last = life.steps.last().and_then(|step: &Step| step.out.as_ref()?.last());
    matches!(last, Some(Deed::Stop(_) | Deed::Ignored(_)))
}

fn drain(machine: &mut Consumer<Shadow>, laws: &mut Laws) -> Vec<Deed> {
    let mut out = Vec::new();
    while let Some(effect) = machine.poll_effect() {
        laws.effect(&effect);
        out.push(Deed::of(&effect));
    }
    out
}

pub(super) fn count(replayed: &mut Replayed, input: &Input<Shadow>) {
    replayed.steps += 1;
    match input {
        Input::Opened { .. } => replayed.connections += 1,
        Input::Received { items, .. } => replayed.events += items.len() as u64,
        _ => {}
    }
}

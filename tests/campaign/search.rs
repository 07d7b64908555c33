//! The small world of the exhaustive search under another hand's model checker: the same states, counted by two
//! searches that share nothing but the world.
//!
//! Ours knows a state by one number of 64 bits; theirs makes a number of its own from all words of a state. So equal
//! counts also say that neither took two states for one.

use std::fmt;
use std::hash::{Hash, Hasher};

use highwater_sim::{Act, Bounds, Findings, Model, Offer, Scene, search};
use stateright::{Checker as _, Property};

/// What two searches counted.
#[derive(Clone, Debug)]
pub struct Counted {
    /// By ours, with all it has to say.
    pub ours: Findings,
    /// States, by theirs.
    pub theirs: usize,
    /// How long theirs took, in seconds.
    pub seconds: f64,
}

/// Lets both searches count the states within these bounds.
pub fn count(bounds: &Bounds) -> Counted {
    let ours = search(&Model::new(bounds.clone()), |_, _| {});
    let began = std::time::Instant::now();
    let checker = stateright::Model::checker(World(Model::new(bounds.clone()))).spawn_bfs().join();
    Counted { ours, theirs: checker.unique_state_count(), seconds: began.elapsed().as_secs_f64() }
}

/// The world as theirs wants it.
struct World(Model);

/// A state of it.
#[derive(Clone)]
struct State {
    scene: Scene,
    /// No rule was broken on the way.
    is_sound: bool,
}

impl State {
    fn words(&self) -> Vec<u64> {
        self.scene.words()
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.words() == other.words()
    }
}

impl Hash for State {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.words().hash(state);
        self.is_sound.hash(state);
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.scene.key())
    }
}

impl stateright::Model for World {
    type State = State;
    type Action = Act;

    fn init_states(&self) -> Vec<State> {
        vec![State { scene: self.0.first(), is_sound: true }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Act>) {
        let mut offer = Offer::default();
        self.0.offer(&state.scene, &mut offer);
        actions.extend(offer.acts());
    }

    fn next_state(&self, state: &State, act: Act) -> Option<State> {
        let mut scene = state.scene.clone();
        let is_sound = self.0.perform(&mut scene, act).is_ok();
        Some(State { scene, is_sound })
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("no rule is broken", |_, state: &State| state.is_sound)]
    }
}

//! What a feed is asked to be.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::feed::dictionary::Dictionary;
use crate::feed::error::FeedError;
use crate::feed::fault::{Fault, FaultKind};
use crate::feed::generator::Generator;
use crate::feed::hazard::Hazards;
use crate::feed::instance::Instance;
use crate::feed::log::{Log, Stamps};
use crate::feed::measure::Measure;
use crate::feed::press::Press;
use crate::feed::server::Server;
use crate::feed::source::{Lines, Source};
use crate::feed::truth::Truth;
use crate::feed::wires::Wires;

/// A feed without end keeps so many events if nobody says otherwise.
const RETENTION_EVENTS: u64 = 200_000;

/// What a feed says, and how.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// What it speaks.
    pub wires: Wires,
    /// What events and faults are made from.
    pub seed: u64,
    /// How many events there are; without end if there is no number and no file.
    pub events: Option<u64>,
    /// How many events a second come to be; 0 for all at once, or, without end, for as many as are read.
    pub rate: u32,
    /// A file of frames of the older wire, one a line, to say instead of made-up events.
    pub serve: Option<PathBuf>,
    /// No more events a second go to one address on the older wire, whatever it reads; the first server says 5,000.
    pub limit: Option<u32>,
    /// What is kept; all, or the last 200,000 of a feed without end.
    pub retention: Option<Measure>,
    /// A file with the dictionary to compress with; one is trained if there is none.
    pub dictionary: Option<PathBuf>,
    /// Where to write what was really said.
    pub truth: Option<PathBuf>,
    /// What goes wrong.
    pub faults: Vec<Fault>,
}

impl Default for Config {
    /// A feed without end on any free port of this machine, of the older wire, about as busy as the network.
    fn default() -> Self {
        Self {
            listen: ([127, 0, 0, 1], 0).into(),
            wires: Wires::V1,
            seed: 1,
            events: None,
            rate: 1_000,
            serve: None,
            limit: None,
            retention: None,
            dictionary: None,
            truth: None,
            faults: Vec::new(),
        }
    }
}

impl Config {
    /// What is to serve, with nothing said yet, and how many events there will be.
    pub(crate) fn server(self) -> Result<(Server, u64), FeedError> {
        let source = match &self.serve {
            None => Source::Made(Generator::new(self.seed, self.wires != Wires::V1)),
            Some(_) if self.wires != Wires::V1 => return Err(FeedError::FileNeedsV1),
            Some(path) => {
                if let Some(fault) = self.faults.iter().find(|fault| changes_events(fault.kind)) {
                    return Err(FeedError::FileStays(fault.kind));
                }
                Source::Read(Lines::read(path)?)
            }
        };
        let events = self.events.unwrap_or(u64::MAX).min(source.len().unwrap_or(u64::MAX));
        let kept = if events == u64::MAX { RETENTION_EVENTS } else { u64::MAX };
        let stamps = if self.serve.is_some() { Stamps::Given } else { Stamps::Clock };
        let log = Log::new(self.retention.unwrap_or(Measure::Times(kept)), stamps);
        let dictionary = match &self.dictionary {
            None => Dictionary::trained(self.seed, 0),
            Some(path) => {
                let bytes = std::fs::read(path).map_err(|error| FeedError::Read(path.clone(), error))?;
                Dictionary::new(bytes).map_err(|why| FeedError::Dictionary(path.clone(), why))?
            }
        };
        let truth = match &self.truth {
            None => None,
            Some(path) => {
                let has_second = self.faults.iter().any(|fault| fault.kind == FaultKind::Instance);
                let instances = [Instance::First].into_iter().chain(has_second.then_some(Instance::Second));
                let truth = Truth::create(path, self.wires.wires(), instances.collect());
                Some(truth.map_err(FeedError::Truth)?)
            }
        };
        let press = Press::new(source, dictionary);
        let hazards = Hazards::new(self.seed, &self.faults);
        let server = Server::new(self.seed, self.wires, log, press, hazards, truth);
        Ok((server.with_limit(self.limit), events))
    }
}

/// Whether a fault needs events that are not what a file says.
const fn changes_events(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::ReEmission | FaultKind::ClockStep | FaultKind::Oversize | FaultKind::Instance)
}

//! A fault in words.

use core::fmt;

use highwater_core::time::Duration;

use super::{Firing, Record, signed};
use crate::draw::Site;

/// `stall of connection 2 after 1.5s for 40s`.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fault)?;
        let entity = self.entity;
        match self.fault.site() {
            Site::Mishap => write!(f, " of connection {entity}")?,
            Site::SinkFault => write!(f, " at job {entity}")?,
            Site::Oddity => write!(f, " of e{entity}")?,
            Site::Doubled => write!(f, " of news {entity}")?,
            Site::Control => write!(f, " at read {entity}")?,
            Site::Midway => write!(f, " after effect {entity}")?,
            Site::Succession => write!(f, " of process {entity}")?,
            Site::Clockwork if self.fault.is_of_source() => write!(f, " of source {entity}")?,
            _ => {}
        }
        for (range, number) in self.measures() {
            let name = range.measure.name();
            match name.strip_suffix("_us") {
                Some(name) if range.measure.is_signed() => {
                    let sign = if signed(number) < 0 { "-" } else { "" };
                    let step = Duration::from_micros(signed(number).unsigned_abs());
                    write!(f, " {name} {sign}{step}")?;
                }
                Some(name) => write!(f, " {name} {}", Duration::from_micros(number))?,
                None => write!(f, " {name} {number}")?,
            }
        }
        Ok(())
    }
}

/// The fault, and when it took effect.
impl fmt::Display for Firing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.at, self.record)
    }
}

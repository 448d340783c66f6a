//! Incidents, and what was signalled: `i opened id → incident`, `o subject opened id` while it is not over,
//! `s at id → signal`, `n made id → notice` while it waits.

use std::sync::atomic::{AtomicU64, Ordering};

use tocsin_flow::{Casebook, Fault, Kept, Outputs};
use tocsin_model::{Incident, Subject};

use crate::layout::{Key, Space, subject_at};
use crate::store::EmbeddedState;
use crate::syncer::rejected_row;
use crate::tx::{Tx, broken_row};

pub(crate) fn incident_key(incident: &Incident) -> Vec<u8> {
    Key::of(b'i').signed(incident.opened_at.millis()).name(incident.id.as_str()).bytes()
}

pub(crate) fn open_key(incident: &Incident) -> Vec<u8> {
    Key::of(b'o').subject(&incident.subject).raw(&incident_key(incident)).bytes()
}

pub(crate) fn read_incident(row: &[u8]) -> Result<Incident, Fault> {
    tocsin_wire::read_incident(row).map_err(|e| broken_row(Space::Cases, e))
}

impl Casebook for EmbeddedState {
    async fn recall(&mut self, subject: &Subject) -> Result<Vec<Incident>, Fault> {
        let desk = self.shared.desk();
        let disk = &self.shared.disk;
        let prefix = Key::of(b'o').subject(subject).bytes();
        let mut incidents = Vec::new();
        for (key, _) in desk.tx.prefix(disk, Space::Cases, &prefix)?.into_iter().rev() {
            if let Some(row) = desk.tx.get(disk, Space::Cases, &key[prefix.len()..])? {
                incidents.push(read_incident(&row)?);
            }
        }
        Ok(incidents)
    }

    async fn keep(&mut self, incident: &Incident, version: u64) -> Result<Kept, Fault> {
        let mut desk = self.shared.desk();
        let key = incident_key(incident);
        let kept = match desk.tx.get(&self.shared.disk, Space::Cases, &key)? {
            Some(row) => read_incident(&row)?.version,
            None => 0,
        };
        if kept != version {
            return Ok(Kept::Stale);
        }
        desk.tx.put(Space::Cases, key, tocsin_wire::write_incident(incident));
        if incident.is_over() {
            desk.tx.remove(Space::Cases, open_key(incident));
        } else {
            desk.tx.put(Space::Cases, open_key(incident), Vec::new());
        }
        desk.open = None;
        Ok(Kept::Yes)
    }

    async fn open(&mut self) -> Result<Vec<Subject>, Fault> {
        let mut desk = self.shared.desk();
        if desk.open.is_none() {
            let rows = desk.tx.prefix(&self.shared.disk, Space::Cases, b"o")?;
            desk.open = Some(rows.iter().filter_map(|(key, _)| subject_at(key, 1)).collect());
        }
        Ok(desk.open.iter().flatten().cloned().collect())
    }
}

/// Puts what a step gives out into the transaction. Incidents are there already, by their keeps; posts
/// between the stages of one chain are not written.
pub(crate) fn write_outputs(tx: &mut Tx, outputs: &Outputs, numbers: &AtomicU64) {
    for signal in &outputs.signals {
        let key = Key::of(b's').signed(signal.at.millis()).name(signal.id.as_str()).bytes();
        tx.put(Space::Cases, key, tocsin_wire::write_signal(signal));
    }
    for notice in &outputs.notices {
        let key = Key::of(b'n').signed(notice.at.millis()).name(notice.id.as_str()).bytes();
        tx.put(Space::Cases, key, tocsin_wire::write_notice(notice));
    }
    for rejected in &outputs.rejected {
        let (key, row) = rejected_row(numbers.fetch_add(1, Ordering::Relaxed), rejected);
        tx.put(Space::Rejected, key, row);
    }
}

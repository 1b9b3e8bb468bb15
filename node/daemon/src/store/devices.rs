//! What is known of devices from what they did: rates, failures in a row, whether they are drained, hours.

use std::collections::BTreeMap;

use arknet_protocol::Fingerprint;

use super::column::{col, count, get, int};
use super::time::UnixMillis;
use super::tx::{self, Tx};
use super::{Store, StoreError};

/// The weight of the newest measurement in the moving average.
const WEIGHT: f64 = 0.25;

/// A measured rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Per second, an exponentially weighted moving average.
    pub value: f64,
    /// Measurements so far.
    pub samples: u64,
}

/// A device.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceRecord {
    /// Which.
    pub fingerprint: Fingerprint,
    /// Its name, for people.
    pub name: String,
    /// Attempts that failed because of it since the last that did not.
    pub failures: u64,
    /// Since when it gets no jobs.
    pub drained_at: Option<UnixMillis>,
    /// Why.
    pub reason: Option<String>,
    /// When it was last there or worked.
    pub seen_at: UnixMillis,
    /// What it was measured to do, by name of the measure.
    pub rates: BTreeMap<String, Rate>,
}

/// What an attempt says about its device.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeviceReport {
    /// Whether the device is to blame for a failure.
    pub failed: bool,
    /// How long it was at work, in milliseconds.
    pub busy_millis: u64,
    /// What it did per second, by name of the measure. Rates that are not finite and positive are left out.
    pub rates: Vec<(&'static str, f64)>,
}

/// An hour of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceHour {
    /// Hours since 1970.
    pub hour: i64,
    /// Attempts that ended.
    pub jobs: u64,
    /// Those that failed because of the device.
    pub failures: u64,
    /// Milliseconds at work.
    pub busy_millis: u64,
}

impl Store {
    /// Says that a device is there.
    pub async fn device_seen(
        &self,
        now: UnixMillis,
        device: Fingerprint,
        name: String,
    ) -> Result<(), StoreError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            tx.run(
                "INSERT INTO devices (fingerprint, name, seen_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET name = excluded.name, seen_at = excluded.seen_at",
                (col(&device), name, tx.now()),
            )?;
            Ok(())
        })
        .await
    }

    /// Takes in what an attempt says about its device. Gives the failures in a row.
    pub async fn device_report(
        &self,
        now: UnixMillis,
        device: Fingerprint,
        report: DeviceReport,
    ) -> Result<u64, StoreError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            let failures = tx.row(
                "UPDATE devices SET failures = CASE WHEN ?2 THEN failures + 1 ELSE 0 END, seen_at = ?3
                 WHERE fingerprint = ?1 RETURNING failures",
                (col(&device), report.failed, tx.now()),
                |row| count(row, 0),
            )?;
            for (measure, value) in &report.rates {
                if value.is_finite() && *value > 0.0 {
                    tx.run(
                        "INSERT INTO rates (device, measure, value, samples) VALUES (?1, ?2, ?3, 1)
                         ON CONFLICT DO UPDATE SET value = value + ?4 * (excluded.value - value), samples = samples + 1",
                        (col(&device), measure, value, WEIGHT),
                    )?;
                }
            }
            tx.run(
                "INSERT INTO device_hours (device, hour, jobs, failures, busy_millis) VALUES (?1, ?2, 1, ?3, ?4)
                 ON CONFLICT DO UPDATE SET jobs = jobs + 1, failures = failures + excluded.failures,
                    busy_millis = busy_millis + excluded.busy_millis",
                (col(&device), tx.now().hour(), report.failed, int(report.busy_millis)),
            )?;
            Ok(failures.unwrap_or(0))
        })
        .await
    }

    /// Gives a device no more jobs (`Some(reason)`), or jobs again (`None`); `actor` is `operator` or `node`.
    pub async fn set_drained(
        &self,
        now: UnixMillis,
        device: Fingerprint,
        reason: Option<String>,
        actor: &'static str,
    ) -> Result<(), StoreError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            tx.run(
                "UPDATE devices SET drained_at = CASE WHEN ?2 IS NULL THEN NULL ELSE coalesce(drained_at, ?3) END,
                    reason = ?2, failures = CASE WHEN ?2 IS NULL THEN 0 ELSE failures END WHERE fingerprint = ?1",
                (col(&device), &reason, tx.now()),
            )?;
            let action = match &reason {
                Some(_) => "device-drained",
                None => "device-back",
            };
            tx.audit(actor, action, &device.to_string(), reason.as_deref().unwrap_or(""))
        })
        .await
    }

    /// Every device that was ever there.
    pub async fn devices(&self) -> Result<Vec<DeviceRecord>, StoreError> {
        self.read(|connection| {
            let mut devices = tx::all(
                connection,
                "SELECT fingerprint, name, failures, drained_at, reason, seen_at FROM devices ORDER BY name, fingerprint",
                [],
                |row| {
                    Ok(DeviceRecord {
                        fingerprint: get(row, 0)?,
                        name: row.get(1)?,
                        failures: count(row, 2)?,
                        drained_at: row.get(3)?,
                        reason: row.get(4)?,
                        seen_at: row.get(5)?,
                        rates: BTreeMap::new(),
                    })
                },
            )?;
            for device in &mut devices {
                let rates = tx::all(
                    connection,
                    "SELECT measure, value, samples FROM rates WHERE device = ?1",
                    [col(&device.fingerprint)],
                    |row| {
                        let rate = Rate {
                            value: row.get(1)?,
                            samples: count(row, 2)?,
                        };
                        Ok((row.get(0)?, rate))
                    },
                )?;
                device.rates = rates.into_iter().collect();
            }
            Ok(devices)
        })
        .await
    }

    /// The hours of a device from hour `since` on.
    pub async fn device_hours(
        &self,
        device: Fingerprint,
        since: i64,
    ) -> Result<Vec<DeviceHour>, StoreError> {
        self.read(move |connection| {
            tx::all(
                connection,
                "SELECT hour, jobs, failures, busy_millis FROM device_hours WHERE device = ?1 AND hour >= ?2
                 ORDER BY hour LIMIT 10000",
                (col(&device), since),
                |row| {
                    Ok(DeviceHour {
                        hour: row.get(0)?,
                        jobs: count(row, 1)?,
                        failures: count(row, 2)?,
                        busy_millis: count(row, 3)?,
                    })
                },
            )
        })
        .await
    }
}

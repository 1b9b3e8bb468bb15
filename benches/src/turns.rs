//! Comparisons on a machine that also does other things.
//!
//! Contestants take turns, and each is judged by the median of its turns. Process CPU time is measured beside
//! wall time: it does not count the time in which somebody else had the core.

use std::hint::black_box;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;

/// What a piece of work took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Time on the wall.
    pub wall: Duration,
    /// Time on all cores together.
    pub cpu: Duration,
}

/// Does the work and says what it took. Dropping the result is not measured.
pub fn measure<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    let (wall, cpu) = (Instant::now(), ProcessTime::now());
    let result = black_box(work());
    let cost = Cost {
        wall: wall.elapsed(),
        cpu: cpu.elapsed(),
    };
    (result, cost)
}

/// The median cost of each contestant over `rounds` rounds, after one that does not count.
///
/// # Panics
///
/// If there are no rounds.
pub fn take_turns<const N: usize>(
    rounds: usize,
    mut contestants: [&mut dyn FnMut() -> Cost; N],
) -> [Cost; N] {
    let mut costs: [Vec<Cost>; N] = std::array::from_fn(|_| Vec::with_capacity(rounds));
    for round in 0..=rounds {
        for (contestant, costs) in contestants.iter_mut().zip(&mut costs) {
            let cost = contestant();
            if round > 0 {
                costs.push(cost);
            }
        }
    }
    costs.map(|costs| median(&costs))
}

/// The median wall time and the median CPU time.
fn median(costs: &[Cost]) -> Cost {
    let of = |time: fn(&Cost) -> Duration| {
        let mut times: Vec<Duration> = costs.iter().map(time).collect();
        middle(&mut times)
    };
    Cost {
        wall: of(|cost| cost.wall),
        cpu: of(|cost| cost.cpu),
    }
}

/// The median of some times, the larger of two in the middle.
///
/// # Panics
///
/// If there are none.
pub fn middle(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Ours over theirs, in wall and in CPU time.
pub fn ratio(ours: Cost, theirs: Cost) -> String {
    let of = |ours: Duration, theirs: Duration| ours.as_secs_f64() / theirs.as_secs_f64();
    format!(
        "{:.2} wall, {:.2} CPU",
        of(ours.wall, theirs.wall),
        of(ours.cpu, theirs.cpu)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_judged_by_the_median_of_its_turns() {
        let cost = |millis| Cost {
            wall: Duration::from_millis(millis),
            cpu: Duration::from_millis(2 * millis),
        };
        // The first turn does not count.
        let mut fast = [900, 1, 3, 2].into_iter().map(cost);
        let mut slow = [0, 10, 80, 20].into_iter().map(cost);
        let [fast, slow] = take_turns(
            3,
            [&mut || fast.next().expect("four turns"), &mut || {
                slow.next().expect("four turns")
            }],
        );
        assert_eq!(fast.wall.as_millis(), 2);
        assert_eq!(slow.cpu.as_millis(), 40);
        assert_eq!(ratio(slow, fast), "10.00 wall, 10.00 CPU");
    }
}

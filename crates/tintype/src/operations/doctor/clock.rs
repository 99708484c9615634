//! Clocks that disagree: ages and schedules would be wrong by as much.

use super::{Check, Finding};
use crate::app::App;
use tintype_engine::Engine;

/// Milliseconds by which clocks may disagree.
const MOST: i64 = 5_000;

/// Compares each node's clock with this server's.
pub async fn examine(app: &App, engine: &Engine) -> Vec<Finding> {
    let before = app.clock.now().as_millisecond();
    let times = engine.node_times().await;
    let after = app.clock.now().as_millisecond();
    match times {
        Ok(times) => times
            .into_iter()
            .filter_map(|(node, time)| Some((node, skew(before, after, time)?)))
            .map(|(node, skew)| finding(&node, skew))
            .collect(),
        Err(error) => {
            let message = format!("the nodes' clocks cannot be read: {error}");
            vec![Finding::note(Check::Clock, "clock", message)]
        }
    }
}

/// How far a clock is ahead, when that is too far. It was read at some moment between `before` and `after`.
fn skew(before: i64, after: i64, time: i64) -> Option<i64> {
    let ahead = (time - after).max(0) - (before - time).max(0);
    (ahead.abs() > MOST).then_some(ahead)
}

fn finding(node: &str, skew: i64) -> Finding {
    let seconds = skew.abs() / 1000;
    let way = if skew > 0 { "ahead of" } else { "behind" };
    let message =
        format!("its clock is {seconds} s {way} this server's: ages of snapshots are wrong by as much");
    Finding::warning(Check::Clock, node, message).remedy("set both by NTP")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_the_question_took_is_no_skew() {
        assert_eq!(skew(100_000, 130_000, 115_000), None);
        assert_eq!(skew(100_000, 100_010, 105_010), None);
        assert_eq!(skew(100_000, 100_010, 105_011), Some(5_001));
        assert_eq!(skew(100_000, 100_010, 94_000), Some(-6_000));
    }
}

//! Distances on Earth: `soql_distance(latitude, longitude, latitude, longitude)` in kilometers.
//!
//! Along the great circle, with the haversine formula. From or to nowhere there is no distance.

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};

/// The mean radius of Earth in kilometers.
const RADIUS: f64 = 6_371.008_8;

/// Makes the function known to `connection`.
pub(super) fn register(connection: &Connection) -> Result<(), rusqlite::Error> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("soql_distance", 4, flags, distance)
}

fn distance(context: &Context<'_>) -> Result<Option<f64>, rusqlite::Error> {
    let degrees = |at| context.get::<Option<f64>>(at);
    let (from, to) = ((degrees(0)?, degrees(1)?), (degrees(2)?, degrees(3)?));
    let ((Some(from_north), Some(from_east)), (Some(to_north), Some(to_east))) = (from, to) else {
        return Ok(None);
    };
    Ok(Some(kilometers(
        (from_north, from_east),
        (to_north, to_east),
    )))
}

fn kilometers(from: (f64, f64), to: (f64, f64)) -> f64 {
    let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
    let along = from.0.to_radians().cos() * to.0.to_radians().cos() * half(from.1, to.1);
    let square = (half(from.0, to.0) + along).clamp(0.0, 1.0);
    2.0 * RADIUS * square.sqrt().asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_agree_with_the_map() {
        let (london, paris) = ((51.5074, -0.1278), (48.8566, 2.3522));
        assert!((kilometers(london, paris) - 343.6).abs() < 1.0);
        assert_eq!(kilometers(paris, paris), 0.0);
        assert!((kilometers((0.0, -179.0), (0.0, 179.0)) - 222.4).abs() < 0.1);
        assert!((kilometers((90.0, 0.0), (-90.0, 0.0)) - 20_015.1).abs() < 0.1);
    }
}

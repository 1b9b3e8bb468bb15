//! Drawing digits: pen strokes, no two alike, on a sheet of 32 × 32 dots of which four by four make a pixel.

use crate::image::{Image, PIXELS, SIDE};
use crate::random::Random;

/// Dots of the sheet's side.
const SHEET: usize = 32;
/// Stamps of the pen from one point of a stroke to the next: less than a dot apart.
const STAMPS: usize = 48;

/// A place in the box of a digit: from left to right, from top to bottom.
type Point = (f32, f32);
/// Points that the pen goes through, on a straight line if they are two.
type Stroke = &'static [Point];

/// The ways to write each digit.
const SHAPES: [&[&[Stroke]]; 10] = [
    &[&[&[
        (0.5, 0.0),
        (0.15, 0.2),
        (0.08, 0.5),
        (0.18, 0.85),
        (0.5, 1.0),
        (0.82, 0.85),
        (0.92, 0.5),
        (0.85, 0.2),
        (0.5, 0.0),
    ]]],
    &[
        &[&[(0.5, 0.0), (0.5, 1.0)]],
        &[&[(0.5, 0.0), (0.5, 1.0)], &[(0.25, 0.25), (0.5, 0.0)]],
        &[
            &[(0.5, 0.0), (0.5, 1.0)],
            &[(0.3, 0.2), (0.5, 0.0)],
            &[(0.25, 1.0), (0.75, 1.0)],
        ],
    ],
    &[
        &[
            &[
                (0.1, 0.25),
                (0.3, 0.02),
                (0.65, 0.02),
                (0.85, 0.25),
                (0.7, 0.5),
                (0.35, 0.78),
                (0.1, 1.0),
            ],
            &[(0.1, 1.0), (0.9, 1.0)],
        ],
        &[&[
            (0.15, 0.2),
            (0.5, 0.0),
            (0.82, 0.22),
            (0.6, 0.6),
            (0.2, 0.95),
            (0.15, 0.8),
            (0.5, 0.9),
            (0.9, 0.98),
        ]],
    ],
    &[
        &[
            &[
                (0.1, 0.12),
                (0.5, 0.0),
                (0.85, 0.2),
                (0.7, 0.42),
                (0.4, 0.48),
            ],
            &[
                (0.4, 0.48),
                (0.8, 0.58),
                (0.9, 0.8),
                (0.55, 1.0),
                (0.1, 0.88),
            ],
        ],
        &[
            &[(0.1, 0.0), (0.85, 0.0)],
            &[(0.85, 0.0), (0.45, 0.4)],
            &[
                (0.45, 0.4),
                (0.85, 0.55),
                (0.85, 0.85),
                (0.5, 1.0),
                (0.1, 0.9),
            ],
        ],
    ],
    &[
        &[
            &[(0.25, 0.0), (0.1, 0.55)],
            &[(0.1, 0.55), (0.9, 0.55)],
            &[(0.75, 0.1), (0.65, 1.0)],
        ],
        &[
            &[(0.65, 0.0), (0.1, 0.65)],
            &[(0.1, 0.65), (0.95, 0.65)],
            &[(0.65, 0.0), (0.65, 1.0)],
        ],
        &[
            &[(0.5, 0.0), (0.1, 0.6)],
            &[(0.1, 0.6), (0.9, 0.6)],
            &[(0.65, 0.35), (0.55, 1.0)],
        ],
    ],
    &[
        &[
            &[(0.2, 0.0), (0.15, 0.45)],
            &[(0.2, 0.0), (0.85, 0.0)],
            &[
                (0.15, 0.45),
                (0.5, 0.38),
                (0.85, 0.62),
                (0.72, 0.92),
                (0.4, 1.0),
                (0.1, 0.9),
            ],
        ],
        &[
            &[(0.9, 0.0), (0.35, 0.02)],
            &[(0.35, 0.02), (0.2, 0.4)],
            &[
                (0.2, 0.4),
                (0.65, 0.5),
                (0.7, 0.8),
                (0.45, 1.0),
                (0.1, 0.95),
            ],
        ],
    ],
    &[
        &[&[
            (0.7, 0.0),
            (0.35, 0.25),
            (0.12, 0.6),
            (0.25, 0.95),
            (0.6, 1.0),
            (0.85, 0.8),
            (0.7, 0.55),
            (0.4, 0.55),
            (0.15, 0.75),
        ]],
        &[&[
            (0.4, 0.0),
            (0.18, 0.35),
            (0.15, 0.75),
            (0.4, 1.0),
            (0.75, 0.95),
            (0.85, 0.7),
            (0.55, 0.6),
            (0.2, 0.8),
        ]],
    ],
    &[
        &[
            &[(0.1, 0.0), (0.9, 0.0)],
            &[(0.9, 0.0), (0.6, 0.5), (0.45, 1.0)],
        ],
        &[
            &[(0.1, 0.05), (0.9, 0.0)],
            &[(0.9, 0.0), (0.4, 1.0)],
            &[(0.3, 0.5), (0.85, 0.5)],
        ],
    ],
    &[&[&[
        (0.5, 0.47),
        (0.18, 0.25),
        (0.5, 0.0),
        (0.82, 0.22),
        (0.5, 0.47),
        (0.15, 0.75),
        (0.5, 1.0),
        (0.85, 0.75),
        (0.5, 0.47),
    ]]],
    &[
        &[
            &[
                (0.85, 0.22),
                (0.5, 0.0),
                (0.15, 0.22),
                (0.35, 0.48),
                (0.7, 0.42),
                (0.85, 0.22),
            ],
            &[(0.85, 0.22), (0.75, 1.0)],
        ],
        &[&[
            (0.82, 0.3),
            (0.5, 0.0),
            (0.18, 0.22),
            (0.4, 0.48),
            (0.82, 0.3),
            (0.85, 0.65),
            (0.6, 0.97),
            (0.2, 0.92),
        ]],
    ],
];

/// Draws one of the ten digits.
pub fn draw(label: u8, random: &mut Random) -> Image {
    let ways = SHAPES[usize::from(label) % SHAPES.len()];
    let strokes = ways[random.below(ways.len())];
    // A hand of its own: narrow or wide, slanted, turned a little, with a pen of some width.
    let width = random.between(0.4, 0.95);
    let slant = random.between(-0.3, 0.5);
    let turn = random.between(-0.2, 0.2);
    let radius = random.between(1.0, 2.8);
    let mut place = |(x, y): Point| {
        let (x, y) = (
            (x - 0.5 + random.between(-0.11, 0.11)) * width,
            y - 0.5 + random.between(-0.09, 0.09),
        );
        (x - slant * y - turn * y, y + turn * x)
    };
    let mut stamps = Vec::new();
    for stroke in strokes {
        let points: Vec<Point> = stroke.iter().map(|&point| place(point)).collect();
        stamps.extend(curve(&points));
    }
    fit(&mut stamps, radius);
    Image {
        pixels: pixels(&stamps, radius),
        label,
    }
}

/// Places along the Catmull-Rom curve through the points.
fn curve(points: &[Point]) -> Vec<Point> {
    let at = |index: usize| points[index.min(points.len() - 1)];
    let mut places = Vec::new();
    for index in 1..points.len() {
        let (before, from, to, after) = (
            at(index.saturating_sub(2)),
            at(index - 1),
            at(index),
            at(index + 1),
        );
        for stamp in 0..=STAMPS {
            let t = stamp as f32 / STAMPS as f32;
            let between = |p: f32, q: f32, r: f32, s: f32| {
                let (linear, square) = (r - p, 2.0 * p - 5.0 * q + 4.0 * r - s);
                let cube = 3.0 * (q - r) + s - p;
                q + 0.5 * t * (linear + t * (square + t * cube))
            };
            places.push((
                between(before.0, from.0, to.0, after.0),
                between(before.1, from.1, to.1, after.1),
            ));
        }
    }
    places
}

/// Makes the drawing as large as the sheet lets it be, in its middle.
fn fit(stamps: &mut [Point], radius: f32) {
    let bounds = |axis: fn(&Point) -> f32| {
        let values = stamps.iter().map(axis);
        values.fold((f32::MAX, f32::MIN), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    };
    let (left, right) = bounds(|point| point.0);
    let (top, bottom) = bounds(|point| point.1);
    let room = SHEET as f32 - 2.0 * radius;
    let scale = room / (right - left).max(bottom - top);
    for (x, y) in stamps {
        *x = (*x - (left + right) / 2.0) * scale + SHEET as f32 / 2.0;
        *y = (*y - (top + bottom) / 2.0) * scale + SHEET as f32 / 2.0;
    }
}

/// Counts the dots with ink for each pixel.
fn pixels(stamps: &[Point], radius: f32) -> [u8; PIXELS] {
    let mut ink = [[false; SHEET]; SHEET];
    for &(x, y) in stamps {
        let dots = |centre: f32| {
            let first = (centre - radius).max(0.0) as usize;
            first..((centre + radius) as usize + 1).min(SHEET)
        };
        for row in dots(y) {
            for column in dots(x) {
                let (dx, dy) = (column as f32 + 0.5 - x, row as f32 + 0.5 - y);
                ink[row][column] |= dx * dx + dy * dy <= radius * radius;
            }
        }
    }
    let mut pixels = [0; PIXELS];
    for (row, dots) in ink.iter().enumerate() {
        for (column, &dot) in dots.iter().enumerate() {
            let dots_per_pixel = SHEET / SIDE;
            pixels[row / dots_per_pixel * SIDE + column / dots_per_pixel] += u8::from(dot);
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::INK;

    #[test]
    fn digits_fill_the_sheet_and_differ() {
        let mut random = Random::new(7);
        for label in 0..10 {
            let [first, second] = [(); 2].map(|()| draw(label, &mut random));
            assert_eq!(first.label, label);
            assert_ne!(first, second);
            for image in [first, second] {
                assert!(image.pixels.iter().all(|&pixel| pixel <= INK));
                let rows = image.pixels.chunks_exact(SIDE);
                assert!(rows.clone().all(|row| row.iter().any(|&pixel| pixel > 0)));
                let inked = image.pixels.iter().filter(|&&pixel| pixel > 0).count();
                assert!((SIDE..PIXELS).contains(&inked), "{image:?}");
            }
        }
    }
}

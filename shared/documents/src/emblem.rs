//! Vector drawings: pagoPA's mark, the creditor's logo, the scissors of the cut line.

use printpdf::{LinePoint, Point, PolygonRing, Pt};

use crate::page::Ink;

// The creditor's logo, in millimetres: `LOGO`, made of `infra/creditor/logo.svg` by the build script.
include!(concat!(env!("OUT_DIR"), "/logo.rs"));

/// Shapes one over the other, in units of their own from the top left corner.
#[derive(Debug)]
pub struct Drawing {
    pub width: f32,
    pub height: f32,
    pub shapes: &'static [Shape],
}

/// A filled path of absolute moves (M), lines (L), cubic curves (C) and closings (Z).
#[derive(Debug)]
pub struct Shape {
    pub ink: Ink,
    /// Whether a part within a part is a hole whichever way it was drawn.
    pub even_odd: bool,
    pub path: &'static str,
}

/// The mark that the guide prescribes on notices and receipts, from PagoPA's own interface library
/// (`@pagopa/mui-italia`, MIT); the mark itself belongs to PagoPA S.p.A.
pub const PAGOPA: Drawing = Drawing {
    width: 40.0,
    height: 27.0,
    shapes: &[Shape { ink: Ink::Text, even_odd: true, path: PAGOPA_PATH }],
};

const PAGOPA_PATH: &str = "\
M 28.19 7.947 L 28.178 11.292 L 25.732 11.292 L 25.732 0 L 30.254 0 C 31.707 0 32.445 0.392 32.457 1.176 L \
32.457 6.69 C 32.457 7.474 31.753 7.855 30.334 7.855 L 28.201 7.855 L 28.201 7.947 L 28.189 7.947 L 28.19 7.947 \
Z M 30 1.303 L 28.166 1.303 L 28.166 6.54 L 30 6.54 L 30 1.303 Z M 2.065 11.303 L 2.053 14.648 L 0 14.648 L 0 \
3.356 L 3.783 3.356 C 5.006 3.356 5.617 3.749 5.629 4.533 L 5.629 10.046 C 5.629 10.831 5.04 11.211 3.852 11.211 \
L 2.065 11.211 L 2.065 11.303 Z M 3.587 4.671 L 2.053 4.671 L 2.053 9.908 L 3.587 9.908 L 3.587 4.67 L 3.587 \
4.671 Z M 11.95 11.211 L 8.05 11.211 C 6.909 11.211 6.332 10.819 6.332 10.035 L 6.344 7.739 C 6.344 6.967 6.932 \
6.574 8.12 6.563 L 9.908 6.563 L 9.908 4.67 L 8.374 4.67 L 8.362 5.71 L 6.355 5.71 L 6.355 4.533 C 6.355 3.76 \
6.955 3.38 8.155 3.38 L 10.162 3.356 C 11.35 3.356 11.949 3.749 11.949 4.521 L 11.949 11.211 L 11.95 11.211 Z M \
8.384 9.896 L 9.93 9.896 L 9.918 7.878 L 8.385 7.878 L 8.385 9.896 L 8.384 9.896 Z M 16.436 11.211 L 14.636 \
11.211 C 13.449 11.211 12.861 10.819 12.861 10.046 L 12.861 4.533 C 12.872 3.749 13.483 3.356 14.706 3.356 L \
18.489 3.356 L 18.489 13.483 C 18.489 14.268 17.889 14.66 16.701 14.66 L 14.66 14.66 C 13.472 14.66 12.872 \
14.268 12.872 13.483 L 12.872 12.318 L 14.914 12.318 L 14.914 13.357 L 16.448 13.357 L 16.448 11.303 L 16.436 \
11.211 Z M 14.902 9.896 L 16.436 9.896 L 16.436 4.671 L 14.902 4.671 L 14.902 9.896 Z M 24.81 10.035 C 24.798 \
10.819 24.187 11.2 22.964 11.2 L 20.98 11.2 C 19.78 11.2 19.181 10.807 19.181 10.035 L 19.181 4.52 C 19.181 \
3.736 19.781 3.355 20.981 3.355 L 23.021 3.355 C 24.21 3.355 24.798 3.748 24.798 4.52 L 24.798 10.034 L 24.81 \
10.034 L 24.81 10.035 Z M 22.78 4.67 L 21.234 4.67 L 21.234 9.907 L 22.768 9.907 L 22.78 4.67 Z M 39.989 1.234 C \
39.989 0.45 39.285 0.069 37.866 0.069 L 35.421 0.069 C 33.991 0.069 33.276 0.461 33.276 1.234 L 33.276 11.315 L \
35.721 11.315 L 35.721 7.866 L 37.566 7.866 L 37.566 10.75 C 37.57 14.291 36.165 17.687 33.662 20.191 C 31.158 \
22.694 27.762 24.099 24.221 24.095 C 19.942 24.095 16.125 22.076 13.679 18.951 L 14.902 18.016 L 9.988 14.706 L \
10.208 21.684 L 11.776 20.438 C 14.767 24.271 19.359 26.509 24.221 26.505 C 32.941 26.505 40 19.435 40 10.727 L \
39.989 1.234 Z M 37.555 6.551 L 35.709 6.551 L 35.709 1.361 L 37.555 1.361 L 37.555 6.551 Z";

/// Two blades and two rings; the middle is at y = 2.
pub const SCISSORS: Drawing = Drawing {
    width: 6.0,
    height: 4.0,
    shapes: &[Shape { ink: Ink::Text, even_odd: true, path: SCISSORS_PATH }],
};

const SCISSORS_PATH: &str = "\
M 1.75 1.25 L 6 2.7 L 5.6 3.1 L 1.5 1.75 Z M 1.75 2.75 L 6 1.3 L 5.6 0.9 L 1.5 2.25 Z \
M 0 0.9 C 0 0.4 0.4 0 0.9 0 C 1.4 0 1.8 0.4 1.8 0.9 C 1.8 1.4 1.4 1.8 0.9 1.8 C 0.4 1.8 0 1.4 0 0.9 Z \
M 0.4 0.9 C 0.4 1.2 0.6 1.4 0.9 1.4 C 1.2 1.4 1.4 1.2 1.4 0.9 C 1.4 0.6 1.2 0.4 0.9 0.4 C 0.6 0.4 0.4 0.6 0.4 0.9 Z \
M 0 3.1 C 0 2.6 0.4 2.2 0.9 2.2 C 1.4 2.2 1.8 2.6 1.8 3.1 C 1.8 3.6 1.4 4 0.9 4 C 0.4 4 0 3.6 0 3.1 Z \
M 0.4 3.1 C 0.4 3.4 0.6 3.6 0.9 3.6 C 1.2 3.6 1.4 3.4 1.4 3.1 C 1.4 2.8 1.2 2.6 0.9 2.6 C 0.6 2.6 0.4 2.8 0.4 3.1 Z";

/// The rings of a shape's path.
pub fn rings(path: &str) -> Vec<PolygonRing> {
    let mut rings: Vec<PolygonRing> = Vec::new();
    let mut numbers: Vec<f32> = Vec::new();
    let mut command = "";
    for token in path.split_ascii_whitespace() {
        match token.parse() {
            Ok(number) => numbers.push(number),
            Err(_) => (command, numbers) = (token, Vec::new()),
        }
        match (command, numbers.as_slice()) {
            ("M", &[x, y]) => rings.push(PolygonRing { points: vec![corner(x, y)] }),
            ("L", &[x, y]) => extend(&mut rings, [corner(x, y)]),
            ("C", &[a, b, c, d, x, y]) => extend(&mut rings, [handle(a, b), handle(c, d), corner(x, y)]),
            _ => {}
        }
    }
    rings
}

fn extend<const N: usize>(rings: &mut [PolygonRing], points: [LinePoint; N]) {
    if let Some(ring) = rings.last_mut() {
        ring.points.extend(points);
    }
}

fn corner(x: f32, y: f32) -> LinePoint {
    LinePoint { p: Point { x: Pt(x), y: Pt(y) }, bezier: false }
}

fn handle(x: f32, y: f32) -> LinePoint {
    LinePoint { bezier: true, ..corner(x, y) }
}

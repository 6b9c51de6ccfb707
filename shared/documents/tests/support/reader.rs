//! Reads the codes of a page as a scanner would: the shapes that the page fills are painted into a picture, and
//! the picture is given to a decoder that is not ours. Also readers of what the codes say, by the published layouts.

use rxing::BarcodeFormat;
use rxing::helpers::detect_in_luma;

use super::pdf::{Fill, Pdf};

/// Dots in a millimetre: 300 dots an inch, an ordinary printer.
const DOTS: f64 = 300.0 / 25.4;

/// The square where each code is printed, with the light around it, in millimetres: x, y, side.
pub const QR: (f64, f64, f64) = (62.0, 170.0, 27.4);
pub const DATAMATRIX: (f64, f64, f64) = (171.9, 238.9, 27.8);

pub fn qr(pdf: &Pdf) -> String {
    decode(pdf, QR, BarcodeFormat::QR_CODE)
}

pub fn datamatrix(pdf: &Pdf) -> String {
    decode(pdf, DATAMATRIX, BarcodeFormat::DATA_MATRIX)
}

fn decode(pdf: &Pdf, window: (f64, f64, f64), format: BarcodeFormat) -> String {
    let side = (window.2 * DOTS).round() as usize;
    let picture = paint(&pdf.fills, window, side);
    let side = u32::try_from(side).unwrap();
    let found = detect_in_luma(picture, side, side, Some(format)).unwrap();
    found.getText().to_owned()
}

/// The window of the page as grey dots, painted in the order of the page.
fn paint(fills: &[Fill], (left, top, width): (f64, f64, f64), side: usize) -> Vec<u8> {
    let mut picture = vec![255_u8; side * side];
    let scale = side as f64 / width;
    let meets = |(x, y): &(f64, f64)| (left..left + width).contains(x) && (top..top + width).contains(y);
    // What fills the window from outside would need more: nothing of ours does but the bands, which lie elsewhere.
    for fill in fills.iter().filter(|fill| fill.rings.iter().flatten().any(meets)) {
        let mut inside = vec![false; side * side];
        let mut touched = false;
        for ring in &fill.rings {
            let ring: Vec<(f64, f64)> =
                ring.iter().map(|(x, y)| ((x - left) * scale, (y - top) * scale)).collect();
            touched |= toggle(&ring, side, &mut inside);
        }
        if touched {
            let grey = (fill.color.iter().sum::<f64>() / 3.0 * 255.0).round() as u8;
            for (dot, inside) in picture.iter_mut().zip(inside) {
                if inside {
                    *dot = grey;
                }
            }
        }
    }
    picture
}

/// Inverts the dots whose middle lies in the ring: over all rings of a shape this is the even-odd rule, and for
/// rings that do not overlap the other rule too.
fn toggle(ring: &[(f64, f64)], side: usize, inside: &mut [bool]) -> bool {
    let rows = |pick: fn(f64, f64) -> f64, start: f64| ring.iter().map(|p| p.1).fold(start, pick);
    let (low, high) = (rows(f64::min, f64::MAX), rows(f64::max, f64::MIN));
    let first = low.floor().clamp(0.0, side as f64) as usize;
    let last = high.ceil().clamp(0.0, side as f64) as usize;
    let mut touched = false;
    for row in first..last {
        let y = row as f64 + 0.5;
        let mut crossings: Vec<f64> = Vec::new();
        for (i, (x0, y0)) in ring.iter().enumerate() {
            let (x1, y1) = ring[(i + 1) % ring.len()];
            if (*y0 <= y) != (y1 <= y) {
                crossings.push(x0 + (y - y0) / (y1 - y0) * (x1 - x0));
            }
        }
        crossings.sort_by(f64::total_cmp);
        for pair in crossings.chunks(2) {
            let from = (pair[0] - 0.5).ceil().clamp(0.0, side as f64) as usize;
            let to = (pair[1] - 0.5).ceil().clamp(0.0, side as f64) as usize;
            for dot in &mut inside[row * side + from..row * side + to] {
                *dot = !*dot;
                touched = true;
            }
        }
    }
    touched
}

/// What a QR code says, read by the published layout; readers accept one to ten digits of cents.
#[derive(Debug, PartialEq)]
pub struct Qr {
    pub notice: String,
    pub creditor: String,
    pub cents: u64,
}

pub fn read_qr(text: &str) -> Option<Qr> {
    let parts: Vec<&str> = text.split('|').collect();
    let ["PAGOPA", "002", notice, creditor, cents] = parts[..] else {
        return None;
    };
    let digits = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    };
    let fits = digits(notice, 18..=18) && digits(creditor, 11..=11) && digits(cents, 1..=10);
    fits.then(|| Qr { notice: notice.into(), creditor: creditor.into(), cents: cents.parse().unwrap() })
}

/// What a DataMatrix says, read by fixed offsets only.
#[derive(Debug, PartialEq)]
pub struct Slip {
    pub notice: String,
    pub account: String,
    pub cents: u64,
    pub creditor: String,
    pub debtor: String,
    pub name: String,
    pub reason: String,
}

pub fn read_slip(text: &str) -> Slip {
    let part = |from: usize, to: usize| text[from..to].to_owned();
    let trimmed = |from: usize, to: usize| text[from..to].trim_end().to_owned();
    Slip {
        notice: part(15, 33),
        account: part(35, 47),
        cents: text[49..59].parse().unwrap(),
        creditor: part(66, 77),
        debtor: trimmed(77, 93),
        name: trimmed(93, 133),
        reason: trimmed(133, 243),
    }
}

//! The creditor's logo: what can be drawn is drawn as it looks, anything else is refused with what to do.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../build/logo.rs"]
#[expect(dead_code, reason = "the build script's part")]
mod logo;

use logo::{Logo, read};

fn drawn(inside: &str) -> Result<Logo, String> {
    read(&format!(r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 40">{inside}</svg>"##))
}

fn paths(inside: &str) -> Vec<String> {
    drawn(inside).unwrap().shapes.into_iter().map(|shape| shape.path).collect()
}

#[test]
fn a_wide_logo_fills_the_width_of_its_place() {
    let logo = drawn(r#"<rect width="60" height="40"/>"#).unwrap();
    assert_eq!((logo.width, logo.height), (30.0, 20.0));
    assert_eq!(logo.shapes[0].path, "M 0 0 L 30 0 L 30 20 L 0 20 Z");
    assert_eq!((logo.shapes[0].rgb, logo.shapes[0].even_odd), ([0, 0, 0], false));
}

#[test]
fn groups_styles_and_relative_commands_are_worked_in() {
    let styled = r#"<style>.a{fill:#0059b3;fill-rule:evenodd}</style>
        <g transform="translate(10 10) scale(2)"><path class="a" d="m0 0h10v5h-10z"/></g>"#;
    let logo = drawn(styled).unwrap();
    assert_eq!(logo.shapes[0].path, "M 5 5 L 15 5 L 15 10 L 5 10 Z");
    assert_eq!((logo.shapes[0].rgb, logo.shapes[0].even_odd), ([0, 0x59, 0xb3], true));
    assert_eq!(paths(r#"<path d="M0 0Q30 0 30 30z"/>"#), ["M 0 0 C 10 0 15 5 15 15 Z"]);
    assert_eq!(paths(r#"<circle cx="20" cy="20" r="10"/>"#)[0].matches('C').count(), 4);
}

#[test]
fn lines_become_shapes_over_or_under_their_filling() {
    let line = r##"<path d="M10 20h40" stroke="#f00" stroke-width="4" fill="none"/>"##;
    assert_eq!(paths(line), ["M 5 9 L 25 9 L 25 11 L 5 11 L 5 9 Z"]);
    let both = r##"<rect x="9" y="9" width="9" height="9" fill="#00f" stroke="#f00" paint-order="stroke"/>"##;
    let colours: Vec<[u8; 3]> = drawn(both).unwrap().shapes.iter().map(|shape| shape.rgb).collect();
    assert_eq!(colours, [[255, 0, 0], [0, 0, 255]]);
    assert!(
        paths(r#"<rect width="9" height="9" visibility="hidden"/><rect width="1" height="1"/>"#).len() == 1
    );
}

#[test]
fn what_would_look_different_is_refused_with_what_to_do() {
    let shape = r#"<rect width="9" height="9""#;
    let gradient = r##"<linearGradient id="g"><stop stop-color="red"/><stop offset="1"/></linearGradient>"##;
    let image =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    for (inside, why) in [
        (format!("{shape} opacity='0.5'/>"), "transparent"),
        (format!("{shape} fill-opacity='0.5'/>"), "transparent"),
        (format!("{gradient}{shape} fill='url(#g)'/>"), "gradient"),
        (format!("<clipPath id='c'><circle r='5'/></clipPath>{shape} clip-path='url(#c)'/>"), "clipping"),
        (format!("{shape} stroke='red' stroke-dasharray='2'/>"), "dashed"),
        (format!("{shape}/><text y='9'>Comune</text>"), "convert text to paths"),
        (format!("<image width='9' height='9' href='data:image/png;base64,{image}'/>"), "image"),
        ("<rect x='50' width='20' height='9'/>".to_owned(), "out of its viewBox"),
        (String::new(), "nothing"),
        (format!("<path d='M0 0{}'/>", "l1 1-1-1".repeat(5_000)), "too detailed"),
        ("<rect".to_owned(), ""),
    ] {
        let refused = drawn(&inside).err().unwrap_or_else(|| panic!("{inside}"));
        assert!(refused.contains(why), "{inside}: {refused}");
    }
    assert!(read("not a drawing").is_err());
}

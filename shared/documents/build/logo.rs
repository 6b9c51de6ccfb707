//! From SVG to what a page can draw: filled shapes of absolute lines and curves. Strokes become shapes, groups and
//! transformations are worked in; what would look different on the page is refused with its reason.

use std::fmt::Write;

use usvg::tiny_skia_path::PathSegment;
use usvg::{
    FillRule, Group, Node, Opacity, Options, Paint, PaintOrder, Path, Tree, roxmltree, tiny_skia_path,
};

/// The side of the square that the guide leaves for it, in millimetres.
const SIDE: f32 = 30.0;
/// How long its paths may be, in characters: notices stay small and quick to draw.
const LONGEST: usize = 40_000;

/// A logo in millimetres from its top left corner.
pub struct Logo {
    pub width: f32,
    pub height: f32,
    pub shapes: Vec<LogoShape>,
}

pub struct LogoShape {
    pub rgb: [u8; 3],
    pub even_odd: bool,
    /// Absolute moves (M), lines (L), cubic curves (C) and closings (Z).
    pub path: String,
}

/// Reads a logo and makes it as large as its place allows.
pub fn read(svg: &str) -> Result<Logo, String> {
    let document = roxmltree::Document::parse(svg).map_err(|why| why.to_string())?;
    let dropped = |node: &roxmltree::Node<'_, '_>| matches!(node.tag_name().name(), "text" | "foreignObject");
    if let Some(element) = document.descendants().find(dropped) {
        return Err(format!("holds <{}>: convert text to paths", element.tag_name().name()));
    }
    let tree = Tree::from_xmltree(&document, &Options::default()).map_err(|why| why.to_string())?;
    let size = tree.size();
    let scale = SIDE / size.width().max(size.height());
    let mut logo = Logo { width: size.width() * scale, height: size.height() * scale, shapes: Vec::new() };
    let reaches_out = {
        let drawn = tree.root().abs_stroke_bounding_box();
        let (slack, right, bottom) = (size.width().max(size.height()) / 100.0, size.width(), size.height());
        drawn.left() < -slack
            || drawn.top() < -slack
            || drawn.right() > right + slack
            || drawn.bottom() > bottom + slack
    };
    if reaches_out {
        return Err("reaches out of its viewBox".to_owned());
    }
    add_group(&mut logo, tree.root(), scale)?;
    match logo.shapes.iter().map(|shape| shape.path.len()).sum::<usize>() {
        0 => Err("draws nothing".to_owned()),
        1..=LONGEST => Ok(logo),
        long => Err(format!("is too detailed: {long} characters of paths, {LONGEST} at most")),
    }
}

fn add_group(logo: &mut Logo, group: &Group, scale: f32) -> Result<(), String> {
    if group.opacity() != Opacity::ONE || group.blend_mode() != usvg::BlendMode::Normal {
        return Err("is transparent in parts: use full colours".to_owned());
    }
    if group.clip_path().is_some() || group.mask().is_some() || !group.filters().is_empty() {
        return Err("uses clipping, masks or filters: draw the shapes as they show".to_owned());
    }
    for node in group.children() {
        match node {
            Node::Group(group) => add_group(logo, group, scale)?,
            Node::Path(path) => add_path(logo, path, scale)?,
            Node::Image(_) => return Err("holds an image: a logo is printed as shapes".to_owned()),
            Node::Text(_) => return Err("holds text: convert it to paths".to_owned()),
        }
    }
    Ok(())
}

fn add_path(logo: &mut Logo, path: &Path, scale: f32) -> Result<(), String> {
    if !path.is_visible() {
        return Ok(());
    }
    let fill = path.fill().map(|fill| {
        let rgb = colour(fill.paint(), fill.opacity())?;
        Ok(LogoShape {
            rgb,
            even_odd: fill.rule() == FillRule::EvenOdd,
            path: written(path.data(), path, scale)?,
        })
    });
    let stroke = path.stroke().map(|stroke| {
        if stroke.dasharray().is_some() {
            return Err("has a dashed line: draw the dashes as shapes".to_owned());
        }
        let rgb = colour(stroke.paint(), stroke.opacity())?;
        // Fine enough for the curves of an outline at the size of print.
        let outline = path.data().stroke(&stroke.to_tiny_skia(), 16.0);
        let outline = outline.ok_or("has a line that cannot be outlined")?;
        Ok(LogoShape { rgb, even_odd: false, path: written(&outline, path, scale)? })
    });
    let (first, second) = match path.paint_order() {
        PaintOrder::FillAndStroke => (fill, stroke),
        PaintOrder::StrokeAndFill => (stroke, fill),
    };
    for shape in [first, second].into_iter().flatten() {
        logo.shapes.push(shape?);
    }
    Ok(())
}

fn colour(paint: &Paint, opacity: Opacity) -> Result<[u8; 3], String> {
    match paint {
        Paint::Color(colour) if opacity == Opacity::ONE => Ok([colour.red, colour.green, colour.blue]),
        Paint::Color(_) => Err("is transparent in parts: use full colours".to_owned()),
        _ => Err("has a gradient or a pattern: use plain colours".to_owned()),
    }
}

/// The path as text, transformed as the path of the drawing is, in millimetres.
fn written(shape: &tiny_skia_path::Path, of: &Path, scale: f32) -> Result<String, String> {
    let transform = of.abs_transform().post_scale(scale, scale);
    let shape = shape.clone().transform(transform).ok_or("has a shape of no size")?;
    let mut text = String::new();
    let mut at = tiny_skia_path::Point::default();
    let third = |from: f32, to: f32| from + (to - from) * 2.0 / 3.0;
    for segment in shape.segments() {
        let (command, points) = match segment {
            PathSegment::MoveTo(p) => ("M", vec![p]),
            PathSegment::LineTo(p) => ("L", vec![p]),
            // The cubic curve that is the same.
            PathSegment::QuadTo(c, p) => {
                let handle = |from: tiny_skia_path::Point| (third(from.x, c.x), third(from.y, c.y)).into();
                ("C", vec![handle(at), handle(p), p])
            }
            PathSegment::CubicTo(a, b, p) => ("C", vec![a, b, p]),
            PathSegment::Close => ("Z", Vec::new()),
        };
        text.push_str(command);
        for point in &points {
            let _ = write!(text, " {} {}", number(point.x), number(point.y));
        }
        text.push(' ');
        at = points.last().copied().unwrap_or(at);
    }
    Ok(text.trim_end().to_owned())
}

/// A thousandth of a millimetre is finer than any printer.
fn number(value: f32) -> f32 {
    let rounded = (value * 1_000.0).round() / 1_000.0;
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// The logo as the constant that `emblem` includes.
pub fn rust(logo: &Logo) -> String {
    let mut text = format!(
        "pub const LOGO: Drawing = Drawing {{ width: {:?}, height: {:?}, shapes: &[\n",
        number(logo.width),
        number(logo.height)
    );
    for LogoShape { rgb: [r, g, b], even_odd, path } in &logo.shapes {
        let _ = writeln!(
            text,
            "    Shape {{ ink: Ink::Of({r}, {g}, {b}), even_odd: {even_odd}, path: {path:?} }},"
        );
    }
    text.push_str("] };\n");
    text
}

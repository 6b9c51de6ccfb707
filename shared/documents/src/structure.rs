//! The tree of a tagged document (ISO 32000-1, 14.7 and 14.8), which printpdf has no words for: printpdf writes
//! the marks in the page's content, this module the tree that they belong to.

use std::collections::BTreeMap;

use lopdf::{Dictionary, Document, Object, ObjectId, dictionary};
use printpdf::{DictItem, Op};

use crate::page::HEIGHT;
use crate::text::POINTS;

/// The standard structure types in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Document,
    Section,
    Title,
    Heading,
    Paragraph,
    Span,
    Figure,
    Table,
    Row,
    RowHeader,
    Datum,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Role::Document => "Document",
            Role::Section => "Sect",
            Role::Title => "H1",
            Role::Heading => "H2",
            Role::Paragraph => "P",
            Role::Span => "Span",
            Role::Figure => "Figure",
            Role::Table => "Table",
            Role::Row => "TR",
            Role::RowHeader => "TH",
            Role::Datum => "TD",
        }
    }

    /// Returns whether text and figures may stand directly in it; what is drawn in the others is decoration.
    pub fn holds_content(self) -> bool {
        !matches!(self, Role::Document | Role::Section | Role::Table | Role::Row)
    }
}

/// One element of the tree.
#[derive(Debug)]
pub struct PdfElement {
    pub role: Role,
    pub kids: Vec<Kid>,
    english: bool,
    alt: Option<String>,
    /// Where a figure stands: left, bottom, right, top, in points.
    place: Option<[f32; 4]>,
}

/// What an element holds: elements, and content of the page by its mark.
#[derive(Debug)]
pub enum Kid {
    Element(PdfElement),
    Content(i64),
}

impl PdfElement {
    pub fn new(role: Role) -> Self {
        Self { role, kids: Vec::new(), english: false, alt: None, place: None }
    }

    /// In English; the document is in Italian.
    pub fn english(self) -> Self {
        Self { english: true, ..self }
    }

    /// What is read out in place of a figure.
    pub fn alt(self, alt: &str) -> Self {
        Self { alt: Some(alt.to_owned()), ..self }
    }

    /// Where a figure stands, in millimetres from the top left corner of the page.
    pub fn at(self, x: f32, y: f32, width: f32, height: f32) -> Self {
        let place =
            [x, HEIGHT - y - height, x + width, HEIGHT - y].map(|mm| (mm * POINTS * 100.0).round() / 100.0);
        Self { place: Some(place), ..self }
    }
}

/// The mark that opens a piece of an element's content.
pub fn begin(role: Role, mark: i64) -> Op {
    let map = BTreeMap::from([("MCID".to_owned(), DictItem::Int(mark))]);
    Op::BeginMarkedContentWithProperties { tag: role.name().to_owned(), properties: DictItem::Dict { map } }
}

/// Writes the tree into the document and returns its root, for the catalog.
pub fn write(doc: &mut Document, page: ObjectId, root: &PdfElement) -> ObjectId {
    let tree = doc.new_object_id();
    let mut parents = Parents::default();
    let top = write_element(doc, page, tree, root, &mut parents);
    let of_marks: Vec<Object> = parents.0.into_values().map(Object::Reference).collect();
    let of_marks = doc.add_object(of_marks);
    let numbers = doc.add_object(dictionary! { "Nums" => vec![0.into(), of_marks.into()] });
    let tree_root = dictionary! {
        "Type" => "StructTreeRoot",
        "K" => vec![top.into()],
        "ParentTree" => numbers,
        "ParentTreeNextKey" => 1,
    };
    doc.set_object(tree, tree_root);
    tree
}

/// Which element each mark of the page belongs to.
#[derive(Default)]
struct Parents(BTreeMap<i64, ObjectId>);

fn write_element(
    doc: &mut Document,
    page: ObjectId,
    parent: ObjectId,
    element: &PdfElement,
    parents: &mut Parents,
) -> ObjectId {
    let id = doc.new_object_id();
    let mut kids: Vec<Object> = Vec::with_capacity(element.kids.len());
    for kid in &element.kids {
        kids.push(match kid {
            Kid::Element(child) => write_element(doc, page, id, child, parents).into(),
            Kid::Content(mark) => {
                parents.0.insert(*mark, id);
                Object::Integer(*mark)
            }
        });
    }
    let mut dict = dictionary! {
        "Type" => "StructElem",
        "S" => element.role.name(),
        "P" => parent,
        "Pg" => page,
        "K" => kids,
    };
    describe(&mut dict, element);
    doc.set_object(id, dict);
    id
}

fn describe(dict: &mut Dictionary, element: &PdfElement) {
    if element.english {
        dict.set("Lang", Object::string_literal("en"));
    }
    if let Some(alt) = &element.alt {
        dict.set("Alt", lopdf::text_string(alt));
    }
    if let Some(place) = element.place {
        let corners: Vec<Object> = place.iter().map(|v| Object::Real(*v)).collect();
        dict.set("A", dictionary! { "O" => "Layout", "Placement" => "Block", "BBox" => corners });
    }
    if element.role == Role::RowHeader {
        dict.set("A", dictionary! { "O" => "Table", "Scope" => "Row" });
    }
}

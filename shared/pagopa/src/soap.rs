//! Reads SOAP 1.1 messages of strangers and writes our own: one pass, everything counted, nothing fetched.
//!
//! The reader knows the few things that a schema says: which element comes next, and that it stands in no
//! namespace. Whatever else is there ends the reading. Limits are those of INV-X02.

use std::borrow::Cow;

use quick_xml::escape;
use quick_xml::events::{BytesDecl, BytesStart, Event};

/// The longest message that is read at all: receipts with a stamp are long.
pub const MAX_BYTES: usize = 256 * 1024;
/// How deep elements may lie, the envelope included.
pub const MAX_DEPTH: usize = 32;
/// How many attributes one element may have, declarations of namespaces included.
pub const MAX_ATTRIBUTES: usize = 32;
/// How many elements a message may have.
pub const MAX_ELEMENTS: usize = 2_000;

/// What the header `Content-Type` of every answer says.
pub const CONTENT_TYPE: &str = "text/xml; charset=utf-8";

const ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const PA_FOR_NODE: &str = "http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd";
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// Why a message was not taken. Names elements of the schema only, never what the message said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoapError {
    TooLong,
    TooDeep,
    TooManyElements,
    TooManyAttributes,
    /// A document type: the door to entities, files and addresses.
    Doctype,
    ProcessingInstruction,
    /// An entity that XML itself does not define.
    Entity,
    /// Not UTF-8, or said to be something else.
    Encoding,
    /// Not XML, or not all of it.
    Malformed,
    /// XML, but not a SOAP 1.1 envelope with one element in its body.
    Envelope,
    /// No operation of ours.
    Operation,
    /// Not as the schema says, at this element.
    Schema(&'static str),
    /// As the schema says, but without sense at this element.
    Senseless(&'static str),
}

impl SoapError {
    /// Returns whether a sound message may have become this on its way: nothing in it is hostile.
    pub fn is_breakage(self) -> bool {
        match self {
            SoapError::Encoding
            | SoapError::Malformed
            | SoapError::Envelope
            | SoapError::Schema(_)
            | SoapError::Senseless(_) => true,
            SoapError::TooLong
            | SoapError::TooDeep
            | SoapError::TooManyElements
            | SoapError::TooManyAttributes
            | SoapError::Doctype
            | SoapError::ProcessingInstruction
            | SoapError::Entity
            | SoapError::Operation => false,
        }
    }

    /// The name under which it is logged and counted.
    pub fn event(self) -> &'static str {
        match self {
            SoapError::TooLong => "input.size",
            SoapError::TooDeep | SoapError::TooManyElements | SoapError::TooManyAttributes => "xml.limit",
            SoapError::Doctype | SoapError::ProcessingInstruction | SoapError::Entity => "xml.doctype",
            SoapError::Encoding | SoapError::Malformed => "xml.malformed",
            SoapError::Envelope | SoapError::Operation | SoapError::Schema(_) | SoapError::Senseless(_) => {
                "xml.schema"
            }
        }
    }
}

/// What reading cost, for the tests that hold it to be linear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    pub elements: usize,
    /// Pieces that the XML reader gave: tags, texts, comments, references.
    pub pieces: usize,
    /// Declarations of namespaces looked at to find out what a prefix means.
    pub lookups: usize,
}

/// The namespaces that mean something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Namespace {
    None,
    Envelope,
    PaForNode,
    Instance,
    Other,
}

struct SoapElement {
    namespace: Namespace,
    local: String,
    /// Whether it has no attributes but the tolerated ones (`xsi:type` and where its schema is).
    plain: bool,
}

enum Piece<'a> {
    Open(SoapElement),
    Text(Cow<'a, str>),
    Close,
    End,
}

/// Reads one message, element by element, in the order that the caller expects.
pub struct SoapReader<'a> {
    xml: quick_xml::Reader<&'a [u8]>,
    peeked: Option<Piece<'a>>,
    /// Prefix and namespace, innermost last.
    bindings: Vec<(String, Namespace)>,
    /// For each open element, how many bindings lie outside it.
    open: Vec<usize>,
    spent: Spent,
    rooted: bool,
    /// Whether attributes that the schema does not know are passed over.
    tolerant: bool,
}

/// An element of a message that is read without its schema: what is known is looked up, the rest passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SoapNode {
    name: String,
    text: String,
    children: Vec<SoapNode>,
}

impl SoapNode {
    /// The first element of this name in it.
    pub fn child(&self, name: &str) -> Option<&SoapNode> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All elements of this name in it.
    pub fn all<'n>(&'n self, name: &'n str) -> impl Iterator<Item = &'n SoapNode> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// What stands in the first element of this name, without blanks around it; nothing when that is empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.trim()).filter(|text| !text.is_empty())
    }
}

impl<'a> SoapReader<'a> {
    pub fn new(message: &'a [u8]) -> Result<Self, SoapError> {
        if message.len() > MAX_BYTES {
            return Err(SoapError::TooLong);
        }
        let text = std::str::from_utf8(message).map_err(|_| SoapError::Encoding)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if !text.chars().all(is_xml) {
            return Err(SoapError::Malformed);
        }
        let mut xml = quick_xml::Reader::from_str(text);
        let config = xml.config_mut();
        config.check_comments = true;
        config.expand_empty_elements = true;
        let (bindings, open) = (Vec::new(), Vec::new());
        let spent = Spent::default();
        Ok(Self { xml, peeked: None, bindings, open, spent, rooted: false, tolerant: false })
    }

    /// The same for a message that may hold more than its schema says.
    pub fn tolerant(message: &'a [u8]) -> Result<Self, SoapError> {
        Ok(Self { tolerant: true, ..Self::new(message)? })
    }

    /// Reads what is left of the operation's element, whatever is in it. Limits hold as everywhere.
    pub fn tree(&mut self) -> Result<SoapNode, SoapError> {
        let mut open = vec![SoapNode::default()];
        loop {
            match self.next()? {
                Piece::Open(element) => open.push(SoapNode { name: element.local, ..SoapNode::default() }),
                Piece::Text(text) => open.last_mut().ok_or(SoapError::Malformed)?.text.push_str(&text),
                Piece::Close => {
                    let closed = open.pop().ok_or(SoapError::Malformed)?;
                    match open.last_mut() {
                        Some(outer) => outer.children.push(closed),
                        None => return Ok(closed),
                    }
                }
                Piece::End => return Err(SoapError::Malformed),
            }
        }
    }

    pub fn spent(&self) -> Spent {
        self.spent
    }

    /// Reads up to the one element in the body and says its name, if it is of the node's namespace.
    pub fn operation(&mut self) -> Result<String, SoapError> {
        self.enter_envelope("Envelope")?;
        if self.peek_is(Namespace::Envelope, "Header")? {
            self.skip()?;
        }
        self.enter_envelope("Body")?;
        match self.peek()? {
            Piece::Open(element) if element.namespace == Namespace::PaForNode => {
                let (plain, name) = (element.plain, element.local.clone());
                self.next()?;
                // The schema gives the operation no attributes; which operation it is, is known all the same.
                if !plain && !self.tolerant {
                    self.peeked = Some(Piece::Open(refused()));
                }
                Ok(name)
            }
            Piece::Open(_) => Err(SoapError::Operation),
            Piece::Text(_) | Piece::Close | Piece::End => Err(SoapError::Envelope),
        }
    }

    /// Reads the end of the operation, the body and the envelope, and that nothing follows.
    pub fn finish(&mut self) -> Result<(), SoapError> {
        self.close("the end of the operation")?;
        for _ in ["Body", "Envelope"] {
            match self.peek_then_next()? {
                Piece::Close => {}
                Piece::Open(_) | Piece::Text(_) | Piece::End => return Err(SoapError::Envelope),
            }
        }
        match self.peek_then_next()? {
            Piece::End => Ok(()),
            Piece::Open(_) | Piece::Text(_) | Piece::Close => Err(SoapError::Malformed),
        }
    }

    /// An element that must be next, with a value in it.
    pub fn value<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, SoapError> {
        self.enter(name)?;
        let mut value = Cow::Borrowed("");
        loop {
            match self.next()? {
                Piece::Text(text) if value.is_empty() => value = text,
                Piece::Text(text) => value.to_mut().push_str(&text),
                Piece::Close => return read(&value).ok_or(SoapError::Schema(name)),
                Piece::Open(_) | Piece::End => return Err(SoapError::Schema(name)),
            }
        }
    }

    /// The same for an element that may be missing.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, SoapError> {
        if self.next_is(name)? { self.value(name, read).map(Some) } else { Ok(None) }
    }

    /// An element that must be next, with elements in it.
    pub fn within<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, SoapError>,
    ) -> Result<T, SoapError> {
        self.enter(name)?;
        let value = read(self)?;
        self.close(name)?;
        Ok(value)
    }

    /// The same for an element that may be missing.
    pub fn optionally_within<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, SoapError>,
    ) -> Result<Option<T>, SoapError> {
        if self.next_is(name)? { self.within(name, read).map(Some) } else { Ok(None) }
    }

    /// Returns whether the next element is this one. Reads nothing away.
    pub fn next_is(&mut self, name: &str) -> Result<bool, SoapError> {
        self.peek_is(Namespace::None, name)
    }

    fn enter(&mut self, name: &'static str) -> Result<(), SoapError> {
        match self.peek_then_next()? {
            Piece::Open(element)
                if element.namespace == Namespace::None && element.local == name && element.plain =>
            {
                Ok(())
            }
            Piece::Open(_) | Piece::Text(_) | Piece::Close | Piece::End => Err(SoapError::Schema(name)),
        }
    }

    fn enter_envelope(&mut self, name: &'static str) -> Result<(), SoapError> {
        match self.peek_then_next()? {
            Piece::Open(element) if element.namespace == Namespace::Envelope && element.local == name => {
                Ok(())
            }
            Piece::End => Err(SoapError::Malformed),
            Piece::Open(_) | Piece::Text(_) | Piece::Close => Err(SoapError::Envelope),
        }
    }

    fn close(&mut self, name: &'static str) -> Result<(), SoapError> {
        match self.peek_then_next()? {
            Piece::Close => Ok(()),
            Piece::Open(_) | Piece::Text(_) | Piece::End => Err(SoapError::Schema(name)),
        }
    }

    /// Reads away the element that is next, whatever is in it.
    fn skip(&mut self) -> Result<(), SoapError> {
        let mut depth = 0_usize;
        loop {
            match self.next()? {
                Piece::Open(_) => depth = depth.saturating_add(1),
                Piece::Close if depth <= 1 => return Ok(()),
                Piece::Close => depth = depth.saturating_sub(1),
                Piece::Text(_) => {}
                Piece::End => return Err(SoapError::Malformed),
            }
        }
    }

    fn peek_is(&mut self, namespace: Namespace, name: &str) -> Result<bool, SoapError> {
        Ok(match self.peek()? {
            Piece::Open(element) => element.namespace == namespace && element.local == name,
            Piece::Text(_) | Piece::Close | Piece::End => false,
        })
    }

    /// What is next, blanks between elements left out.
    fn peek(&mut self) -> Result<&Piece<'a>, SoapError> {
        let piece = self.peek_then_next()?;
        Ok(self.peeked.insert(piece))
    }

    fn peek_then_next(&mut self) -> Result<Piece<'a>, SoapError> {
        loop {
            match self.next()? {
                Piece::Text(text) if text.chars().all(is_blank) => {}
                piece => return Ok(piece),
            }
        }
    }

    fn next(&mut self) -> Result<Piece<'a>, SoapError> {
        if let Some(piece) = self.peeked.take() {
            return Ok(piece);
        }
        loop {
            let first = self.spent.pieces == 0;
            self.spent.pieces = self.spent.pieces.saturating_add(1);
            let piece = match self.xml.read_event().map_err(|_| SoapError::Malformed)? {
                Event::Start(tag) => Piece::Open(self.open(&tag)?),
                // Empty elements come as a start and an end.
                Event::Empty(_) => return Err(SoapError::Malformed),
                Event::End(_) => {
                    let outer = self.open.pop().ok_or(SoapError::Malformed)?;
                    self.bindings.truncate(outer);
                    Piece::Close
                }
                Event::Text(text) if text.contains("]]>") => return Err(SoapError::Malformed),
                Event::Text(text) => Piece::Text(text.xml10_content()),
                Event::CData(_) | Event::GeneralRef(_) if self.open.is_empty() => {
                    return Err(SoapError::Malformed);
                }
                Event::CData(text) => Piece::Text(text.xml10_content()),
                Event::GeneralRef(name) => Piece::Text(referred(&name)?),
                Event::Comment(_) => continue,
                Event::Decl(declaration) if first => {
                    check_declaration(&declaration)?;
                    continue;
                }
                Event::Decl(_) | Event::PI(_) => return Err(SoapError::ProcessingInstruction),
                Event::DocType(_) => return Err(SoapError::Doctype),
                Event::Eof if self.open.is_empty() => Piece::End,
                Event::Eof => return Err(SoapError::Malformed),
            };
            return Ok(piece);
        }
    }

    fn open(&mut self, tag: &BytesStart<'_>) -> Result<SoapElement, SoapError> {
        self.spent.elements = self.spent.elements.saturating_add(1);
        if self.spent.elements > MAX_ELEMENTS {
            return Err(SoapError::TooManyElements);
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(SoapError::TooDeep);
        }
        // A document has one root.
        if self.open.is_empty() && std::mem::replace(&mut self.rooted, true) {
            return Err(SoapError::Malformed);
        }
        self.open.push(self.bindings.len());
        let mut others = Vec::new();
        for (n, attribute) in tag.attributes().enumerate() {
            if n >= MAX_ATTRIBUTES {
                return Err(SoapError::TooManyAttributes);
            }
            let attribute = attribute.map_err(|_| SoapError::Malformed)?;
            let key = attribute.key.into_inner();
            let value = unescaped(&attribute.value)?;
            match key.strip_prefix("xmlns") {
                Some("") => self.bindings.push((String::new(), namespace(&value))),
                Some(prefixed) if prefixed.starts_with(':') => {
                    let prefix = prefixed.trim_start_matches(':');
                    let reserved = prefix == "xmlns" || (prefix == "xml") != (value == XML);
                    if !is_name(prefix) || reserved || value.is_empty() {
                        return Err(SoapError::Malformed);
                    }
                    self.bindings.push((prefix.to_owned(), namespace(&value)));
                }
                _ => others.push(key.to_owned()),
            }
        }
        let mut plain = true;
        for name in &others {
            let (namespace, local) = self.resolve(name, Namespace::None)?;
            let tolerated = matches!(local, "type" | "schemaLocation" | "noNamespaceSchemaLocation");
            plain &= namespace == Namespace::Instance && tolerated;
        }
        let name = tag.name();
        let default = self.bound("").unwrap_or(Namespace::None);
        let (namespace, local) = self.resolve(name.into_inner(), default)?;
        Ok(SoapElement { namespace, local: local.to_owned(), plain })
    }

    /// The namespace and local part of a name; `unprefixed` is the namespace of those without prefix.
    fn resolve<'n>(
        &mut self,
        name: &'n str,
        unprefixed: Namespace,
    ) -> Result<(Namespace, &'n str), SoapError> {
        let (namespace, local) = match name.split_once(':') {
            None => (unprefixed, name),
            Some(("xml", local)) => (Namespace::Other, local),
            Some((prefix, local)) => (self.bound(prefix).ok_or(SoapError::Malformed)?, local),
        };
        if is_name(local) { Ok((namespace, local)) } else { Err(SoapError::Malformed) }
    }

    fn bound(&mut self, prefix: &str) -> Option<Namespace> {
        let mut lookups = 0_usize;
        let found = self.bindings.iter().rev().find(|(bound, _)| {
            lookups = lookups.saturating_add(1);
            bound == prefix
        });
        self.spent.lookups = self.spent.lookups.saturating_add(lookups);
        found.map(|(_, namespace)| *namespace)
    }
}

/// Stands for an element that nothing expects.
fn refused() -> SoapElement {
    SoapElement { namespace: Namespace::Other, local: String::new(), plain: false }
}

fn namespace(name: &str) -> Namespace {
    match name {
        "" => Namespace::None,
        ENVELOPE => Namespace::Envelope,
        PA_FOR_NODE => Namespace::PaForNode,
        INSTANCE => Namespace::Instance,
        _ => Namespace::Other,
    }
}

/// `<?xml version="1.0" encoding="UTF-8"?>`: no other version, no other encoding.
fn check_declaration(declaration: &BytesDecl<'_>) -> Result<(), SoapError> {
    match declaration.version() {
        Ok(version) if version == "1.0" => {}
        Ok(_) | Err(_) => return Err(SoapError::Malformed),
    }
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(encoding)) if encoding.eq_ignore_ascii_case("utf-8") => Ok(()),
        Some(Ok(_)) => Err(SoapError::Encoding),
        Some(Err(_)) => Err(SoapError::Malformed),
    }
}

/// What `&name;` stands for: the five of XML, or a character by its number.
fn referred<'a>(name: &quick_xml::events::BytesRef<'_>) -> Result<Cow<'a, str>, SoapError> {
    if let Some(known) = escape::resolve_xml_entity(name) {
        return Ok(Cow::Borrowed(known));
    }
    match name.resolve_char_ref() {
        Ok(Some(c)) if is_xml(c) => Ok(Cow::Owned(c.to_string())),
        Ok(None) if is_name(name) => Err(SoapError::Entity),
        Ok(_) | Err(_) => Err(SoapError::Malformed),
    }
}

/// The value of an attribute.
fn unescaped(raw: &str) -> Result<Cow<'_, str>, SoapError> {
    if raw.contains('<') {
        return Err(SoapError::Malformed);
    }
    let value = escape::unescape_with(raw, escape::resolve_xml_entity).map_err(|e| match e {
        escape::EscapeError::UnrecognizedEntity(..) => SoapError::Entity,
        _ => SoapError::Malformed,
    })?;
    if value.chars().all(is_xml) { Ok(value) } else { Err(SoapError::Malformed) }
}

/// Returns whether XML 1.0 can carry a character at all.
pub(crate) fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// What XML calls white space: less than Unicode does.
pub(crate) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// A name without colon, near enough: what is not ASCII is not looked at.
fn is_name(name: &str) -> bool {
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
    let goes_on = |c: char| starts(c) || c.is_ascii_digit() || matches!(c, '-' | '.');
    name.chars().next().is_some_and(starts) && name.chars().all(goes_on)
}

/// Writes one message. What it is given it escapes; what it is not given it does not write.
pub struct SoapWriter(String);

impl SoapWriter {
    /// A whole message, with the operation's element in its body.
    pub fn message(operation: &str, write: impl FnOnce(&mut Self)) -> Vec<u8> {
        Self::envelope(|out| {
            let name = format!("paf:{operation}");
            out.within(&name, write);
        })
    }

    /// A SOAP fault: whose mistake it was, and a sentence.
    pub fn fault(code: &str, sentence: &str) -> Vec<u8> {
        Self::envelope(|out| {
            out.within("soapenv:Fault", |out| {
                out.put("faultcode", &format!("soapenv:{code}"));
                out.put("faultstring", sentence);
            });
        })
    }

    fn envelope(write: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut out = Self(String::with_capacity(2048));
        out.0.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        out.0.push_str(&format!(
            "<soapenv:Envelope xmlns:soapenv=\"{ENVELOPE}\" xmlns:paf=\"{PA_FOR_NODE}\">"
        ));
        out.within("soapenv:Body", write);
        out.0.push_str("</soapenv:Envelope>");
        out.0.into_bytes()
    }

    pub fn within(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        self.tag("<", name);
        write(self);
        self.tag("</", name);
    }

    pub fn put(&mut self, name: &str, value: &str) {
        self.within(name, |out| out.escaped(value));
    }

    pub fn maybe(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    fn tag(&mut self, opening: &str, name: &str) {
        self.0.push_str(opening);
        self.0.push_str(name);
        self.0.push('>');
    }

    fn escaped(&mut self, value: &str) {
        for c in value.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                // A reader turns it into a line feed unless it is written by number.
                '\r' => self.0.push_str("&#13;"),
                c if is_xml(c) => self.0.push(c),
                _ => {}
            }
        }
    }
}

//! From a drawn page to the bytes of the document. printpdf writes the page, its fonts and their maps to Unicode;
//! the rest goes through the `lopdf` document that it hands out: the compressed font programs, the structure
//! tree, language, title, metadata, and an identifier made from the content instead of at random.

use domain::{Fault, Timestamp};
use flate2::Compression;
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, StringFormat, dictionary, text_string};
use printpdf::{Mm, Op, PdfDocument, PdfPage, PdfSaveOptions};
use sha2::{Digest, Sha256};

use crate::fonts::{self, Fonts};
use crate::page::{HEIGHT, PageCanvas, WIDTH};
use crate::structure;

/// What the document says of itself.
pub struct About {
    pub title: String,
    pub author: String,
    pub subject: String,
    /// When what it says came to be: from the data, so that the same data print the same bytes.
    pub made_at: Timestamp,
}

const LANGUAGE: &str = "it-IT";
/// A page's operators are a tenth of the document, whose fonts are compressed beforehand. At 6 they took a sixth of the time
/// that a notice takes, for one of its seventy-five kilobytes.
const CONTENT_LEVEL: u32 = 3;
const PRODUCER: &str = "documents";

/// Closes the page and writes it.
pub fn write(fonts: &Fonts, page: PageCanvas<'_>, about: &About) -> Result<Vec<u8>, Fault> {
    let (ops, tree) = page.finish();
    let mut doc = draw(fonts, ops)?;
    embed_fonts(&mut doc, fonts)?;
    let page = doc.page_iter().next().ok_or_else(|| Fault::new("write a document", "it has no page"))?;
    let tree = structure::write(&mut doc, page, &tree);
    describe_page(&mut doc, page)?;
    describe(&mut doc, tree, about)?;
    doc.version = "1.7".to_owned();
    identify(&mut doc, page, about)?;
    compress(&mut doc, page)?;
    let mut bytes = Vec::new();
    doc.save_to(&mut bytes).map_err(|e| Fault::new("write a document", e))?;
    Ok(bytes)
}

fn draw(fonts: &Fonts, ops: Vec<Op>) -> Result<Document, Fault> {
    let mut pdf = PdfDocument::default();
    pdf.resources.fonts = fonts.resources();
    pdf.pages = vec![PdfPage::new(Mm(WIDTH), Mm(HEIGHT), ops)];
    let mut warnings = Vec::new();
    // `secure` would leave out the raw operators that draw the codes.
    let options = PdfSaveOptions { secure: false, ..PdfSaveOptions::default() };
    let doc = pdf.to_lopdf_document(&options, &mut warnings);
    match warnings.first() {
        None => Ok(doc),
        Some(warning) => Err(Fault::new("draw a page", warning.msg.clone())),
    }
}

/// Puts the fonts' streams where printpdf wrote its stubs.
fn embed_fonts(doc: &mut Document, fonts: &Fonts) -> Result<(), Fault> {
    let mut found: Vec<(ObjectId, Object)> = Vec::new();
    for object in doc.objects.values() {
        let Ok(dict) = object.as_dict() else { continue };
        let name = dict.get(b"BaseFont").or_else(|_| dict.get(b"FontName")).and_then(Object::as_name);
        let Some(streams) = name.ok().and_then(|name| fonts.streams(name)) else {
            continue;
        };
        let parts = [(b"FontFile2".as_slice(), &streams.program), (b"ToUnicode", &streams.to_unicode)];
        for (key, stream) in parts {
            if let Ok(id) = dict.get(key).and_then(Object::as_reference) {
                found.push((id, stream.clone()));
            }
        }
    }
    if found.is_empty() {
        return Err(Fault::new("embed the fonts", "no font was found"));
    }
    doc.objects.extend(found);
    Ok(())
}

fn dictionary_at(doc: &mut Document, id: ObjectId) -> Result<&mut Dictionary, Fault> {
    doc.get_object_mut(id).and_then(Object::as_dict_mut).map_err(|e| Fault::new("complete a document", e))
}

fn describe_page(doc: &mut Document, page: ObjectId) -> Result<(), Fault> {
    let page = dictionary_at(doc, page)?;
    page.remove(b"Annots");
    page.set("StructParents", 0);
    page.set("Tabs", "S");
    Ok(())
}

fn describe(doc: &mut Document, tree: ObjectId, about: &About) -> Result<(), Fault> {
    let made_at = about.made_at.strftime("%Y%m%d%H%M%S").to_string();
    let made_at = Object::string_literal(format!("D:{made_at}Z"));
    let info = doc.add_object(dictionary! {
        "Title" => text_string(&about.title),
        "Author" => text_string(&about.author),
        "Subject" => text_string(&about.subject),
        "Producer" => text_string(PRODUCER),
        "CreationDate" => made_at.clone(),
        "ModDate" => made_at,
    });
    let replaced = doc.trailer.get(b"Info").and_then(Object::as_reference).ok();
    doc.trailer.set("Info", info);
    if let Some(replaced) = replaced {
        doc.objects.remove(&replaced);
    }
    let packet = dictionary! { "Type" => "Metadata", "Subtype" => "XML" };
    let packet = doc.add_object(Stream::new(packet, metadata(about).into_bytes()).with_compression(false));
    let root = doc
        .trailer
        .get(b"Root")
        .and_then(Object::as_reference)
        .map_err(|e| Fault::new("complete a document", e))?;
    let catalog = dictionary_at(doc, root)?;
    catalog.set("Lang", Object::string_literal(LANGUAGE));
    catalog.set("MarkInfo", dictionary! { "Marked" => true });
    catalog.set("StructTreeRoot", tree);
    catalog.set("ViewerPreferences", dictionary! { "DisplayDocTitle" => true });
    catalog.set("Metadata", packet);
    catalog.set("PageLayout", "SinglePage");
    Ok(())
}

/// The same facts as an XMP packet.
fn metadata(about: &About) -> String {
    let made_at = about.made_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let (title, author, subject) = (escaped(&about.title), escaped(&about.author), escaped(&about.subject));
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
         <rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\" \
         xmlns:pdfuaid=\"http://www.aiim.org/pdfua/ns/id/\"><pdfuaid:part>1</pdfuaid:part>\
         <dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">{title}</rdf:li></rdf:Alt></dc:title>\
         <dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>\
         <dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">{subject}</rdf:li></rdf:Alt></dc:description>\
         <dc:language><rdf:Bag><rdf:li>{LANGUAGE}</rdf:li></rdf:Bag></dc:language>\
         <xmp:CreateDate>{made_at}</xmp:CreateDate><xmp:ModifyDate>{made_at}</xmp:ModifyDate>\
         <pdf:Producer>{PRODUCER}</pdf:Producer>\
         </rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The document's identifier: a digest of what differs between documents, in place of printpdf's running number.
fn identify(doc: &mut Document, page: ObjectId, about: &About) -> Result<(), Fault> {
    let mut digest = Sha256::new();
    digest.update(metadata(about));
    digest.update(&content(doc, page)?.content);
    let id: Vec<u8> = digest.finalize().iter().copied().take(16).collect();
    let id = Object::String(id, StringFormat::Hexadecimal);
    doc.trailer.set("ID", vec![id.clone(), id]);
    Ok(())
}

/// Deflates the page's content: fast rather than smallest, a kilobyte larger for a third of the time.
fn compress(doc: &mut Document, page: ObjectId) -> Result<(), Fault> {
    let stream = content(doc, page)?;
    *stream = fonts::compressed(stream.clone(), Compression::new(CONTENT_LEVEL))?;
    Ok(())
}

fn content(doc: &mut Document, page: ObjectId) -> Result<&mut Stream, Fault> {
    let id = dictionary_at(doc, page)?.get(b"Contents").and_then(Object::as_reference);
    id.and_then(|id| doc.get_object_mut(id))
        .and_then(Object::as_stream_mut)
        .map_err(|e| Fault::new("complete a document", e))
}

//! Limits at their last good value and one beyond (INV-X02), and that reading is linear (INV-X06).

use pagopa::operations::{NodeOperation, NodeRequest};
use pagopa::parts::MessageVersion;
use pagopa::soap::{MAX_ATTRIBUTES, MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, SoapError, SoapReader, Spent};
use pagopa::{node, parse};

use crate::samples::{requests, verify};

/// A good verify with something in its envelope's header.
fn with_header(header: &str) -> Vec<u8> {
    let message = String::from_utf8(node::ask(&verify())).unwrap();
    let body = "<soapenv:Body>";
    message.replacen(body, &format!("<soapenv:Header>{header}</soapenv:Header>{body}"), 1).into_bytes()
}

fn why(message: &[u8]) -> Option<SoapError> {
    parse(message).err().map(|refusal| refusal.why)
}

#[test]
fn inv_x02_ab_43_bytes() {
    let mut message = node::ask(&verify());
    message.resize(MAX_BYTES, b' ');
    assert_eq!(why(&message), None);
    message.push(b' ');
    assert_eq!(why(&message), Some(SoapError::TooLong));
}

#[test]
fn inv_x02_ab_45_depth() {
    let nested = |n: usize| with_header(&format!("{}{}", "<a>".repeat(n), "</a>".repeat(n)));
    // The envelope and its header are two.
    assert_eq!(why(&nested(MAX_DEPTH - 2)), None);
    assert_eq!(why(&nested(MAX_DEPTH - 1)), Some(SoapError::TooDeep));
    // Opened and never closed: twelve kilobytes that overflow the stack of other readers.
    assert_eq!(why(&with_header(&"<a>".repeat(4_000))), Some(SoapError::TooDeep));
}

#[test]
fn inv_x02_elements() {
    // Envelope, header, body, operation, three identifiers, the code and its two parts.
    let others = 10;
    let flat = |n: usize| with_header(&"<a/>".repeat(n));
    assert_eq!(why(&flat(MAX_ELEMENTS - others)), None);
    assert_eq!(why(&flat(MAX_ELEMENTS - others + 1)), Some(SoapError::TooManyElements));
}

#[test]
fn inv_x02_ab_45_attributes() {
    let with =
        |n: usize| with_header(&format!("<a{}/>", (0..n).map(|i| format!(" a{i}=''")).collect::<String>()));
    assert_eq!(why(&with(MAX_ATTRIBUTES)), None);
    assert_eq!(why(&with(MAX_ATTRIBUTES + 1)), Some(SoapError::TooManyAttributes));
    // Declarations of namespaces are attributes.
    let declaring = |n: usize| {
        with_header(&format!("<a{}/>", (0..n).map(|i| format!(" xmlns:a{i}='u'")).collect::<String>()))
    };
    assert_eq!(why(&declaring(MAX_ATTRIBUTES)), None);
    assert_eq!(why(&declaring(MAX_ATTRIBUTES + 1)), Some(SoapError::TooManyAttributes));
    assert_eq!(why(&with(10_000)), Some(SoapError::TooManyAttributes));
}

/// What reading a message to its end or its refusal costs.
fn spent(message: &[u8]) -> Spent {
    let Ok(mut reader) = SoapReader::new(message) else {
        return Spent::default();
    };
    if reader.operation().is_ok() {
        // Reads on as somebody would who takes everything.
        while reader.value("a", |_| Some(())).is_ok() {}
    }
    reader.spent()
}

#[test]
fn inv_x06_ab_45_reading_is_linear() {
    let many_bindings: String = (0..31).map(|i| format!(" xmlns:n{i}='u'")).collect();
    let shapes: [(&str, &dyn Fn(usize) -> String); 8] = [
        ("elements", &|n| "<a/>".repeat(n / 4)),
        ("nested", &|n| "<a>".repeat(n / 3)),
        ("attributes", &|n| format!("<a{}/>", " b=''".repeat(n / 5))),
        ("references", &|n| format!("<a>{}</a>", "&lt;".repeat(n / 4))),
        ("comments", &|n| format!("<a>{}</a>", "<!---->".repeat(n / 7))),
        ("sections", &|n| format!("<a>{}</a>", "<![CDATA[]]>".repeat(n / 12))),
        ("text", &|n| format!("<a>{}</a>", "]]&gt;".repeat(n / 6))),
        ("prefixes", &|n| {
            format!("{}{}", format!("<a{many_bindings}>").repeat(29), "<n0:b z:z=''/>".repeat(n / 14))
        }),
    ];
    for (name, shape) in shapes {
        for kib in [16, 32, 64, 127] {
            for message in [with_header(&shape(kib * 1024 - 600)), shape(kib * 1024).into_bytes()] {
                let Spent { elements, pieces, lookups } = spent(&message);
                let length = message.len();
                assert!(elements <= MAX_ELEMENTS + 1, "{name} {kib}: {elements}");
                assert!(pieces <= length / 2, "{name} {kib}: {pieces} pieces of {length} bytes");
                // At most depth × attributes bindings are in force, and attributes + 1 names ask for one.
                let most = (MAX_ELEMENTS + 1) * MAX_DEPTH * MAX_ATTRIBUTES;
                assert!(lookups <= most, "{name} {kib}: {lookups}");
            }
        }
        // Twice the message costs at most twice the work.
        let (short, long) = (spent(&with_header(&shape(32 * 1024))), spent(&with_header(&shape(64 * 1024))));
        assert!(long.pieces <= short.pieces * 2 + 64, "{name}: {short:?} {long:?}");
        assert!(long.lookups <= short.lookups * 2 + 64, "{name}: {short:?} {long:?}");
    }
}

#[test]
fn the_largest_good_receipt_is_far_from_every_limit() {
    let message = node::ask(&requests()[4]);
    let Ok(NodeRequest::Receipt(mut sent)) = parse(&message) else { panic!("a good receipt") };
    let one = sent.receipt.transfers.as_slice()[0].clone();
    sent.receipt.transfers = pagopa::parts::Transfers::new(vec![one; 5]).unwrap();
    let message = node::ask(&NodeRequest::Receipt(sent));
    assert_eq!(parse(&message).unwrap().operation(), NodeOperation::SendRt(MessageVersion::V2));
    assert!(message.len() < MAX_BYTES / 8, "{}", message.len());
}

#[test]
fn every_refusal_has_the_name_that_the_alarms_know() {
    for (why, event) in [
        (SoapError::TooLong, "input.size"),
        (SoapError::TooDeep, "xml.limit"),
        (SoapError::TooManyElements, "xml.limit"),
        (SoapError::TooManyAttributes, "xml.limit"),
        (SoapError::Doctype, "xml.doctype"),
        (SoapError::ProcessingInstruction, "xml.doctype"),
        (SoapError::Entity, "xml.doctype"),
        (SoapError::Schema("idPA"), "xml.schema"),
        (SoapError::Operation, "xml.schema"),
        (SoapError::Malformed, "xml.malformed"),
    ] {
        assert_eq!(why.event(), event);
    }
}

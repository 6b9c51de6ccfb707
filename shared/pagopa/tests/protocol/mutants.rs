//! Every message, spoiled in every place in every way that one can think of: what we think of it must be what
//! the schema's own validator thinks of it.

use pagopa::answers::Answer;
use pagopa::soap::Why;
use pagopa::{Refusal, node, parse, render};

use crate::samples::{answers, requests};
use crate::specification::Validator;

/// A message as tags and texts, in order.
fn pieces(message: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = message;
    while !rest.is_empty() {
        let end = match rest.strip_prefix('<') {
            Some(_) => rest.find('>').unwrap() + 1,
            None => rest.find('<').unwrap_or(rest.len()),
        };
        pieces.push(&rest[..end]);
        rest = &rest[end..];
    }
    pieces
}

/// Where each element of the operation begins and ends, the operation itself left out; of those with one name at
/// one depth the first stands for all.
fn elements(pieces: &[&str]) -> Vec<(usize, usize)> {
    let mut seen = std::collections::BTreeSet::new();
    let mut open = Vec::new();
    let mut found = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        if piece.starts_with("</") {
            let (start, depth) = (open.pop().unwrap(), open.len());
            // The declaration is no element; envelope, body and operation are the first three.
            if depth >= 3 && seen.insert((depth, *piece)) {
                found.push((start, at));
            }
        } else if piece.starts_with('<') && !piece.starts_with("<?") {
            open.push(at);
        }
    }
    found.sort_unstable();
    found
}

const VALUES: [&str; 34] = [
    "",
    " ",
    "x",
    "0",
    "1",
    "-1",
    "6",
    "00",
    "0.00",
    "0.01",
    "1.0",
    "10.50",
    "10,50",
    " 10.50 ",
    "999999999.99",
    "1000000000.00",
    "OK",
    "KO",
    "EQ",
    "ANY",
    "F",
    "IT",
    "it",
    "true",
    "TRUE",
    "2030-02-28",
    "2030-02-30",
    "2030-12-20Z",
    "2030-12-20T10:15:30",
    "2030-12-20T10:15:30.5+02:00",
    "12345678903",
    "301000000000000144",
    "mario@example.it",
    "PHg=",
];

/// The message with every element dropped, doubled, moved, renamed, emptied, qualified, decorated, filled.
fn mutants(message: &str) -> Vec<String> {
    let pieces = pieces(message);
    let elements = elements(&pieces);
    let all = |pieces: &[&str]| pieces.concat();
    let mut mutants = Vec::new();
    for (n, (start, end)) in elements.iter().copied().enumerate() {
        let (before, element, after) = (&pieces[..start], &pieces[start..=end], &pieces[end + 1..]);
        let mut put = |middle: String| mutants.push(format!("{}{middle}{}", all(before), all(after)));
        let (inside, name) = (all(&element[1..element.len() - 1]), element[0].trim_matches(['<', '>']));
        put(String::new());
        put(all(element).repeat(2));
        put(all(element).repeat(6));
        put(all(element).repeat(16));
        put(format!("{}<extra/>", all(element)));
        put(format!("<extra>x</extra>{}", all(element)));
        put(format!("stray{}", all(element)));
        put(format!("<!-- remark -->\n\t {}", all(element)));
        put(format!("<{name}X>{inside}</{name}X>"));
        put(format!("<{name}/>"));
        put(format!("<paf:{name}>{inside}</paf:{name}>"));
        put(format!("<{name} xmlns=''>{inside}</{name}>"));
        put(format!("<{name} xmlns='urn:x'>{inside}</{name}>"));
        put(format!("<{name} a='b'>{inside}</{name}>"));
        put(format!("<{name} paf:a='b'>{inside}</{name}>"));
        put(format!(
            "<{name} xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:nil='true'>{inside}</{name}>"
        ));
        put(format!("<{name} xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:nil='true'/>"));
        put(format!("<{name}><![CDATA[{inside}]]></{name}>"));
        put(format!("<{name}>x{inside}</{name}>"));
        put(format!("<{name}>{inside}<x/></{name}>"));
        put(format!("<{name}>{inside}</{name}>text"));
        if let Some((next, last)) = elements.get(n + 1).copied().filter(|(next, _)| *next == end + 1) {
            let swapped = format!("{}{}", all(&pieces[next..=last]), all(element));
            mutants.push(format!("{}{swapped}{}", all(before), all(&pieces[last + 1..])));
        }
        if element.len() == 3 {
            let mut fill = |value: &str| {
                mutants.push(format!("{}<{name}>{value}</{name}>{}", all(before), all(after)));
            };
            for value in VALUES {
                fill(value);
            }
            for length in [2, 5, 11, 16, 17, 20, 21, 35, 36, 70, 71, 72, 76, 140, 141, 210, 211, 256, 257] {
                fill(&"à".repeat(length));
            }
            for length in [2, 5, 10, 11, 12, 17, 18, 19] {
                fill(&"7".repeat(length));
            }
            let half = inside.len() / 2;
            if inside.is_ascii() {
                fill(&format!("{}<!-- x -->{}", &inside[..half], &inside[half..]));
                fill(&format!("{}&#{};{}", &inside[..half], inside.as_bytes()[half], &inside[half + 1..]));
            }
            // Days may stand between blanks (XSD 1.0 part 2, 4.3.6); xmllint alone does not think so.
            if !name.contains("Date") {
                fill(&format!(" {inside} "));
                fill(&format!("\n{inside}"));
            }
            fill("&amp;&lt;&gt;&quot;&apos;");
            fill("&nbsp;");
            fill("&#0;");
            fill("&#xFFFE;");
        }
    }
    mutants
}

/// Compares a verdict of ours with the validator's for every mutant.
fn compare(
    validator: &Validator,
    message: &[u8],
    verdict: &dyn Fn(&[u8]) -> Result<(), Why>,
) -> (usize, usize) {
    let message = std::str::from_utf8(message).unwrap();
    let mutants = mutants(message);
    let verdicts = validator.judge(mutants.iter().map(String::as_bytes));
    let mut good = 0;
    for (mutant, valid) in mutants.iter().zip(verdicts) {
        let ours = verdict(mutant.as_bytes());
        // Makes no sense, but the schema does not mind.
        let ours_by_schema = ours.is_ok() || matches!(ours, Err(Why::Senseless(_)));
        good += usize::from(valid);
        // In base 64 xmllint overlooks what is none; the schema does not.
        let base_64 = ["MBDAttachment", "hashDocumento", "datiSpecificiServizioRequest"];
        if valid && matches!(ours, Err(Why::Schema(name)) if base_64.contains(&name)) {
            continue;
        }
        assert_eq!(ours_by_schema, valid, "{ours:?}\n{mutant}");
    }
    (mutants.len(), good)
}

#[test]
fn ab_46_requests_are_judged_as_the_schema_judges_them() {
    let Some(validator) = Validator::find("spoiled-requests") else {
        return;
    };
    for request in requests() {
        let verdict = |message: &[u8]| parse(message).map(drop).map_err(|Refusal { why, .. }| why);
        let (all, good) = compare(&validator, &node::ask(&request), &verdict);
        assert!(all > 200 && good > 20, "{all} mutants of {:?}, {good} good", request.operation());
    }
}

#[test]
fn answers_are_judged_as_the_schema_judges_them() {
    let Some(validator) = Validator::find("spoiled-answers") else {
        return;
    };
    for answer in answers().iter().take(5) {
        let verdict = |message: &[u8]| node::hear(message).map(drop);
        let (all, good) = compare(&validator, &render(answer), &verdict);
        let short = matches!(answer, Answer::ReceiptOk(_));
        assert!(all > if short { 50 } else { 200 }, "{all} mutants of {answer:?}, {good} good");
    }
}

#[test]
fn what_is_read_of_a_mutant_is_written_again_as_it_was() {
    // Without the validator: whatever we take survives a round trip, so nothing of it was lost.
    for request in requests() {
        let message = String::from_utf8(node::ask(&request)).unwrap();
        for mutant in mutants(&message).into_iter().step_by(3) {
            if let Ok(read) = parse(mutant.as_bytes()) {
                assert_eq!(parse(&node::ask(&read)), Ok(read), "{mutant}");
            }
        }
    }
}

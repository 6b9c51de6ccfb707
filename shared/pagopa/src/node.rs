//! The other side: what a node writes to a creditor and reads from it. For the local stack and the tests.

use crate::answers::Answer;
use crate::operations::{Operation, Request};
use crate::soap::{Reader, Why, Writer};

/// The bytes of a request.
pub fn ask(request: &Request) -> Vec<u8> {
    Writer::message(request.operation().request_element(), |out| request.write(out))
}

/// Reads a creditor's answer: by the schema, and whether it can be used.
pub fn hear(body: &[u8]) -> Result<Answer, Why> {
    let mut xml = Reader::new(body)?;
    let name = xml.operation()?;
    let known = Operation::ALL.into_iter().find(|operation| operation.response_element() == name);
    let answer = Answer::read(&mut xml, known.ok_or(Why::Operation)?)?;
    xml.finish()?;
    answer
}

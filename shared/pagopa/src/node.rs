//! The other side: what a node writes to a creditor and reads from it. For the local stack and the tests.

use crate::answers::NodeAnswer;
use crate::operations::{NodeOperation, NodeRequest};
use crate::soap::{SoapError, SoapReader, SoapWriter};

/// The bytes of a request.
pub fn ask(request: &NodeRequest) -> Vec<u8> {
    SoapWriter::message(request.operation().request_element(), |out| request.write(out))
}

/// Reads a creditor's answer: by the schema, and whether it can be used.
pub fn hear(body: &[u8]) -> Result<NodeAnswer, SoapError> {
    let mut xml = SoapReader::new(body)?;
    let name = xml.operation()?;
    let known = NodeOperation::ALL.into_iter().find(|operation| operation.response_element() == name);
    let answer = NodeAnswer::read(&mut xml, known.ok_or(SoapError::Operation)?)?;
    xml.finish()?;
    answer
}

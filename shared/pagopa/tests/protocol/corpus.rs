//! The fuzz target's corpus, file by file. A name begins with what must come of it: `ok`, `ko` (the operation is
//! known) or `fault` (it is not); of the others only that they do no harm, which `tests/fuzz` checks.

use std::path::Path;

use pagopa::answers::{FaultSide, NodeAnswer};
use pagopa::{ReceivedReceipt, is_receipt, node, parse, render};

use crate::samples::creditor;

#[test]
fn every_file_of_the_corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus/soap");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let message = std::fs::read(&path).unwrap();
        let ours = creditor().fiscal_code;
        match (parse(&message), name.split('-').next().unwrap()) {
            (Ok(request), "ok") => assert_eq!(parse(&node::ask(&request)), Ok(request), "{name}"),
            (Err(refusal), "ko") => {
                assert_eq!(refusal.answer(&ours).operation(), refusal.operation, "{name}: {refusal:?}");
                assert!(matches!(refusal.answer(&ours), NodeAnswer::Ko { .. }), "{name}: {refusal:?}");
            }
            (Err(_), "fault") if is_receipt(&message) => {
                assert!(ReceivedReceipt::read(&message).is_err(), "{name}");
            }
            (Err(refusal), "fault") => {
                assert_eq!(
                    refusal.answer(&ours),
                    NodeAnswer::Fault(FaultSide::Client),
                    "{name}: {refusal:?}"
                );
                assert!(render(&refusal.answer(&ours)).len() < 1_000);
            }
            (_, "any") => continue,
            (other, _) => panic!("{name}: {other:?}"),
        }
        count += 1;
    }
    assert!(count >= 45, "{count} files");
}

fn main() -> std::process::ExitCode {
    lambda::run::<verify_receipt::VerifyReceipt>()
}

fn main() -> std::process::ExitCode {
    lambda::run::<receipt_pdf::ReceiptPdf>()
}

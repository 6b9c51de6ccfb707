fn main() -> std::process::ExitCode {
    lambda::run::<notice_pdf::NoticePdf>()
}

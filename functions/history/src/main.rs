fn main() -> std::process::ExitCode {
    lambda::run::<history::History>()
}

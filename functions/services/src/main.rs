fn main() -> std::process::ExitCode {
    lambda::run::<services::Services>()
}

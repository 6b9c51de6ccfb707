fn main() -> std::process::ExitCode {
    lambda::run::<associate::Associate>()
}

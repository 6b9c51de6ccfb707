fn main() -> std::process::ExitCode {
    lambda::run::<portal::Portal>()
}

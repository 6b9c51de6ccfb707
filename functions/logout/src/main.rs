fn main() -> std::process::ExitCode {
    lambda::run::<logout::Logout>()
}

fn main() -> std::process::ExitCode {
    lambda::run::<search::Search>()
}

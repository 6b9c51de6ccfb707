fn main() -> std::process::ExitCode {
    lambda::run_worker::<sweep::Sweep>()
}

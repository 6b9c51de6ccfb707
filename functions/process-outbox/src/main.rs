fn main() -> std::process::ExitCode {
    lambda::run_worker::<process_outbox::ProcessOutbox>()
}

fn main() -> std::process::ExitCode {
    lambda::run::<psp_callback::PspCallback>()
}

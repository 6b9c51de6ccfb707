fn main() -> std::process::ExitCode {
    lambda::run::<initiate_payment::InitiatePayment>()
}

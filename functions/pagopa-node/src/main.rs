fn main() -> std::process::ExitCode {
    lambda::run::<pagopa_node::PagopaNode>()
}

import ArgumentParser

@main
struct Streamtop: ParsableCommand {
    func run() {}
}

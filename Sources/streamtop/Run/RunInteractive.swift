enum RunInteractive {
    static func run(_ settings: Settings, environment: [String: String]) throws(ProgramFailure) -> ExitStatus {
        throw ProgramFailure(.failure, "no dashboard yet")
    }
}

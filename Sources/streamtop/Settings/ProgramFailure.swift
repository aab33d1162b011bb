/// How the program ends; the numbers are part of the JSON contract.
enum ExitStatus: Int32 {
    case done = 0
    /// Something failed while running.
    case failure = 1
    /// The command line makes no sense.
    case usage = 2
    /// No such interface, or no permission to capture from it.
    case interface = 3
    /// A capture file is unreadable or damaged.
    case file = 4
    /// A filter, configuration or theme file is in error.
    case configuration = 5
}

/// An end with a message that says what to do about it.
struct ProgramFailure: Error, Equatable {
    var status: ExitStatus
    var message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }
}

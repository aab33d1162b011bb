import StreamtopBase
import StreamtopModel
import StreamtopView
import Synchronization

/// What the dashboard asks of the analysis thread.
enum RunCommand: Equatable, Sendable {
    case select(FlowIdentifier?)
    case pause(Bool)
    case step
    case seek(SeekTarget)
    case speed(Double)
    case loop(Bool)
    /// Live: write the packets of this flow from now on.
    case write(WatchedFlow, path: String)
    /// End the file of this flow; nil: all files that packets are written to.
    case endRecordings(of: FlowIdentifier?)
    case reset
}

/// Commands on their way to the analysis thread. Bounded: a user cannot type faster than they are taken, and if the
/// thread is stuck the oldest are dropped rather than memory taken.
final class CommandMailbox: Sendable {
    private struct Contents {
        var commands: [RunCommand] = []
        var isStopped = false
    }

    private let contents = Mutex(Contents())
    private static let capacity = 64

    func put(_ command: RunCommand) {
        contents.withLock { contents in
            if contents.commands.count == CommandMailbox.capacity { contents.commands.removeFirst() }
            contents.commands.append(command)
        }
    }

    func take() -> [RunCommand] {
        contents.withLock { contents in
            defer { contents.commands.removeAll() }
            return contents.commands
        }
    }

    /// Ends the analysis.
    func stop() {
        contents.withLock { $0.isStopped = true }
    }

    var isStopped: Bool { contents.withLock { $0.isStopped } }

    var hasNews: Bool { contents.withLock { $0.isStopped || !$0.commands.isEmpty } }
}

/// A line for the user about something that happened beside the analysis.
struct RunNotice: Equatable, Sendable {
    var text: String
    var severity: Verdict.Severity

    /// Without a screen notices go to standard error.
    static func print(_ notices: [RunNotice]) {
        guard !notices.isEmpty else { return }
        var output = OutputBuffer(descriptor: 2)
        for notice in notices { output.append("streamtop: \(notice.text)\n") }
        // Who closed standard error does not want to know.
        try? output.flush()
    }
}

/// What the analysis thread shows besides snapshots: the newest replay status, and notices in order.
final class StatusMailbox: Sendable {
    private struct Contents {
        var replay: ReplayStatus?
        var recordings = RecordingStatus()
        var notices: [RunNotice] = []
    }

    private let contents = Mutex(Contents())
    private static let capacity = 16

    func put(_ replay: ReplayStatus?) {
        contents.withLock { $0.replay = replay }
    }

    func put(_ recordings: RecordingStatus) {
        contents.withLock { $0.recordings = recordings }
    }

    func notify(_ text: String, _ severity: Verdict.Severity = .info) {
        contents.withLock { contents in
            if contents.notices.count == StatusMailbox.capacity { contents.notices.removeFirst() }
            contents.notices.append(RunNotice(text: text, severity: severity))
        }
    }

    var replay: ReplayStatus? { contents.withLock { $0.replay } }
    var recordings: RecordingStatus { contents.withLock { $0.recordings } }

    func takeNotices() -> [RunNotice] {
        contents.withLock { contents in
            defer { contents.notices.removeAll() }
            return contents.notices
        }
    }
}

import Glibc
import StreamtopBase
import StreamtopEngine
import StreamtopModel
import StreamtopTerminal
import StreamtopView
import Synchronization

/// The thread that owns source and engine while the dashboard runs. Everything it shows goes out through mailboxes as
/// values; everything it is asked comes in as commands.
final class AnalysisThread: Sendable {
    /// How the thread's life goes, for the one that waits for it.
    private enum Life {
        case opening
        case running
        case over(ProgramFailure?)
    }

    let commands = CommandMailbox()
    let snapshots = SnapshotMailbox()
    let status = StatusMailbox()
    private let life = Mutex(Life.opening)
    private let settings: Settings

    /// The engine's recursion is shallow; this leaves room for the decoders' depth limits many times over.
    private static let stackSize = 4 << 20

    init(_ settings: Settings) {
        self.settings = settings
    }

    /// Opens the source and starts. Throws what opening failed with, before any screen is taken.
    func start() throws(ProgramFailure) {
        let isStarted = WorkThread.start("analysis", stackSize: AnalysisThread.stackSize) { [self] in
            let failure = body()
            life.withLock { $0 = .over(failure) }
            TerminalSignals.wake()
        }
        guard isStarted else { throw ProgramFailure(.failure, "the system has no thread to give") }
        while true {
            switch life.withLock({ $0 }) {
            case .opening: usleep(1_000)
            case .running: return
            case .over(let failure):
                if let failure { throw failure }
                return
            }
        }
    }

    /// Ends the analysis and waits for it. Returns what it failed with.
    func stop() -> ProgramFailure? {
        TerminalSignals.markEnding()
        commands.stop()
        while true {
            if case .over(let failure) = life.withLock({ $0 }) { return failure }
            usleep(1_000)
        }
    }

    private func body() -> ProgramFailure? {
        do throws(ProgramFailure) {
            var pump = try AnalysisPump(settings, commands: commands, snapshots: snapshots, status: status)
            life.withLock { $0 = .running }
            return try pump.pump()
        } catch {
            return error
        }
    }
}

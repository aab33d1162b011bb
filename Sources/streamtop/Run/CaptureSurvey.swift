import StreamtopBase
import StreamtopTerminal
import Synchronization

/// Reads a capture once in the background to learn how long it lasts, for the seek bar.
final class CaptureSurvey: Sendable {
    private struct Findings {
        var first: Timestamp?
        var last: Timestamp?
        var isComplete = false
    }

    private let findings = Mutex(Findings())

    /// First to last frame; nil until the survey is through.
    var duration: Nanoseconds? {
        findings.withLock { findings in
            guard findings.isComplete, let first = findings.first, let last = findings.last else { return nil }
            return last - first
        }
    }

    init(_ settings: Settings) {
        guard settings.canRestart, !settings.follows else { return }
        var quiet = settings
        quiet.writeFile = nil
        // Without it there is no bar to seek on, and all else works.
        WorkThread.start("survey") { [self, quiet] in survey(quiet) }
    }

    private func survey(_ settings: Settings) {
        guard var feed = try? FrameFeed(settings) else { return }
        var batch = FrameBatch()
        var first: Timestamp?
        var last: Timestamp?
        // A damaged file lasts until its damage.
        while let status = try? feed.next(into: &batch), status != .ended {
            if first == nil { first = batch.frames.first?.time }
            for frame in batch.frames { last = max(last ?? frame.time, frame.time) }
        }
        findings.withLock { $0 = Findings(first: first, last: last, isComplete: true) }
    }
}

import Glibc
import StreamtopBase
import StreamtopCapture
import StreamtopModel
import StreamtopTerminal

/// Name of the file a flow is written to.
enum FlowFileName {
    /// `streamtop-f12-20261123T194501.pcapng`, in the current folder. The time is UTC.
    static func name(of flow: FlowIdentifier, at time: Timestamp) -> String {
        var seconds = time_t(time.nanoseconds / 1_000_000_000)
        var utc = unsafe tm()
        _ = unsafe gmtime_r(&seconds, &utc)
        let fields = unsafe [utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec]
        let digits = fields.map { $0 < 10 ? "0\($0)" : "\($0)" }
        return "streamtop-f\(flow.number)-\(digits[..<3].joined())T\(digits[3...].joined()).pcapng"
    }
}

/// Writes one flow of a capture that can be read again, beside the replay.
enum FlowExtraction {
    static func start(_ settings: Settings, match: FlowMatch, path: String, status: StatusMailbox) {
        var quiet = settings
        quiet.writeFile = nil
        let isStarted = WorkThread.start("extraction") { [quiet] in
            do throws(ProgramFailure) {
                let written = try extract(quiet, match: match, path: path)
                status.notify("\(written.packets) packets written to \(written.name)")
            } catch {
                status.notify(error.message, .critical)
            }
            TerminalSignals.wake()
        }
        if !isStarted { status.notify("the system has no thread to give", .critical) }
    }

    private static func extract(
        _ settings: Settings, match: FlowMatch, path: String
    ) throws(ProgramFailure) -> (packets: UInt64, name: String) {
        var feed = try FrameFeed(settings)
        var recorder = try FlowRecorder(match: match, path: path)
        var batch = FrameBatch()
        while true {
            let status: SourceStatus
            do throws(ProgramFailure) {
                status = try feed.next(into: &batch)
            } catch {
                // What comes before the damage is worth having.
                guard error.status == .file else { throw error }
                break
            }
            if status == .ended { break }
            recorder.append(batch, facts: feed.facts)
            if recorder.failure != nil { break }
        }
        recorder.finish(facts: feed.facts)
        if let failure = recorder.failure { throw ProgramFailure(.failure, failure.reason) }
        return (recorder.packets, recorder.name)
    }
}

import Foundation
import StreamtopBase
import StreamtopCapture
import StreamtopModel
import StreamtopTerminal

/// Name of the file a flow is written to.
enum FlowFileName {
    /// `streamtop-f12-20261123T194501.pcapng`, in the current folder. The time is UTC.
    static func name(of flow: FlowIdentifier, at time: Timestamp) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "yyyyMMdd'T'HHmmss"
        let stamp = formatter.string(from: Date(timeIntervalSince1970: time.nanoseconds.seconds))
        return "streamtop-f\(flow.number)-\(stamp).pcapng"
    }
}

/// Writes one flow of a capture that can be read again, beside the replay.
enum FlowExtraction {
    static func start(_ settings: Settings, match: FlowMatch, path: String, status: StatusMailbox) {
        var quiet = settings
        quiet.writeFile = nil
        let thread = Thread { [quiet] in
            TerminalSignals.blockInThisThread()
            do throws(ProgramFailure) {
                let written = try extract(quiet, match: match, path: path)
                status.notify("\(written.packets) packets written to \(written.name)")
            } catch {
                status.notify(error.message, .critical)
            }
            TerminalSignals.wake()
        }
        thread.name = "extraction"
        thread.start()
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

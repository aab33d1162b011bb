import Glibc
import StreamtopBase
import StreamtopCapture
import StreamtopEngine
import StreamtopModel
import StreamtopTerminal
import StreamtopView

/// Name of the file a flow is written to.
enum FlowFileName {
    /// `streamtop-f12-20261123T194501.pcapng`, in the current folder. The time is UTC.
    static func name(of flow: FlowIdentifier, at time: Timestamp) -> String {
        "streamtop-f\(flow.number)-\(FileStamp.text(time)).pcapng"
    }
}

/// Name of the file that the table of flows is written to.
enum ViewFileName {
    static func name(_ format: ViewExport.Format, at time: Timestamp) -> String {
        "streamtop-flows-\(FileStamp.text(time)).\(format.rawValue)"
    }
}

/// A moment as part of a file's name, in UTC: `20261123T194501`.
enum FileStamp {
    static func text(_ time: Timestamp) -> String {
        var seconds = time_t(time.nanoseconds / 1_000_000_000)
        var utc = unsafe tm()
        _ = unsafe gmtime_r(&seconds, &utc)
        let fields = unsafe [utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec]
        let digits = fields.map { $0 < 10 ? "0\($0)" : "\($0)" }
        return digits[..<3].joined() + "T" + digits[3...].joined()
    }
}

/// Writes one flow of a capture that can be read again, beside the replay.
enum FlowExtraction {
    static func start(_ settings: Settings, watched: WatchedFlow, path: String, status: StatusMailbox) {
        var quiet = settings
        quiet.writeFile = nil
        let isStarted = WorkThread.start("extraction") { [quiet] in
            do throws(ProgramFailure) {
                let written = try extract(quiet, watched: watched, path: path)
                status.notify("\(written.packets) packets written to \(written.name)")
            } catch {
                status.notify(error.message, .critical)
            }
            TerminalSignals.wake()
        }
        if !isStarted { status.notify("the system has no thread to give", .critical) }
    }

    private static func extract(
        _ settings: Settings, watched: WatchedFlow, path: String
    ) throws(ProgramFailure) -> (packets: UInt64, name: String) {
        var feed = try FrameFeed(settings)
        // An engine like that of the replay, from the same frame on: it numbers flows alike, and says which packets it counts.
        var options = EngineOptions()
        options.collectsEvents = false
        options.tellsRetiredFlows = false
        var engine = EngineGroup(options: options)
        watched.watch(in: &engine)
        if let path = settings.keylog {
            var log = try KeyLogFile(path, mayAppear: false, isOptional: true)
            log.readAll { engine.append(keyLog: $0) }
            engine.endKeyLog()
        }
        var recorder = try FlowRecorder(watched, path: path)
        var batch = FrameBatch()
        var hasBegun = false
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
            for secrets in feed.takeSecrets() where secrets.kind == .tlsKeyLog {
                engine.append(keyLog: secrets.bytes)
                engine.endKeyLog()
            }
            if !hasBegun, let start = watched.engineStart {
                batch.frames.removeSubrange(..<(batch.frames.firstIndex { $0.time >= start } ?? batch.frames.endIndex))
            }
            hasBegun = hasBegun || !batch.frames.isEmpty
            engine.ingest(batch)
            engine.drainOutputs { _ in }
            recorder.append(engine.takeFrames(of: watched.flow), of: batch, facts: feed.facts)
            if recorder.failure != nil { break }
        }
        recorder.finish(facts: feed.facts)
        if let failure = recorder.failure { throw ProgramFailure(.failure, failure.reason) }
        return (recorder.packets, recorder.name)
    }
}

import StreamtopBase
import StreamtopCapture
import StreamtopModel
import StreamtopTerminal

/// `-w`: a pcapng file of what is captured, with the drop counts, and with secrets when that is asked for. A fault ends
/// the file and not the analysis: it is kept in `failure`, and nothing more is written.
struct CaptureWriter {
    let path: String
    private var writer: PcapngWriter?
    private let writesSecrets: Bool
    private(set) var failure: FailedOutput?

    /// Throws what keeps the file from being begun.
    init(path: String, settings: Settings) throws(ProgramFailure) {
        self.path = path
        do throws(CaptureError) {
            let isStopping = { @Sendable in TerminalSignals.isEnding }
            let file =
                path == "-"
                ? OutputFile(standard: 1, isStopping: isStopping)
                : try OutputFile(
                    path: path, existing: settings.replacesFiles ? .replace : .refuse,
                    protected: { ProtectedFiles.of(settings) }, isStopping: isStopping)
            writer = try PcapngWriter(file, application: "streamtop \(Version.text)")
        } catch {
            throw ProgramFailure(error)
        }
        writesSecrets = settings.writesSecrets
    }

    /// Secrets go before the frames they open, as far as they are known by then.
    mutating func append(_ batch: borrowing FrameBatch, secrets: [CapturedSecrets], facts: SourceFacts) {
        guard let writer else { return }
        do throws(CaptureError) {
            if writesSecrets { for secret in secrets { try writer.write(secret) } }
            try writer.write(batch, facts: facts)
        } catch {
            fail(error)
        }
    }

    /// Hands over what is held back, so that others see it while nothing comes in.
    mutating func flush() {
        do throws(CaptureError) { try writer?.flush() } catch { fail(error) }
    }

    mutating func finish(facts: SourceFacts) {
        do throws(CaptureError) { try writer?.finish(facts: facts) } catch { fail(error) }
        writer = nil
    }

    private mutating func fail(_ error: CaptureError) {
        writer = nil
        failure = FailedOutput(kind: .capture, path: path, reason: error.message)
    }
}

/// The packets of one flow, written to a file of its own. A fault ends the file, not the analysis.
struct FlowRecorder {
    let watched: WatchedFlow
    private let path: String
    private var writer: PcapngWriter?
    private var selection = FrameBatch()
    private(set) var packets: UInt64 = 0
    private(set) var failure: FailedOutput?

    /// - Parameter path: the name wished for. Where it is taken, a number is added: nothing is overwritten.
    init(_ watched: WatchedFlow, path: String) throws(ProgramFailure) {
        self.watched = watched
        let (file, taken) = try FlowRecorder.create(path)
        self.path = taken
        do throws(CaptureError) {
            writer = try PcapngWriter(file, application: "streamtop \(Version.text)")
        } catch {
            throw ProgramFailure(error)
        }
    }

    /// The file's name.
    var name: String { path }

    private static let attempts = 100

    /// A new file of that name or, where it is taken, of the next free one.
    static func create(_ path: String) throws(ProgramFailure) -> (OutputFile, String) {
        let stem = path.hasSuffix(".pcapng") ? String(path.dropLast(7)) : path
        var fault: CaptureError?
        for attempt in 1...attempts {
            let name = attempt == 1 ? path : "\(stem)-\(attempt).pcapng"
            do throws(CaptureError) {
                let file = try OutputFile(
                    path: name, existing: .refuseAll, isStopping: { TerminalSignals.isEnding })
                return (file, name)
            } catch {
                fault = error
                if error.code != .overwriting { break }
            }
        }
        throw fault.map { ProgramFailure($0) } ?? ProgramFailure(.failure, "cannot write \(path)")
    }

    /// Writes some frames of a batch.
    mutating func append(_ frames: [FrameRecord], of batch: borrowing FrameBatch, facts: SourceFacts) {
        guard let writer, !frames.isEmpty else { return }
        selection.bytes = batch.bytes
        selection.frames = frames
        do throws(CaptureError) { try writer.write(selection, facts: facts) } catch { fail(error) }
        packets = writer.frames
        // The bytes belong to the batch again, so that reading on does not copy them.
        selection.bytes = []
    }

    mutating func finish(facts: SourceFacts) {
        do throws(CaptureError) { try writer?.finish(facts: facts) } catch { fail(error) }
        writer = nil
    }

    private mutating func fail(_ error: CaptureError) {
        writer = nil
        failure = FailedOutput(kind: .flow, path: path, reason: error.message)
    }
}

import Glibc
import StreamtopCapture
import StreamtopExport
import StreamtopModel
import StreamtopTerminal

/// `--qlog DIR`: one qlog file for each TCP and QUIC flow, written when the flow is over. A file that cannot be written
/// ends the writing, not the analysis.
struct QLogFolder: ~Copyable {
    /// Files at most; a scan must not fill the disk with a million of them. The largest port range of one client fits.
    private static let capacity = 65_536

    private let path: String
    private let existing: OutputFile.Existing
    private let settings: Settings
    private let exporter = QLogExporter()
    private var buffer = RecordBuffer()
    private var written = 0
    private var isOver = false
    private var failure: FailedOutput?

    /// Makes the folder where it is missing.
    init(_ path: String, _ settings: Settings) throws(ProgramFailure) {
        self.path = path
        self.settings = settings
        existing = settings.replacesFiles ? .rename : .refuseAll
        if let error = Folder.make(path) {
            throw ProgramFailure(.failure, "cannot make the folder \(path): \(SystemError.text(error))")
        }
        guard settings.replacesFiles || !Folder.names(in: path).contains(where: { $0.hasSuffix(".sqlog") }) else {
            throw ProgramFailure(.usage, "\(path) holds qlog files already\n--force replaces those of the same name.")
        }
    }

    mutating func write(_ flow: FlowSnapshot) {
        guard !isOver, written < Self.capacity, exporter.accepts(flow) else { return }
        buffer.removeAll()
        exporter.append(flow, to: &buffer)
        let name = path + "/" + exporter.fileName(flow)
        do throws(CaptureError) {
            let file = try OutputFile(
                path: name, existing: existing, protected: { ProtectedFiles.of(settings) },
                isStopping: { TerminalSignals.isEnding })
            do throws(OutputFile.Fault) {
                try file.write(buffer.bytes)
                try file.finish()
            } catch {
                // Half a log would be taken for a short flow.
                _ = unsafe unlink(name)
                throw CaptureError(.writing, "cannot write \(name): \(error.text)")
            }
        } catch {
            isOver = true
            failure = FailedOutput(kind: .qlog, path: path, reason: error.message)
            return
        }
        written += 1
    }

    /// Why logs are no longer written; told once.
    mutating func takeFailure() -> FailedOutput? {
        defer { failure = nil }
        return failure
    }
}

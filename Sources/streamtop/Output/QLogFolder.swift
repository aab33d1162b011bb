import Foundation
import StreamtopExport
import StreamtopModel

/// `--qlog DIR`: one qlog file for each TCP and QUIC flow, written when the flow is over.
struct QLogFolder: ~Copyable {
    /// Files at most; a scan must not fill the disk with a million of them. The largest port range of one client fits.
    private static let capacity = 65_536

    private let path: String
    private let exporter = QLogExporter()
    private var buffer = RecordBuffer()
    private var written = 0

    /// Makes the folder where it is missing.
    init(_ path: String) throws(ProgramFailure) {
        self.path = path
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw ProgramFailure(.failure, "cannot make the folder \(path): \(error.localizedDescription)")
        }
    }

    mutating func write(_ flow: FlowSnapshot) throws(ProgramFailure) {
        guard written < Self.capacity, exporter.accepts(flow) else { return }
        buffer.removeAll()
        exporter.append(flow, to: &buffer)
        let file = path + "/" + exporter.fileName(flow)
        // Copied within the call.
        let contents = unsafe buffer.bytes.withUnsafeBytes { unsafe Data($0) }
        guard FileManager.default.createFile(atPath: file, contents: contents) else {
            throw ProgramFailure(.failure, "cannot write \(file)")
        }
        written += 1
    }
}

import Glibc
import StreamtopCapture
import StreamtopExport
import StreamtopTerminal

/// Where bytes go: standard output through one big buffer. A closed pipe is an end, not an error.
struct OutputBuffer: ~Copyable {
    /// Filled by the caller; written out by `flush`, or by `drain` when it has grown large.
    var bytes = RecordBuffer(capacity: OutputBuffer.drainSize + 65_536)
    /// The reader has gone; nothing more needs to be made.
    private(set) var isClosed = false
    private let file: OutputFile

    private static let drainSize = 1 << 18

    init(descriptor: Int32 = 1) {
        file = OutputFile(standard: descriptor, isStopping: { TerminalSignals.isEnding })
    }

    /// Writes when enough has gathered.
    mutating func drain() throws(ProgramFailure) {
        if bytes.count >= OutputBuffer.drainSize { try flush() }
    }

    /// Writes everything.
    mutating func flush() throws(ProgramFailure) {
        defer { bytes.removeAll() }
        guard !isClosed else { return }
        do throws(OutputFile.Fault) {
            try file.write(bytes.bytes)
        } catch {
            // Whatever the fault, nothing of what follows would be understood after it.
            isClosed = true
            if error != .closedPipe { throw ProgramFailure(.failure, "writing the output failed: \(error.text)") }
        }
    }

    mutating func append(_ text: String) { bytes.append(text) }
}

enum SystemError {
    /// The system's words for an error number.
    static func text(_ number: Int32) -> String {
        unsafe String(cString: strerror(number))
    }
}
